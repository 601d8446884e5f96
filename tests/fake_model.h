/* Two small hand-written models that stand in for emitted ones, so that what is driven by
 * `struct lathe_model` can be tested without a compiler: linear encoders and decoders of 8x8 images
 * with a Bernoulli likelihood, plain SGD, and a mixture of 3 components with full covariances. */
#ifndef FAKE_MODEL_H
#define FAKE_MODEL_H

#include "runtime/model.h"

enum { FAKE_SIDE = 8, FAKE_PIXELS = FAKE_SIDE * FAKE_SIDE, FAKE_COMPONENTS = 3 };

extern const struct lathe_model fake_plane; /* input [1, 8, 8], latent 2, labelled start */
extern const struct lathe_model fake_space; /* input [64], latent 3, k-means++ start */

#endif
