/* A mixture as named tensors: mixture.weights [K], mixture.means [K, D], mixture.covariances
 * (scikit-learn's shapes), all float64, and mixture.labels [K], int64. */
#ifndef LATHE_MIXTURE_TENSORS_H
#define LATHE_MIXTURE_TENSORS_H

#include "model.h"
#include "tensor_check.h"

/* Adds the mixture's tensors and the metadata mixture.covariance ("full", "diag", ...). */
bool lathe_mixture_export(struct lathe_tensors *out, const struct lathe_mixture *mixture,
                          struct lathe_error *err);

/* Whether a tensor of that name belongs to a mixture. */
bool lathe_mixture_owns(const char *name);

/* Allocates *mixture (lathe_mixture_free) with the kind and sizes of the model's and fills it from
 * `in`; zeroes it when `in` has no mixture. What does not fit becomes complaints, and may leave the
 * mixture half filled. False, with err, only when there is no memory. */
bool lathe_mixture_import(const struct lathe_tensors *in, const struct lathe_model *model,
                          struct lathe_mixture *mixture, struct lathe_complaints *complaints,
                          struct lathe_error *err);

#endif
