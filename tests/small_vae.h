/* A small model with every kind of layer, its parameters' names and shapes, and what its layers do
 * by their definitions: loops over arrays of doubles in PyTorch's order. */
#ifndef TESTS_SMALL_VAE_H
#define TESTS_SMALL_VAE_H

#include "model_files.h"

enum { CHANNELS = 2, HEIGHT = 6, WIDTH = 5, PIXELS = CHANNELS * HEIGHT * WIDTH, LATENT = 2 };
enum { BATCH = 4, IMAGES = 10 }; /* the last batch has 2 */

#ifndef SMALL_LOSS /* another may be wanted */
#define SMALL_LOSS "kl 0.5"
#endif
#define SMALL_VAE(statements, training)                                                            \
  "model small {\n" statements "  input image [2, 6, 5];\n"                                        \
  "  latent z [2];\n"                                                                              \
  "  encoder {\n"                                                                                  \
  "    conv2d 3, kernel 3, stride 2, pad 1, bias on;\n"                                            \
  "    batchnorm;\n"                                                                               \
  "    relu;\n"                                                                                    \
  "    conv2d 4, kernel 2;\n"                                                                      \
  "    relu;\n"                                                                                    \
  "    gaussian z;\n"                                                                              \
  "  }\n"                                                                                          \
  "  decoder {\n"                                                                                  \
  "    linear 18;\n"                                                                               \
  "    reshape [3, 3, 2];\n"                                                                       \
  "    relu;\n"                                                                                    \
  "    conv_transpose2d 2, kernel 2, stride 2;\n"                                                  \
  "    flatten;\n"                                                                                 \
  "    linear 60;\n"                                                                               \
  "    reshape [2, 6, 5];\n"                                                                       \
  "    sigmoid;\n"                                                                                 \
  "  }\n"                                                                                          \
  "  loss { " SMALL_LOSS "; }\n"                                                                   \
  "  train { " training "; batch 4; }\n"                                                           \
  "}\n"

struct named {
  const char *name;
  int rank;
  int64_t shape[4];
};

/* Its parameters, then its buffers. */
static const struct named small_tensors[] = {
    {"encoder.0.weight", 4, {3, 2, 3, 3}}, {"encoder.0.bias", 1, {3}},
    {"encoder.1.weight", 1, {3}},          {"encoder.1.bias", 1, {3}},
    {"encoder.3.weight", 4, {4, 3, 2, 2}}, {"encoder.3.bias", 1, {4}},
    {"mean.weight", 2, {2, 16}},           {"mean.bias", 1, {2}},
    {"logvar.weight", 2, {2, 16}},         {"logvar.bias", 1, {2}},
    {"decoder.0.weight", 2, {18, 2}},      {"decoder.0.bias", 1, {18}},
    {"decoder.3.weight", 4, {3, 2, 2, 2}}, {"decoder.3.bias", 1, {2}},
    {"decoder.5.weight", 2, {60, 48}},     {"decoder.5.bias", 1, {60}},
    {"encoder.1.running_mean", 1, {3}},    {"encoder.1.running_var", 1, {3}},
};
enum { SMALL_TENSORS = sizeof small_tensors / sizeof *small_tensors, SMALL_TRAINED = 16 };

/* Parameters to start from: float64, but such as float32 can hold. 7 batches have been counted. */
static inline struct lathe_tensors small_parameters(void)
{
  struct lathe_tensors tensors = {0};
  for (int t = 0; t < SMALL_TENSORS; t++) {
    const struct named *n = &small_tensors[t];
    double *to = lathe_tensors_add(&tensors, n->name, LATHE_F64, n->rank, n->shape, NULL);
    ck_assert_ptr_nonnull(to);
    bool variance = strstr(n->name, "var") && strstr(n->name, "running");
    int64_t count = tensors.items[tensors.count - 1].array.count;
    for (int64_t i = 0; i < count; i++)
      to[i] =
          (double)(float)number_of((uint64_t)t + 1, i, variance ? 0.5 : -0.5, variance ? 2 : 0.5);
  }
  int64_t *counter =
      lathe_tensors_add(&tensors, "encoder.1.num_batches_tracked", LATHE_I64, 0, NULL, NULL);
  ck_assert_ptr_nonnull(counter);
  *counter = 7;
  return tensors;
}

/* ---- Layers of n images by their definitions ---- */

struct window {
  int kernel, stride, pad;
};

/* y [n, co, yh, yw] of x [n, ci, xh, xw]; weight [co, ci, k, k]. */
static inline void naive_conv(int n, struct window w, const int xs[3], const int ys[3],
                              const double *x, const double *weight, const double *bias, double *y)
{
  for (int i = 0; i < n * ys[0] * ys[1] * ys[2]; i++) {
    int image = i / (ys[0] * ys[1] * ys[2]), co = i / (ys[1] * ys[2]) % ys[0];
    int row = i / ys[2] % ys[1] * w.stride - w.pad, column = i % ys[2] * w.stride - w.pad;
    y[i] = bias[co];
    for (int ci = 0; ci < xs[0]; ci++)
      for (int r = 0; r < w.kernel; r++)
        for (int c = 0; c < w.kernel; c++)
          if (row + r >= 0 && row + r < xs[1] && column + c >= 0 && column + c < xs[2])
            y[i] += weight[((co * xs[0] + ci) * w.kernel + r) * w.kernel + c] *
                    x[((image * xs[0] + ci) * xs[1] + row + r) * xs[2] + column + c];
  }
}

/* The transposed one; weight [ci, co, k, k]. */
static inline void naive_conv_transpose(int n, struct window w, const int xs[3], const int ys[3],
                                        const double *x, const double *weight, const double *bias,
                                        double *y)
{
  for (int i = 0; i < n * ys[0] * ys[1] * ys[2]; i++)
    y[i] = bias[i / (ys[1] * ys[2]) % ys[0]];
  for (int i = 0; i < n * xs[0] * xs[1] * xs[2]; i++) {
    int image = i / (xs[0] * xs[1] * xs[2]), ci = i / (xs[1] * xs[2]) % xs[0];
    int row = i / xs[2] % xs[1] * w.stride - w.pad, column = i % xs[2] * w.stride - w.pad;
    for (int co = 0; co < ys[0]; co++)
      for (int r = 0; r < w.kernel; r++)
        for (int c = 0; c < w.kernel; c++)
          if (row + r >= 0 && row + r < ys[1] && column + c >= 0 && column + c < ys[2])
            y[((image * ys[0] + co) * ys[1] + row + r) * ys[2] + column + c] +=
                x[i] * weight[((ci * ys[0] + co) * w.kernel + r) * w.kernel + c];
  }
}

/* y [n, out] of x [n, in]; weight [out, in]. */
static inline void naive_linear(int n, int in, int out, const double *x, const double *weight,
                                const double *bias, double *y)
{
  for (int i = 0; i < n * out; i++) {
    y[i] = bias[i % out];
    for (int j = 0; j < in; j++)
      y[i] += weight[i % out * in + j] * x[i / out * in + j];
  }
}

/* Mean and biased variance [c] over images and places of x [n, c, places]. */
static inline void naive_moments(int n, int channels, int places, const double *x, double *mean,
                                 double *variance)
{
  for (int c = 0; c < channels; c++) {
    mean[c] = variance[c] = 0;
    for (int i = 0; i < n * places; i++)
      mean[c] += x[(i / places * channels + c) * places + i % places] / (n * places);
    for (int i = 0; i < n * places; i++) {
      double d = x[(i / places * channels + c) * places + i % places] - mean[c];
      variance[c] += d * d / (n * places);
    }
  }
}

static inline double relu_of(double x)
{
  return x > 0 ? x : 0;
}

#endif
