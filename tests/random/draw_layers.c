#include "draw.h"

enum {
  MOST_WINDOW = 4, /* height and width of a convolution's kernel */
  TRIES = 5,       /* to draw a layer that fits */
};

/* ---- Layers that keep the shape ---- */

/* Of what has shape `at`: whole images or groups of channels; groups of at least 4 values, for of
 * two values the normalised ones are nearly 1 and -1 whatever they are. */
static void add_normalisation(struct generator *g, struct layers *layers, struct shape at)
{
  int groups = divisor(g, at.dim[0]), values = shape_values(at);
  if (values / groups >= 4)
    add(layers, one_in(g, 2) ? "groupnorm %d;" : "groupnorm %d, eps 1e-3;", groups);
  else if (values >= 4)
    add(layers, "layernorm;");
}

static void add_batchnorm(struct generator *g, struct layers *layers)
{
  if (one_in(g, 3))
    add(layers, "batchnorm, momentum 0.%d, eps 1e-%d;", between(g, 1, 9), between(g, 3, 5));
  else
    add(layers, "batchnorm;");
}

/* Layers within layers; a convolution in them keeps the shape by its padding. */
static void add_residual(struct generator *g, struct layers *layers, struct shape at)
{
  int dilation = between(g, 1, 2);
  if (at.rank == 1 || one_in(g, 3))
    add(layers, "residual { %s; }",
        CHOICE(g, "relu", "tanh", "residual { gelu; } selu", "batchnorm; silu"));
  else
    add(layers, "residual { conv%dd %d, kernel 3, pad %d, dilation %d, groups %d, bias %s; %s; }",
        at.rank - 1, at.dim[0], dilation, dilation, divisor(g, at.dim[0]), CHOICE(g, "on", "off"),
        CHOICE(g, "relu", "batchnorm", "silu"));
}

void add_same(struct generator *g, struct layers *layers, struct shape at)
{
  int kind = between(g, 1, 8);
  if (kind <= 2)
    add(layers, "relu;");
  else if (kind == 3)
    add(layers, "sigmoid;");
  else if (kind == 4)
    add(layers, "%s;",
        CHOICE(g, "leaky_relu, slope 0.2", "elu", "elu, alpha 0.5", "selu", "gelu", "silu",
               "softplus", "tanh"));
  else if (kind == 5)
    add_residual(g, layers, at);
  else if (kind == 6 && one_in(g, 2))
    add(layers, "dropout 0.%d;", between(g, 1, 6));
  else if (kind == 6)
    add_normalisation(g, layers, at);
  else
    add_batchnorm(g, layers);
}

/* ---- Windows ---- */

/* The attributes of a window along one axis. */
struct axis {
  int kernel, stride, pad, dilation, output_pad;
};

/* A window over height and width, or over the length of a series. */
struct window {
  int axes;
  struct axis axis[2];
};

static int span_of(struct axis a)
{
  return a.dilation * (a.kernel - 1) + 1;
}

/* A half of the windows of images are squares; `up` is a transposed convolution's. */
static struct window draw_window(struct generator *g, int axes, bool up)
{
  struct window w = {.axes = axes};
  bool dilated = one_in(g, 4), square = one_in(g, 2);
  for (int i = 0; i < axes; i++) {
    struct axis *a = &w.axis[i];
    *a = (struct axis){between(g, 1, MOST_WINDOW), between(g, 1, 3), 0, 1, 0};
    a->pad = between(g, 0, a->kernel - 1);
    a->dilation = dilated ? between(g, 1, 3) : 1;
    int most = a->stride > a->dilation ? a->stride : a->dilation;
    a->output_pad = up && one_in(g, 3) ? between(g, 0, most - 1) : 0;
    if (i > 0 && square)
      *a = w.axis[0];
  }
  return w;
}

/* Writes `, name 3` or `, name [3, 5]`; nothing when that is what is taken anyway. */
static int write_sides(char *to, size_t size, const char *name, int axes, const int *side,
                       int otherwise)
{
  bool same = axes == 1 || side[0] == side[1];
  if (same && side[0] == otherwise)
    return 0;
  return same ? snprintf(to, size, ", %s %d", name, side[0])
              : snprintf(to, size, ", %s [%d, %d]", name, side[0], side[1]);
}

static const char *window_words(const struct window *w)
{
  static char words[LINE];
  static const char *const names[] = {"kernel", "stride", "pad", "dilation", "output_pad"};
  static const int otherwise[] = {0, 1, 0, 1, 0};
  int length = 0;
  words[0] = '\0';
  for (int k = 0; k < (int)(sizeof names / sizeof *names); k++) {
    int side[2];
    for (int i = 0; i < w->axes; i++) {
      const struct axis *a = &w->axis[i];
      side[i] = (const int[]){a->kernel, a->stride, a->pad, a->dilation, a->output_pad}[k];
    }
    length += write_sides(words + length, sizeof words - (size_t)length, names[k], w->axes, side,
                          otherwise[k]);
  }
  return words;
}

static int convolved(int extent, struct axis a)
{
  int room = extent + 2 * a.pad - span_of(a);
  return room < 0 ? 0 : room / a.stride + 1;
}

static int transposed(int extent, struct axis a)
{
  return (extent - 1) * a.stride + span_of(a) + a.output_pad - 2 * a.pad;
}

/* What a window must receive to give `extent`; 0 when nothing does. */
static int before_convolution(struct generator *g, int extent, struct axis a)
{
  return (extent - 1) * a.stride + span_of(a) - 2 * a.pad + between(g, 0, a.stride - 1);
}

static int before_transposed(int extent, struct axis a)
{
  int room = extent + 2 * a.pad - span_of(a) - a.output_pad;
  return room < 0 || room % a.stride != 0 ? 0 : room / a.stride + 1;
}

/* Whether all of its sides are there, and it is no larger than wanted. */
static bool is_small(struct shape s)
{
  for (int i = 0; i < s.rank; i++)
    if (s.dim[i] < 1)
      return false;
  return shape_values(s) <= MOST_VALUES;
}

/* Parts that both numbers of channels can be in; mostly one. */
static int draw_groups(struct generator *g, int in, int out)
{
  int groups = one_in(g, 3) ? divisor(g, in) : 1;
  return out % groups == 0 ? groups : 1;
}

static void add_convolution(struct generator *g, struct layers *layers, bool up,
                            const struct window *w, int in, int out)
{
  int groups = draw_groups(g, in, out);
  add(layers, "conv%s%dd %d%s, groups %d%s%s;", up ? "_transpose" : "", w->axes, out,
      window_words(w), groups, CHOICE(g, "", "", ", bias off"),
      groups == 1 ? CHOICE(g, "", "", "", ", algorithm blas", ", algorithm blocks") : "");
}

static bool encode_window(struct generator *g, struct layers *layers, struct shape *at)
{
  bool up = one_in(g, 4);
  struct window w = draw_window(g, at->rank - 1, up);
  struct shape to = *at;
  to.dim[0] = one_in(g, 3) ? at->dim[0] : between(g, 1, 8);
  for (int i = 1; i < at->rank; i++)
    to.dim[i] = up ? transposed(at->dim[i], w.axis[i - 1]) : convolved(at->dim[i], w.axis[i - 1]);
  if (!is_small(to))
    return false;
  add_convolution(g, layers, up, &w, at->dim[0], to.dim[0]);
  *at = to;
  return true;
}

static bool decode_window(struct generator *g, struct layers *layers, struct shape *at)
{
  bool up = !one_in(g, 4);
  struct window w = draw_window(g, at->rank - 1, up);
  struct shape from = *at;
  from.dim[0] = one_in(g, 3) ? at->dim[0] : between(g, 1, 8);
  for (int i = 1; i < at->rank; i++)
    from.dim[i] = up ? before_transposed(at->dim[i], w.axis[i - 1])
                     : before_convolution(g, at->dim[i], w.axis[i - 1]);
  if (!is_small(from))
    return false;
  add_convolution(g, layers, up, &w, from.dim[0], at->dim[0]);
  *at = from;
  return true;
}

/* ---- Pooling and upsampling ---- */

static const char *upsampling(struct generator *g, struct shape s)
{
  return one_in(g, 2) ? "nearest" : s.rank == 2 ? "linear" : "bilinear";
}

static void add_upsampling(struct generator *g, struct layers *layers, struct shape s,
                           const int *factor)
{
  if (s.rank == 2 || factor[0] == factor[1])
    add(layers, "upsample %d, mode %s;", factor[0], upsampling(g, s));
  else
    add(layers, "upsample [%d, %d], mode %s;", factor[0], factor[1], upsampling(g, s));
}

static bool encode_pool(struct generator *g, struct layers *layers, struct shape *at)
{
  static const char *const names[] = {"max_pool", "avg_pool"};
  struct shape to = *at;
  int kernel[2], stride[2], pad[2], factor[2];
  char words[3][32] = {"", "", ""};
  int kind = between(g, 1, 4);
  if (kind == 1) {
    add(layers, "global_avg_pool;");
    *at = vector(at->dim[0]);
    return true;
  }
  for (int i = 0; i < at->rank - 1; i++) {
    kernel[i] = between(g, 1, 3);
    stride[i] = between(g, 1, 3);
    pad[i] = between(g, 0, kernel[i] / 2);
    factor[i] = between(g, 1, 3);
    to.dim[i + 1] =
        kind == 2 ? at->dim[i + 1] * factor[i]
                  : convolved(at->dim[i + 1], (struct axis){kernel[i], stride[i], pad[i], 1, 0});
  }
  if (!is_small(to))
    return false;
  if (kind == 2) {
    add_upsampling(g, layers, *at, factor);
  } else {
    int axes = at->rank - 1;
    write_sides(words[0], sizeof words[0], "", axes, kernel, 0);
    write_sides(words[1], sizeof words[1], "stride", axes, stride, 0);
    write_sides(words[2], sizeof words[2], "pad", axes, pad, 0);
    /* the window is what the layer is about: it has neither comma nor name */
    add(layers, "%s%s%s%s;", choice(g, 2, names), words[0] + 2, words[1], words[2]);
  }
  *at = to;
  return true;
}

/* What *at can be made from by copies; false when it has no even side. */
static bool decode_upsampling(struct generator *g, struct layers *layers, struct shape *at)
{
  struct shape from = *at;
  int factor[2] = {1, 1};
  for (int i = 1; i < at->rank; i++)
    if (at->dim[i] % 2 == 0 && !one_in(g, 4)) {
      factor[i - 1] = 2;
      from.dim[i] /= 2;
    }
  if (factor[0] * factor[1] == 1)
    return false;
  add_upsampling(g, layers, *at, factor);
  *at = from;
  return true;
}

/* ---- Skip connections, views, and all together ---- */

/* The layers whose values stand behind what they receive. */
static void add_concat(struct generator *g, struct layers *layers, struct shape at, int more)
{
  if (at.rank == 1)
    add(layers, "concat { linear %d; %s; }", more, CHOICE(g, "relu", "tanh"));
  else
    add(layers, "concat { conv%dd %d, kernel 1%s; %s; }", at.rank - 1, more,
        CHOICE(g, "", ", bias off"), CHOICE(g, "relu", "batchnorm", "residual { relu; } tanh"));
}

/* The same values as an image or a series. */
static struct shape unflattened(struct generator *g, int values)
{
  int channels = divisor(g, values), height = divisor(g, values / channels);
  return one_in(g, 3) ? series(channels, values / channels)
                      : image(channels, height, values / channels / height);
}

/* A layer that fits to a value with sides; false when what was drawn does not. */
static bool encode_sides(struct generator *g, struct layers *layers, struct shape *at)
{
  int kind = between(g, 1, 6);
  if (kind <= 3)
    return encode_window(g, layers, at);
  if (kind == 4)
    return encode_pool(g, layers, at);
  if (kind == 5) {
    struct shape to = *at;
    int more = between(g, 1, 4);
    to.dim[0] += more;
    if (!is_small(to))
      return false;
    add_concat(g, layers, *at, more);
    *at = to;
    return true;
  }
  add(layers, "flatten;");
  *at = vector(shape_values(*at));
  return true;
}

static void add_linear(struct generator *g, struct layers *layers, struct shape to)
{
  const char *bias = CHOICE(g, "", "", ", bias off");
  const char *algorithm =
      CHOICE(g, "", "", "", ", algorithm blas", ", algorithm blocks", ", algorithm dots");
  if (to.rank == 1 && one_in(g, 2))
    add(layers, "linear %d%s%s;", to.dim[0], bias, algorithm);
  else
    add(layers, "linear %s%s%s;", shape_words(to), bias, algorithm);
}

static struct shape draw_features(struct generator *g)
{
  return vector(between(g, 1, one_in(g, 4) ? 300 : 40));
}

void encode_layer(struct generator *g, struct layers *layers, struct shape *at)
{
  int kind = between(g, 1, 8);
  if (kind <= 3) {
    add_same(g, layers, *at);
  } else if (at->rank > 1) {
    for (int tries = 0; tries < TRIES && !encode_sides(g, layers, at); tries++)
      ;
  } else if (kind == 4) {
    *at = unflattened(g, at->dim[0]);
    add(layers, "reshape %s;", shape_words(*at));
  } else if (kind == 5 && at->dim[0] <= 100) {
    int more = between(g, 1, 20);
    add_concat(g, layers, *at, more);
    at->dim[0] += more;
  } else {
    *at = !one_in(g, 3)  ? draw_features(g)
          : one_in(g, 3) ? series(between(g, 1, 6), between(g, 1, 16))
                         : image(between(g, 1, 4), between(g, 1, 5), between(g, 1, 5));
    add_linear(g, layers, *at);
  }
}

static bool decode_sides(struct generator *g, struct layers *layers, struct shape *at)
{
  int kind = between(g, 1, 6), more = between(g, 1, 4);
  if (kind <= 3)
    return decode_window(g, layers, at);
  if (kind == 4)
    return decode_upsampling(g, layers, at);
  if (kind == 5 && at->dim[0] > more) {
    at->dim[0] -= more;
    add_concat(g, layers, *at, more);
  } else {
    add(layers, "reshape %s;", shape_words(*at));
    *at = vector(shape_values(*at));
  }
  return true;
}

void decode_layer(struct generator *g, struct layers *layers, struct shape *at)
{
  int kind = between(g, 1, 8);
  if (kind <= 3) {
    add_same(g, layers, *at);
  } else if (at->rank > 1 && kind <= 7) {
    for (int tries = 0; tries < TRIES && !decode_sides(g, layers, at); tries++)
      ;
  } else if (at->rank == 1 && kind == 4) {
    add(layers, "flatten;");
    *at = unflattened(g, at->dim[0]);
  } else {
    add_linear(g, layers, *at);
    *at = draw_features(g);
  }
}
