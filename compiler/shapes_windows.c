/* Shapes of the layers that move windows over images and series. */
#include "algorithm.h"
#include "shapes_parts.h"
#include "text.h"

static const char *form_of(int rank)
{
  return rank == 3 ? "an image [channels, height, width]" : "a series [channels, length]";
}

/* Whether the layer receives what has `rank` dimensions; `other` is the layer that does the same
 * with an image where this one needs a series, or the other way round. */
static bool needs_rank(const struct layer_check *check, int rank, const char *other)
{
  int given = check->layer->in.rank;
  if (given == rank)
    return true;
  diag_report(check->diags, rank == 3 ? CODE_NEEDS_IMAGE : CODE_NEEDS_SERIES, check->span,
              "%s needs %s, but receives %s", check->layer->rule->name, form_of(rank),
              received(check));
  note_origin(check);
  if (given == 5 - rank)
    diag_help(check->diags, "`%s` does it with %s", other, form_of(given));
  if (given == 2)
    diag_help(check->diags, "a grey image has one channel: [1, %lld, %lld]",
              (long long)check->layer->in.dim[0], (long long)check->layer->in.dim[1]);
  if (given == 1)
    diag_help(check->diags, "put `reshape [CHANNELS, %s];` before it",
              rank == 3 ? "HEIGHT, WIDTH" : "LENGTH");
  return false;
}

/* Whether the layer receives an image or a series. */
static bool needs_pixels(const struct layer_check *check)
{
  if (check->layer->in.rank > 1)
    return true;
  diag_report(check->diags, CODE_NEEDS_IMAGE, check->span, "%s needs %s or %s, but receives %s",
              check->layer->rule->name, form_of(3), form_of(2), received(check));
  note_origin(check);
  diag_help(check->diags, "put `reshape [CHANNELS, HEIGHT, WIDTH];` or `reshape [CHANNELS, "
                          "LENGTH];` before it");
  return false;
}

/* A series has one side only: two of them must not differ. */
static bool has_sides(const struct layer_check *check)
{
  const struct layer *layer = check->layer;
  for (int i = 0; layer->in.rank == 2 && layer->rule->attributes[i].name != NULL; i++) {
    const char *name = layer->rule->attributes[i].name;
    if (layer_side(layer, name, 0) == layer_side(layer, name, 1))
      continue;
    diag_report(check->diags, CODE_ONE_SIDE, check->span,
                "the %s has a height of %d and a width of %d, but %s receives a series, %s", name,
                layer_side(layer, name, 0), layer_side(layer, name, 1), layer->rule->name,
                received(check));
    return note_origin(check);
  }
  return true;
}

/* "a height": what dimension `dim` of the layer's values is called. */
static const char *side(const struct layer *layer, int dim)
{
  return layer->in.rank == 2 ? "a length" : dim == 1 ? "a height" : "a width";
}

/* Pixels from the first tap of a window to behind the last. */
static int64_t span_of(const struct window_axis *a)
{
  return (int64_t)a->dilation * (a->kernel - 1) + 1;
}

/* ", which spans 7 with its dilation,": nothing where there is none. */
static const char *spanning(const struct layer_check *check, const struct window_axis *a)
{
  if (a->dilation == 1)
    return "";
  return mem_printf(check->diags->mem, ", which spans %lld with its dilation,",
                    (long long)span_of(a));
}

/* The sides of the output of a window that moves over the image. */
static bool slide_window(struct layer_check *check)
{
  struct layer *layer = check->layer;
  for (int i = 1; i < layer->in.rank; i++) {
    struct window_axis a = layer_axis(layer, i);
    int64_t padded = layer->in.dim[i] + 2 * (int64_t)a.pad;
    if (span_of(&a) > padded) {
      diag_report(check->diags, CODE_KERNEL_TOO_LARGE, check->span,
                  "a kernel of %d pixels%s does not fit into %s of %lld (padding included): %s "
                  "receives %s",
                  a.kernel, spanning(check, &a), side(layer, i), (long long)padded,
                  layer->rule->name, received(check));
      note_origin(check);
      diag_help(check->diags, "the largest that fits is a kernel of %lld",
                (long long)((padded - 1) / a.dilation + 1));
      return false;
    }
    layer->out.dim[i] = (padded - span_of(&a)) / a.stride + 1;
  }
  return true;
}

static bool grow_window(struct layer_check *check)
{
  struct layer *layer = check->layer;
  for (int i = 1; i < layer->in.rank; i++) {
    struct window_axis a = layer_axis(layer, i);
    int extra = layer_side(layer, "output_pad", i - 1);
    int64_t whole = (layer->in.dim[i] - 1) * a.stride + span_of(&a) + extra;
    if (extra >= a.stride && extra >= a.dilation) {
      diag_report(check->diags, CODE_OUTPUT_PAD, check->span,
                  "an output_pad of %d is as much as the stride and the dilation: with a stride of "
                  "%d and a dilation of %d it is at most %d",
                  extra, a.stride, a.dilation, (a.stride > a.dilation ? a.stride : a.dilation) - 1);
      return false;
    }
    if (2 * (int64_t)a.pad >= whole) {
      diag_report(check->diags, CODE_NOTHING_LEFT, check->span,
                  "a pad of %d leaves nothing of %s of %lld pixels: %s receives %s", a.pad,
                  side(layer, i), (long long)whole, layer->rule->name, received(check));
      return note_origin(check);
    }
    layer->out.dim[i] = whole - 2 * (int64_t)a.pad;
  }
  return true;
}

/* "1, 2, 4": what divides both numbers, the least of them. */
static const char *common_divisors(struct mem *mem, int64_t a, int64_t b)
{
  enum { MOST = 8, LARGEST = 4096 };
  struct text text = {.mem = mem};
  int count = 0;
  for (int64_t d = 1; d <= a && d <= b && d <= LARGEST && count < MOST; d++)
    if (a % d == 0 && b % d == 0)
      text_printf(&text, "%s%lld", count++ > 0 ? ", " : "", (long long)d);
  return text.data;
}

static bool check_groups(struct layer_check *check)
{
  const struct layer *layer = check->layer;
  int64_t groups = layer_int(layer, "groups");
  int64_t in = layer->in.dim[0], out = layer->out.dim[0];
  if (in % groups == 0 && out % groups == 0)
    return true;
  diag_report(check->diags, CODE_UNEVEN_GROUPS, check->span,
              "%lld channels cannot be parted into %lld groups: %s receives %s and gives %lld "
              "channels",
              (long long)(in % groups == 0 ? out : in), (long long)groups, layer->rule->name,
              received(check), (long long)out);
  note_origin(check);
  diag_help(check->diags, "both numbers of channels can be parted into %s",
            common_divisors(check->diags->mem, in, out));
  return false;
}

/* Whether the algorithm that is asked for can be used. */
static bool check_algorithm(struct layer_check *check)
{
  const struct layer *layer = check->layer;
  struct convolution c = layer_convolution(layer);
  int algorithm = layer_int(layer, "algorithm");
  if (algorithm_suits(&c, algorithm))
    return true;
  if (algorithm == ALGORITHM_WINOGRAD)
    diag_report(check->diags, CODE_NO_WINOGRAD, check->span,
                "Winograd's algorithm does not do a kernel of [%d, %d] with a stride of [%d, %d], "
                "%d channels of the larger image and %d of the smaller: the kernel must be square "
                "and 2 or 3 strides, without dilation and groups, the channels multiples of 16 and "
                "of 32",
                c.y.kernel, c.x.kernel, c.y.stride, c.x.stride, c.channels, c.filters);
  else
    diag_report(check->diags, CODE_NOT_DEPTHWISE, check->span,
                "%d groups of %d channels of the larger side and %d of the smaller are not done "
                "directly: that is for depthwise convolutions, in which each channel is a group",
                c.groups, c.channels, c.filters);
  return false;
}

/* A convolution of either kind: its sides by `sides`, then what it holds. */
static bool shape_convolution(struct layer_check *check, bool (*sides)(struct layer_check *))
{
  struct layer *layer = check->layer;
  double channels = layer_value(layer, "channels");
  layer->out = layer->in;
  layer->out.dim[0] = (int64_t)channels;
  if (!check_groups(check) || !sides(check))
    return false;
  double weights = (double)layer->in.dim[0] * channels / layer_value(layer, "groups");
  for (int i = 1; i < layer->in.rank; i++)
    weights *= layer_axis(layer, i).kernel;
  check->parameters = weights + channels * layer_value(layer, "bias");
  return check_algorithm(check);
}

bool shape_conv1d(struct layer_check *check)
{
  return needs_rank(check, 2, "conv2d") && shape_convolution(check, slide_window);
}

bool shape_conv2d(struct layer_check *check)
{
  return needs_rank(check, 3, "conv1d") && shape_convolution(check, slide_window);
}

bool shape_conv_transpose1d(struct layer_check *check)
{
  return needs_rank(check, 2, "conv_transpose2d") && shape_convolution(check, grow_window);
}

bool shape_conv_transpose2d(struct layer_check *check)
{
  return needs_rank(check, 3, "conv_transpose1d") && shape_convolution(check, grow_window);
}

bool shape_pool(struct layer_check *check)
{
  struct layer *layer = check->layer;
  if (!needs_pixels(check) || !has_sides(check))
    return false;
  layer->out = layer->in;
  for (int i = 1; i < layer->in.rank; i++) {
    struct window_axis a = layer_axis(layer, i);
    if (a.pad <= a.kernel / 2) /* else a window could lie outside of the image */
      continue;
    diag_report(check->diags, CODE_POOL_PAD, check->span,
                "a pad of %d is more than half of the kernel: %s of kernel %d takes at most %d",
                a.pad, layer->rule->name, a.kernel, a.kernel / 2);
    return false;
  }
  return slide_window(check);
}

bool shape_global_pool(struct layer_check *check)
{
  if (!needs_pixels(check))
    return false;
  check->layer->out = (struct shape){1, {check->layer->in.dim[0]}};
  return true;
}

bool shape_upsample(struct layer_check *check)
{
  struct layer *layer = check->layer;
  int mode = layer_int(layer, "mode"),
      other = layer->in.rank == 2 ? UPSAMPLE_BILINEAR : UPSAMPLE_LINEAR;
  if (!needs_pixels(check) || !has_sides(check))
    return false;
  if (mode == other) {
    diag_report(check->diags, CODE_UPSAMPLE_MODE, check->span,
                "mode %s is for %s, but upsample receives %s",
                mode == UPSAMPLE_LINEAR ? "linear" : "bilinear", form_of(5 - layer->in.rank),
                received(check));
    note_origin(check);
    diag_help(check->diags, "the mode for %s is `%s`", form_of(layer->in.rank),
              mode == UPSAMPLE_LINEAR ? "bilinear" : "linear");
    return false;
  }
  layer->out = layer->in;
  for (int i = 1; i < layer->in.rank; i++)
    layer->out.dim[i] *= layer_axis(layer, i).stride;
  return true;
}
