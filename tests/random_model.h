/* Sound descriptions made at random: layers of all kinds in any order that their shapes allow. */
#ifndef TESTS_RANDOM_MODEL_H
#define TESTS_RANDOM_MODEL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { RANDOM_TEXT = 4096, RANDOM_MOST = 512 /* values of a tensor */ };

struct random_model {
  uint64_t state;
  char *text;
  int length;
  int rank, shape[3]; /* of the value that the next layer receives */
};

/* 0 .. count - 1 (xorshift64*; Vigna 2016) */
static inline int random_below(struct random_model *r, int count)
{
  r->state ^= r->state >> 12;
  r->state ^= r->state << 25;
  r->state ^= r->state >> 27;
  return (int)((r->state * 0x2545F4914F6CDD1DU >> 33) % (uint64_t)count);
}

static inline void random_say(struct random_model *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void random_say(struct random_model *r, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  r->length += vsnprintf(r->text + r->length, (size_t)(RANDOM_TEXT - r->length), format, arguments);
  va_end(arguments);
}

static inline int random_size(const struct random_model *r)
{
  return r->rank == 1 ? r->shape[0] : r->shape[0] * r->shape[1] * r->shape[2];
}

static inline void random_vector(struct random_model *r, int features)
{
  r->rank = 1;
  r->shape[0] = features;
}

static inline void random_image(struct random_model *r, int channels, int height, int width)
{
  r->rank = 3;
  r->shape[0] = channels;
  r->shape[1] = height;
  r->shape[2] = width;
}

/* Splits the value's size into the shape of an image. */
static inline void random_reshape(struct random_model *r)
{
  int size = random_size(r), channels = 1 + random_below(r, 8), height = 1 + random_below(r, 6);
  while (size % channels != 0)
    channels--;
  while (size / channels % height != 0)
    height--;
  random_image(r, channels, height, size / channels / height);
  random_say(r, " reshape [%d, %d, %d];", r->shape[0], r->shape[1], r->shape[2]);
}

static inline void random_linear(struct random_model *r)
{
  if (random_below(r, 2) == 0) {
    random_vector(r, 1 + random_below(r, 40));
    random_say(r, " linear %d;", r->shape[0]);
  } else {
    random_image(r, 1 + random_below(r, 5), 1 + random_below(r, 6), 1 + random_below(r, 6));
    random_say(r, " linear [%d, %d, %d];", r->shape[0], r->shape[1], r->shape[2]);
  }
}

static inline void random_conv(struct random_model *r, bool transposed)
{
  int kernel = 1 + random_below(r, 4), stride = 1 + random_below(r, 3), pad = random_below(r, 2);
  int channels = 1 + random_below(r, 5), side[2];
  for (int i = 0; i < 2; i++) {
    int n = r->shape[1 + i];
    if (!transposed && n + 2 * pad < kernel)
      return;
    side[i] =
        transposed ? (n - 1) * stride - 2 * pad + kernel : (n + 2 * pad - kernel) / stride + 1;
  }
  if (side[0] < 1 || side[1] < 1 || channels * side[0] * side[1] > RANDOM_MOST || pad >= kernel)
    return;
  random_say(r, " %s %d, kernel %d, stride %d, pad %d;", transposed ? "conv_transpose2d" : "conv2d",
             channels, kernel, stride, pad);
  random_image(r, channels, side[0], side[1]);
}

static inline void random_layer(struct random_model *r)
{
  bool vector = r->rank == 1;
  switch (random_below(r, 8)) {
  case 0:
    random_say(r, " relu;");
    break;
  case 1:
    random_say(r, " sigmoid;");
    break;
  case 2:
    random_say(r, " batchnorm;");
    break;
  case 3:
    random_reshape(r);
    break;
  case 4:
    random_vector(r, random_size(r));
    random_say(r, " flatten;");
    break;
  default:
    if (vector)
      random_linear(r);
    else
      random_conv(r, random_below(r, 2) == 0);
  }
}

/* Writes the description of this seed to `text`. */
static inline void random_model(uint64_t seed, char text[RANDOM_TEXT])
{
  static const char *const covariances[] = {"full", "diag", "tied", "spherical"};
  static const char *const optimisers[] = {
      "adam",
      "adam, weight_decay 1e-3",
      "adamw 1e-3, weight_decay 0.1",
      "sgd 1e-3, momentum 0.9",
      "sgd 1e-3, momentum 0.9, nesterov, weight_decay 1e-3",
      "rmsprop 1e-3",
      "rmsprop 1e-3, alpha 0.9, momentum 0.5, centered, weight_decay 1e-3",
  };
  static const char *const clips[] = {"", "", " clip 1;", " clip 0.1, by value;"};
  struct random_model r = {.state = (seed + 1) * 0x9E3779B97F4A7C15U, .text = text};
  int latent = 1 + random_below(&r, 9), input[3] = {0}, rank;
  if (random_below(&r, 3) == 0)
    random_vector(&r, 1 + random_below(&r, 60));
  else
    random_image(&r, 1 + random_below(&r, 3), 1 + random_below(&r, 9), 1 + random_below(&r, 9));
  rank = r.rank;
  for (int i = 0; i < rank; i++)
    input[i] = r.shape[i];

  random_say(&r, "model random { input x ");
  random_say(&r, rank == 1 ? "[%d]" : "[%d, %d, %d]", input[0], input[1], input[2]);
  random_say(&r, "; latent z [%d];%s\n  encoder {", latent,
             random_below(&r, 4) == 0 ? " precision float64;" : "");
  for (int i = random_below(&r, 12); i > 0; i--)
    random_layer(&r);
  random_say(&r, " gaussian z; }\n  decoder {");
  random_vector(&r, latent);
  for (int i = random_below(&r, 12); i > 0; i--)
    random_layer(&r);
  if (r.rank == 3)
    random_say(&r, " flatten;");
  random_say(&r, rank == 1 ? " linear %d;" : " linear [%d, %d, %d];", input[0], input[1], input[2]);
  bool bernoulli = random_below(&r, 2) == 0;
  if (bernoulli || random_below(&r, 4) == 0)
    random_say(&r, " sigmoid;");
  random_say(&r, " }\n  loss { %s; }", bernoulli ? "bernoulli" : "gaussian");
  random_say(&r, " mixture { components %d; covariance %s; }\n  train { %s;%s }\n}\n",
             1 + random_below(&r, 4), covariances[random_below(&r, 4)],
             optimisers[random_below(&r, sizeof optimisers / sizeof *optimisers)],
             clips[random_below(&r, sizeof clips / sizeof *clips)]);
}

#endif
