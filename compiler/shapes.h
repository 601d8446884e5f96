/* The layers' shape rules: from the shape a layer receives to the shape it gives. layers.def names
 * each layer's rule. */
#ifndef SHAPES_H
#define SHAPES_H

#include "ast.h"
#include "model.h"

/* Where a shape comes from: a statement. */
struct origin {
  const char *text;
  struct span span;
};

/* A layer whose shape is asked for. The rule reads layer->in and its values, sets layer->out and
 * `parameters`, and returns true; or it reports to `diags`, at `span`, why there is none. */
struct layer_check {
  struct layer *layer;
  double parameters;  /* trained values; exact up to 2^53 */
  struct span span;   /* the layer's statement */
  struct origin from; /* what gave layer->in */
  struct origin beside; /* and layer->beside */
  struct diags *diags;
  int latent; /* dimensions of the model's latent */
};

bool shape_linear(struct layer_check *check);
bool shape_conv1d(struct layer_check *check);
bool shape_conv2d(struct layer_check *check);
bool shape_conv_transpose1d(struct layer_check *check);
bool shape_conv_transpose2d(struct layer_check *check);
bool shape_pool(struct layer_check *check);
bool shape_global_pool(struct layer_check *check);
bool shape_upsample(struct layer_check *check);
bool shape_batchnorm(struct layer_check *check);
bool shape_layernorm(struct layer_check *check);
bool shape_groupnorm(struct layer_check *check);
bool shape_residual(struct layer_check *check);
bool shape_concat(struct layer_check *check);
bool shape_same(struct layer_check *check);
bool shape_flatten(struct layer_check *check);
bool shape_reshape(struct layer_check *check);
bool shape_gaussian(struct layer_check *check);
bool shape_code(struct layer_check *check);

#endif
