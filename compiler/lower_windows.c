/* Pooling and upsampling to ops. */
#include "lower_parts.h"
#include "op.h"

struct node *lower_max_pool(struct lowering *l, const struct layer *layer, struct node *x)
{
  struct windows w = layer_windows(layer);
  return op_max_pool(l->graph, op_relayout(l->graph, x, op_channels_last(&x->shape)), &w);
}

static struct node *mean(struct lowering *l, struct node *x, const struct windows *w)
{
  double pixels = (double)w->y.kernel * w->x.kernel;
  x = op_relayout(l->graph, x, op_channels_last(&x->shape));
  return op_window_sum(l->graph, x, w, 1 / pixels);
}

struct node *lower_avg_pool(struct lowering *l, const struct layer *layer, struct node *x)
{
  struct windows w = layer_windows(layer);
  return mean(l, x, &w);
}

/* One window as large as the image. */
struct node *lower_global_avg_pool(struct lowering *l, const struct layer *layer, struct node *x)
{
  struct windows w = {
      .channels = (int)layer->in.dim[0],
      .height = shape_height(&layer->in),
      .width = shape_width(&layer->in),
      .out_height = 1,
      .out_width = 1,
  };
  w.y = (struct window_axis){.kernel = w.height, .stride = 1, .dilation = 1};
  w.x = (struct window_axis){.kernel = w.width, .stride = 1, .dilation = 1};
  return op_view(l->graph, mean(l, x, &w), layer->out);
}

struct node *lower_upsample(struct lowering *l, const struct layer *layer, struct node *x)
{
  struct windows w = layer_windows(layer);
  x = op_relayout(l->graph, x, op_channels_last(&x->shape));
  return layer_int(layer, "mode") == UPSAMPLE_NEAREST ? op_window_spread(l->graph, x, &w, 1)
                                                      : op_bilinear(l->graph, x, &w);
}
