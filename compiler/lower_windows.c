/* Pooling and upsampling to ops. */
#include "lower_parts.h"
#include "op.h"
#include "shapes.h"

/* Windows on `image`, each of which is a pixel of `small`. */
static struct windows windows(const struct shape *image, const struct shape *small, int stride,
                              int pad)
{
  return (struct windows){
      .channels = (int)image->dim[0],
      .height = (int)image->dim[1],
      .width = (int)image->dim[2],
      .out_height = (int)small->dim[1],
      .out_width = (int)small->dim[2],
      .stride = stride,
      .pad = pad,
  };
}

static struct windows pooling(const struct layer *layer)
{
  struct windows w = windows(&layer->in, &layer->out, pool_stride(layer), layer_int(layer, "pad"));
  w.kernel_height = w.kernel_width = layer_int(layer, "kernel");
  return w;
}

struct node *lower_max_pool(struct lowering *l, const struct layer *layer, struct node *x)
{
  struct windows w = pooling(layer);
  return op_max_pool(l->graph, op_relayout(l->graph, x, op_channels_last(&x->shape)), &w);
}

static struct node *mean(struct lowering *l, struct node *x, const struct windows *w)
{
  double pixels = (double)w->kernel_height * w->kernel_width;
  x = op_relayout(l->graph, x, op_channels_last(&x->shape));
  return op_window_sum(l->graph, x, w, 1 / pixels);
}

struct node *lower_avg_pool(struct lowering *l, const struct layer *layer, struct node *x)
{
  struct windows w = pooling(layer);
  return mean(l, x, &w);
}

/* One window as large as the image. */
struct node *lower_global_avg_pool(struct lowering *l, const struct layer *layer, struct node *x)
{
  const struct shape one = {.rank = 3, .dim = {layer->in.dim[0], 1, 1}};
  struct windows w = windows(&layer->in, &one, 1, 0);
  w.kernel_height = w.height;
  w.kernel_width = w.width;
  return op_view(l->graph, mean(l, x, &w), layer->out);
}

struct node *lower_upsample(struct lowering *l, const struct layer *layer, struct node *x)
{
  int factor = layer_int(layer, "factor");
  struct windows w = windows(&layer->out, &layer->in, factor, 0);
  w.kernel_height = w.kernel_width = factor;
  x = op_relayout(l->graph, x, op_channels_last(&x->shape));
  return layer_int(layer, "mode") == UPSAMPLE_BILINEAR ? op_bilinear(l->graph, x, &w)
                                                       : op_window_spread(l->graph, x, &w, 1);
}
