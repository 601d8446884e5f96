#include "generate.h"
#include "runtime/philox.h"
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  MOST_LAYERS = 6,   /* of encoder and decoder, without their ends */
  MOST_VALUES = 600, /* of one image or activation */
  MOST_WINDOW = 4,   /* height and width of a convolution's kernel */
  TRIES = 5,         /* to draw a convolution that fits */
  LINES = 32,
  LINE = 96,
};

struct shape {
  int rank; /* 1 or 3 */
  int dim[3];
};

struct generator {
  uint64_t seed, draws;
  FILE *out;
};

/* ---- Chance ---- */

/* A whole number from lo to hi. */
static int between(struct generator *g, int lo, int hi)
{
  return lo + (int)lathe_random_below(g->seed, LATHE_RANDOM_BENCH, 1, &g->draws,
                                      (uint64_t)(hi - lo) + 1);
}

static bool one_in(struct generator *g, int count)
{
  return between(g, 1, count) == 1;
}

static const char *choice(struct generator *g, int count, const char *const *words)
{
  return words[between(g, 0, count - 1)];
}
#define CHOICE(g, ...)                                                                             \
  choice(g, (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)),                    \
         (const char *const[]){__VA_ARGS__})

/* ---- Shapes ---- */

static int size_of(struct shape s)
{
  return s.rank == 1 ? s.dim[0] : s.dim[0] * s.dim[1] * s.dim[2];
}

static struct shape vector(int features)
{
  return (struct shape){1, {features}};
}

static struct shape image(int channels, int height, int width)
{
  return (struct shape){3, {channels, height, width}};
}

static const char *shape_words(struct shape s)
{
  static char words[64];
  if (s.rank == 1)
    snprintf(words, sizeof words, "[%d]", s.dim[0]);
  else
    snprintf(words, sizeof words, "[%d, %d, %d]", s.dim[0], s.dim[1], s.dim[2]);
  return words;
}

/* A random divisor of n, from 1 to n. */
static int divisor(struct generator *g, int n)
{
  int d;
  do
    d = between(g, 1, n);
  while (n % d != 0);
  return d;
}

/* The same values as an image. */
static struct shape as_image(struct generator *g, int values)
{
  int channels = divisor(g, values), height = divisor(g, values / channels);
  return image(channels, height, values / channels / height);
}

/* ---- Layers ---- */

/* Layers as lines, in the order in which they were drawn. */
struct layers {
  char text[LINES][LINE];
  int count;
};

static void add(struct layers *layers, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add(struct layers *layers, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(layers->text[layers->count++], LINE, format, arguments);
  va_end(arguments);
}

static int size_of_one(const struct shape *s)
{
  return s->rank == 1 ? 1 : s->dim[1] * s->dim[2];
}

/* Of what has shape `at`: batches, whole images or groups of channels; groups of at least 4 values,
 * for of two values the normalised ones are nearly 1 and -1 whatever they are. */
static void add_normalisation(struct generator *g, struct layers *layers, struct shape at)
{
  int groups = divisor(g, at.dim[0]);
  if (at.dim[0] / groups * size_of_one(&at) >= 4)
    add(layers, one_in(g, 2) ? "groupnorm %d;" : "groupnorm %d, eps 1e-3;", groups);
  else if (size_of(at) >= 4)
    add(layers, "layernorm;");
}

static void add_batchnorm(struct generator *g, struct layers *layers)
{
  if (one_in(g, 3))
    add(layers, "batchnorm, momentum 0.%d, eps 1e-%d;", between(g, 1, 9), between(g, 3, 5));
  else
    add(layers, "batchnorm;");
}

/* A layer that leaves the shape as it is. */
static void add_same(struct generator *g, struct layers *layers, struct shape at)
{
  int kind = between(g, 1, 7);
  if (kind <= 2)
    add(layers, "relu;");
  else if (kind == 3)
    add(layers, "sigmoid;");
  else if (kind == 4)
    add(layers, "%s;",
        CHOICE(g, "leaky_relu, slope 0.2", "elu", "elu, alpha 0.5", "selu", "gelu", "silu",
               "softplus", "tanh"));
  else if (kind == 5 && one_in(g, 3))
    add(layers, "residual { %s; }",
        CHOICE(g, "relu", "tanh", "residual { gelu; } selu", "batchnorm; silu"));
  else if (kind == 5 && one_in(g, 3))
    add(layers, "dropout 0.%d;", between(g, 1, 6));
  else if (kind == 5)
    add_normalisation(g, layers, at);
  else
    add_batchnorm(g, layers);
}

static const char *attribute(const char *name, int value, int otherwise)
{
  static char words[4][32];
  static int turn;
  char *to = words[turn++ % 4];
  to[0] = '\0';
  if (value != otherwise)
    snprintf(to, sizeof words[0], ", %s %d", name, value);
  return to;
}

struct window {
  int kernel, stride, pad;
};

static void add_window(struct layers *layers, const char *layer, int channels, struct window w)
{
  add(layers, "%s %d, kernel %d%s%s;", layer, channels, w.kernel, attribute("stride", w.stride, 1),
      attribute("pad", w.pad, 0));
}

static struct window draw_window(struct generator *g)
{
  struct window w = {between(g, 1, MOST_WINDOW), between(g, 1, 3), 0};
  w.pad = between(g, 0, w.kernel - 1);
  return w;
}

static int convolved(int extent, struct window w)
{
  int padded = extent + 2 * w.pad;
  return padded < w.kernel ? 0 : (padded - w.kernel) / w.stride + 1;
}

static int transposed(int extent, struct window w)
{
  return (extent - 1) * w.stride + w.kernel - 2 * w.pad;
}

/* A convolution of either kind of what the encoder has come to; false when what was drawn does not
 * fit. */
static bool encode_window(struct generator *g, struct layers *layers, struct shape *at)
{
  struct window w = draw_window(g);
  bool up = one_in(g, 4);
  struct shape to = image(between(g, 1, 7), 0, 0);
  for (int i = 1; i < 3; i++)
    to.dim[i] = up ? transposed(at->dim[i], w) : convolved(at->dim[i], w);
  if (to.dim[1] < 1 || to.dim[2] < 1 || size_of(to) > MOST_VALUES)
    return false;
  add_window(layers, up ? "conv_transpose2d" : "conv2d", to.dim[0], w);
  *at = to;
  return true;
}

/* Pooling or upsampling likewise. */
static bool encode_pool(struct generator *g, struct layers *layers, struct shape *at)
{
  int factor = between(g, 1, 3), values = size_of(*at);
  struct window w = {between(g, 1, 3), between(g, 1, 3), 0};
  w.pad = between(g, 0, w.kernel / 2);
  if (one_in(g, 4)) {
    add(layers, "global_avg_pool;");
    *at = vector(at->dim[0]);
  } else if (one_in(g, 3)) {
    if (values * factor * factor > MOST_VALUES)
      return false;
    add(layers, "upsample %d, mode %s;", factor, CHOICE(g, "nearest", "bilinear"));
    *at = image(at->dim[0], at->dim[1] * factor, at->dim[2] * factor);
  } else {
    struct shape to = image(at->dim[0], convolved(at->dim[1], w), convolved(at->dim[2], w));
    if (to.dim[1] < 1 || to.dim[2] < 1)
      return false;
    add(layers, "%s %d%s%s;", CHOICE(g, "max_pool", "avg_pool"), w.kernel,
        attribute("stride", w.stride, w.kernel), attribute("pad", w.pad, 0));
    *at = to;
  }
  return true;
}

static void encode_layer(struct generator *g, struct layers *layers, struct shape *at)
{
  int kind = between(g, 1, 8);
  if (kind <= 3) {
    add_same(g, layers, *at);
  } else if (at->rank == 3 && kind <= 6) {
    for (int tries = 0; tries < TRIES && !encode_window(g, layers, at); tries++)
      ;
  } else if (at->rank == 3 && kind == 7) {
    for (int tries = 0; tries < TRIES && !encode_pool(g, layers, at); tries++)
      ;
  } else if (at->rank == 3) {
    add(layers, "flatten;");
    *at = vector(size_of(*at));
  } else if (kind == 4) {
    *at = as_image(g, size_of(*at));
    add(layers, "reshape %s;", shape_words(*at));
  } else {
    *at = one_in(g, 3) ? image(between(g, 1, 4), between(g, 1, 5), between(g, 1, 5))
                       : vector(between(g, 1, one_in(g, 4) ? 300 : 40));
    if (at->rank == 1 && one_in(g, 2))
      add(layers, "linear %d;", at->dim[0]);
    else
      add(layers, "linear %s;", shape_words(*at));
  }
}

/* Decoders are drawn from their end: a layer, and the shape that it needs to give *at. */
static bool decode_window(struct generator *g, struct layers *layers, struct shape *at)
{
  struct window w = draw_window(g);
  bool up = !one_in(g, 4);
  struct shape from = image(between(g, 1, 7), 0, 0);
  for (int i = 1; i < 3; i++) {
    int whole = up ? at->dim[i] + 2 * w.pad - w.kernel : at->dim[i] - 1;
    if (up && (whole < 0 || whole % w.stride != 0))
      return false;
    from.dim[i] = up ? whole / w.stride + 1 : whole * w.stride + w.kernel - 2 * w.pad;
  }
  if (from.dim[1] < 1 || from.dim[2] < 1 || size_of(from) > MOST_VALUES)
    return false;
  add_window(layers, up ? "conv_transpose2d" : "conv2d", at->dim[0], w);
  *at = from;
  return true;
}

static void decode_layer(struct generator *g, struct layers *layers, struct shape *at)
{
  int kind = between(g, 1, 8);
  if (kind <= 3) {
    add_same(g, layers, *at);
  } else if (at->rank == 3 && kind <= 6) {
    for (int tries = 0; tries < TRIES && !decode_window(g, layers, at); tries++)
      ;
  } else if (at->rank == 3 && kind == 7) {
    add(layers, "reshape %s;", shape_words(*at));
    *at = vector(size_of(*at));
  } else if (at->rank == 3 && at->dim[1] % 2 == 0 && at->dim[2] % 2 == 0) {
    add(layers, "upsample 2, mode %s;", CHOICE(g, "nearest", "bilinear"));
    *at = image(at->dim[0], at->dim[1] / 2, at->dim[2] / 2);
  } else if (at->rank == 1 && kind == 4) {
    add(layers, "flatten;");
    *at = as_image(g, size_of(*at));
  } else {
    add(layers, "linear %s;", shape_words(*at));
    *at = vector(between(g, 1, one_in(g, 4) ? 300 : 40));
  }
}

/* ---- Sections ---- */

static void print_layers(struct generator *g, const struct layers *layers, bool reversed)
{
  for (int i = 0; i < layers->count; i++)
    fprintf(g->out, "    %s\n", layers->text[reversed ? layers->count - 1 - i : i]);
}

static void print_encoder(struct generator *g, struct shape input, const char *head)
{
  struct layers layers = {.count = 0};
  for (int i = between(g, 0, MOST_LAYERS); i > 0; i--)
    encode_layer(g, &layers, &input);
  fprintf(g->out, "  encoder {\n");
  print_layers(g, &layers, false);
  fprintf(g->out, "    %s z;\n  }\n", head);
}

static void print_decoder(struct generator *g, int latent, struct shape output, bool bernoulli)
{
  struct layers layers = {.count = 0};
  if (bernoulli)
    add(&layers, "sigmoid;");
  for (int i = between(g, 0, MOST_LAYERS); i > 0; i--)
    decode_layer(g, &layers, &output);
  if (output.rank == 3 || output.dim[0] != latent || one_in(g, 2))
    add(&layers, "linear %s;", shape_words(output));
  while (one_in(g, 4))
    add_same(g, &layers, vector(latent));
  fprintf(g->out, "  decoder {\n");
  print_layers(g, &layers, true);
  fprintf(g->out, "  }\n");
}

static void print_loss(struct generator *g, bool bernoulli, int outputs, bool divergence)
{
  fprintf(g->out, "  loss {\n");
  if (outputs > 2)
    fprintf(g->out, "    categorical %d%s;\n", outputs, CHOICE(g, "", ", decode mode"));
  else if (outputs == 2)
    fprintf(g->out, "    gaussian, variance predicted, floor 0.%d;\n", between(g, 1, 9));
  else if (!bernoulli && one_in(g, 2))
    fprintf(g->out, "    gaussian, variance %s;\n", CHOICE(g, "learned", "learned_each"));
  else if (!bernoulli)
    fprintf(g->out, one_in(g, 2) ? "    gaussian;\n" : "    gaussian, variance 0.%d;\n",
            between(g, 1, 9));
  else if (one_in(g, 2))
    fprintf(g->out, "    bernoulli;\n");
  if (divergence && one_in(g, 2))
    fprintf(g->out, "    kl %s%s;\n", CHOICE(g, "0", "0.1", "1.0", "4"),
            CHOICE(g, "", "", ", warmup 5", ", warmup 90, unit steps", ", cycles 4",
                   ", cycles 9, ramp 0.25, unit steps"));
  fprintf(g->out, "  }\n");
}

static void print_mixture(struct generator *g)
{
  fprintf(g->out, "  mixture {\n    components %d;\n    covariance %s;\n", between(g, 1, 6),
          CHOICE(g, "full", "diag", "tied", "spherical"));
  if (one_in(g, 2))
    fprintf(g->out, "    floor %s;\n", CHOICE(g, "0", "1e-6", "1e-3", "0.1"));
  if (one_in(g, 2))
    fprintf(g->out, "    init %s;\n", CHOICE(g, "kmeans++", "random", "labelled"));
  fprintf(g->out, "  }\n");
}

static void print_training(struct generator *g)
{
  fprintf(g->out, "  train {\n");
  if (one_in(g, 2))
    fprintf(g->out, "    adam %s, beta1 0.%d, eps 1e-%d;\n", CHOICE(g, "1e-3", "9e-4", "0.05"),
            between(g, 0, 9), between(g, 6, 9));
  else if (one_in(g, 2))
    fprintf(g->out, "    sgd 0.0%d%s;\n", between(g, 1, 9), CHOICE(g, "", ", momentum 0.9"));
  if (one_in(g, 3))
    fprintf(g->out, "    step %d, gamma 0.%d;\n", between(g, 1, 30), between(g, 1, 9));
  fprintf(g->out, "    batch %d;\n  }\n", between(g, 1, 100));
}

static void print_alone(struct generator *g)
{
  fprintf(g->out, "  input x %s;\n", shape_words(vector(between(g, 1, 12))));
  print_mixture(g);
  if (one_in(g, 2))
    fprintf(g->out, "  train { seed %d; split 0.%d; }\n", between(g, 0, 99), between(g, 1, 9));
}

static struct shape draw_input(struct generator *g)
{
  if (one_in(g, 3))
    return vector(between(g, 1, 60));
  return image(between(g, 1, 3), between(g, 1, 13), between(g, 1, 13));
}

static void print_network(struct generator *g)
{
  struct shape input = draw_input(g);
  bool bernoulli = !one_in(g, 3);
  int latent = between(g, 1, one_in(g, 5) ? 24 : 6);
  fprintf(g->out, "  input x %s%s;\n", shape_words(input),
          bernoulli ? "" : CHOICE(g, "", ", range [-1, 1]", ", range [0, 2]"));
  bool code = one_in(g, 6);
  fprintf(g->out, "  latent z [%d]%s;\n", latent, !code && one_in(g, 6) ? ", logvar [-4, 3]" : "");
  print_encoder(g, input, code ? "code" : "gaussian");
  int outputs = bernoulli || one_in(g, 2) ? 1 : one_in(g, 2) ? 2 : between(g, 3, 9);
  struct shape end = input;
  end.dim[0] *= outputs;
  print_decoder(g, latent, end, bernoulli);
  if (!bernoulli || one_in(g, 2))
    print_loss(g, bernoulli, outputs, !code);
  if (one_in(g, 2))
    print_mixture(g);
  if (one_in(g, 2))
    print_training(g);
}

char *random_description(uint64_t seed)
{
  char *text = NULL;
  size_t length = 0;
  struct generator g = {.seed = seed, .out = open_memstream(&text, &length)};
  if (g.out == NULL)
    return NULL;
  fprintf(g.out, "model random_%llu {\n", (unsigned long long)seed);
  if (one_in(&g, 4))
    fprintf(g.out, "  precision %s;\n", CHOICE(&g, "float32", "float64"));
  if (one_in(&g, 12))
    print_alone(&g);
  else
    print_network(&g);
  fprintf(g.out, "}\n");
  fclose(g.out);
  return text;
}
