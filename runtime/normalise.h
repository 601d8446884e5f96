/* Normalisation of a model's input, (x - shift) / scale: the numbers that it is by, which are the
 * model's buffers `input.NAME` (normalisations.def), kept with its weights. */
#ifndef LATHE_NORMALISE_H
#define LATHE_NORMALISE_H

#include "part.h"
#include "state.h"

/* What was the same in all images, so that its scale is 1: so many of `all` channels (or features,
 * or values), the first of which is `first`. */
struct lathe_constant_inputs {
  int64_t count, all, first;
  const char *of; /* "channels", "features", "values" or "input" */
};

/* Fills these buffers from the images of a part, those trained on: of each channel, or value, or of
 * all values together (as the buffers' shape says) the mean and the standard deviation (divided by
 * the number of values, as scikit-learn's StandardScaler does), or the least value and the distance
 * from there to the greatest. Where both are one the scale is 1. In double, in the order of the
 * part. Does nothing for a model whose description gives the numbers, or that does not normalise.
 * Fails without memory, and for values whose scale the model's precision does not hold. */
bool lathe_normalise_fit(const struct lathe_model *model, const struct lathe_part *part,
                         struct lathe_state *state, struct lathe_constant_inputs *constant,
                         struct lathe_error *err);

/* The buffers of shifts and of scales; NULL when the model does not normalise. */
const struct lathe_tensor *lathe_normalise_shift(const struct lathe_model *model);
const struct lathe_tensor *lathe_normalise_scale(const struct lathe_model *model);

/* The sum of the logarithms of the scales over an image's values: by so much, in nats, the
 * log-density of a normalised image is more than that of the image as it is. 0 when the model does
 * not normalise. */
double lathe_normalise_log_scale(const struct lathe_model *model, const struct lathe_state *state);

#endif
