#include "geometry.h"

int shape_height(const struct shape *shape)
{
  return shape->rank == 3 ? (int)shape->dim[1] : 1;
}

int shape_width(const struct shape *shape)
{
  return (int)shape->dim[shape->rank - 1];
}

/* An attribute along an axis; what the layer does not have, or leaves to another, is `otherwise`.
 */
static int along(const struct layer *layer, const char *name, int axis, int otherwise)
{
  int value = rule_attribute(layer->rule, name) < 0 ? 0 : layer_side(layer, name, axis);
  return value > 0 ? value : otherwise;
}

struct window_axis layer_axis(const struct layer *layer, int dim)
{
  int axis = layer->in.rank == 3 ? dim - 1 : 0;
  int factor = along(layer, "factor", axis, 1); /* of upsampling: a pixel is one window */
  struct window_axis a = {.kernel = along(layer, "kernel", axis, factor)};
  bool pools = rule_attribute(layer->rule, "channels") < 0;
  a.stride = along(layer, "stride", axis, pools ? a.kernel : 1);
  a.pad = along(layer, "pad", axis, 0);
  a.dilation = along(layer, "dilation", axis, 1);
  return a;
}

/* Both axes; a series has but one, the image's second. */
static void set_axes(const struct layer *layer, struct window_axis *y, struct window_axis *x)
{
  *y = (struct window_axis){.kernel = 1, .stride = 1, .dilation = 1};
  if (layer->in.rank == 3)
    *y = layer_axis(layer, 1);
  *x = layer_axis(layer, layer->in.rank - 1);
}

bool layer_transposes(const struct layer *layer)
{
  int kind = layer->rule->kind;
  return kind == LAYER_CONV_TRANSPOSE1D || kind == LAYER_CONV_TRANSPOSE2D;
}

bool layer_convolves(const struct layer *layer)
{
  int kind = layer->rule->kind;
  return kind == LAYER_CONV1D || kind == LAYER_CONV2D || layer_transposes(layer);
}

struct convolution layer_convolution(const struct layer *layer)
{
  const struct shape *image = layer_transposes(layer) ? &layer->out : &layer->in;
  const struct shape *filtered = layer_transposes(layer) ? &layer->in : &layer->out;
  struct convolution c = {
      .channels = (int)image->dim[0],
      .height = shape_height(image),
      .width = shape_width(image),
      .filters = (int)filtered->dim[0],
      .out_height = shape_height(filtered),
      .out_width = shape_width(filtered),
      .groups = layer_int(layer, "groups"),
  };
  set_axes(layer, &c.y, &c.x);
  return c;
}

struct windows layer_windows(const struct layer *layer)
{
  bool enlarges = layer->rule->kind == LAYER_UPSAMPLE;
  const struct shape *image = enlarges ? &layer->out : &layer->in;
  const struct shape *small = enlarges ? &layer->in : &layer->out;
  struct windows w = {
      .channels = (int)image->dim[0],
      .height = shape_height(image),
      .width = shape_width(image),
      .out_height = shape_height(small),
      .out_width = shape_width(small),
  };
  set_axes(layer, &w.y, &w.x);
  return w;
}

int64_t convolution_group_channels(const struct convolution *c)
{
  return c->channels / c->groups;
}

int64_t convolution_group_filters(const struct convolution *c)
{
  return c->filters / c->groups;
}

int64_t convolution_pixels(const struct convolution *c)
{
  return (int64_t)c->out_height * c->out_width;
}

int64_t convolution_window(const struct convolution *c)
{
  return (int64_t)c->y.kernel * c->x.kernel * convolution_group_channels(c);
}

bool convolution_depthwise(const struct convolution *c)
{
  return c->groups > 1 && c->channels == c->groups && c->filters == c->groups;
}
