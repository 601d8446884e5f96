/* A model's weights and mixture as tensors named and laid out as a PyTorch state_dict has them
 * (tensor_order.h says how they lie in memory). */
#ifndef LATHE_WEIGHTS_H
#define LATHE_WEIGHTS_H

#include "model.h"
#include "safetensors.h"

/* Adds all of model->tensors with the values in `state` (float32 or float64, as lathe_real is);
 * counters become the int64 scalar `steps`. With a mixture (NULL leaves it out) also
 * mixture.weights [K], mixture.means [K, D], mixture.covariances (scikit-learn's shapes), all
 * float64, mixture.labels [K] int64, and the metadata mixture.covariance, "full" or so. Fails for a
 * value that is not finite, so that weights that diverged do not replace good ones. */
bool lathe_weights_export(struct lathe_tensors *out, const struct lathe_model *model,
                          const struct lathe_state *state, const struct lathe_mixture *mixture,
                          int64_t steps, struct lathe_error *err);

/* The reverse: copies every tensor into `state`. float32 and float64 are both taken for either
 * precision. When `mixture` is not NULL, *mixture becomes the file's mixture (to be freed with
 * lathe_mixture_free), which must have the kind and sizes of model->mixing, or is zeroed
 * (components 0) when the file has none; when `steps` is not NULL, *steps becomes the first
 * counter's value (0 without one). Counters, and mixture.labels (then -1), may be missing. Tensors
 * that are missing, unknown, of another shape or type, or not finite are an error that names them;
 * `name` is what messages call the file. Names that start with "optimiser." or "training." are
 * not looked at. On failure nothing in `state` has been changed. */
bool lathe_weights_import(const struct lathe_tensors *in, const char *name,
                          const struct lathe_model *model, struct lathe_state *state,
                          struct lathe_mixture *mixture, int64_t *steps, struct lathe_error *err);

/* The same for a block laid out as the trained parameters are (gradients, a moment of the
 * optimiser: state->fixed + model->gradients, ...): the trained tensors alone, their names preceded
 * by `prefix` ("optimiser.first_moment."). Export takes the values as they are, NaN too. */
bool lathe_weights_export_block(struct lathe_tensors *out, const struct lathe_model *model,
                                const char *prefix, const lathe_real *block,
                                struct lathe_error *err);
bool lathe_weights_import_block(const struct lathe_tensors *in, const char *name,
                                const struct lathe_model *model, const char *prefix,
                                lathe_real *block, struct lathe_error *err);

#endif
