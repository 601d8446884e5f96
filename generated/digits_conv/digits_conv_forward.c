/* The forward passes of digits_conv. Each kernel does one task's share of a layer, so that the
 * result does not depend on the number of threads; the function below the kernels of a pass
 * runs them in order. */
#include "digits_conv_internal.h"
#include <lathe/dots.h>
#include <lathe/fetch.h>
#include <lathe/kernel.h>
#include <lathe/pack.h>
#include <lathe/sum_rows.h>
#include <lathe/vector_math.h>
#include <math.h>
#include <string.h>

/* encoder.0: conv2d 64, kernel 4, stride 2, pad 1; relu   (digits_conv.lathe:11)
 * conv + bias + relu: x[n, 1, 28, 28], w[4, 4, 1, 64], b[64], y[n, 14, 14, 64];
 * 426.5 kFLOP an image */
static void encoder_0_conv(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  float *const padded = scratch + 25088; /* an image amid its margins */
  memset(padded, 0, 900 * sizeof *padded);
  float *column = scratch;
  for (int i = begin; i < end; i++) {
    const float *const image = x + i * 784;
    for (int iy = 0; iy < 28; iy++)
      memcpy(padded + (iy + 1) * 30 + 1, image + iy * 28, 28 * sizeof *padded);
    for (int oy = 0; oy < 14; oy++) {
      for (int ox = 0; ox < 14; ox++) {
        for (int ky = 0; ky < 4; ky++) {
          memcpy(column, padded + (oy * 2 + ky) * 30 + ox * 2, 4 * sizeof *column);
          column += 4;
        }
      }
    }
  }
  const struct lathe_panels panels = {w, LATHE_PANEL, 64};
  lathe_product((end - begin) * 196, 64, 16, (struct lathe_rows){scratch, 16, 1},
      panels, 0, y + begin * 196 * 64, 64);
  for (int r = begin * 196; r < end * 196; r++) {
    float *const y_row = y + r * 64;
    for (int c = 0; c < 64; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}

/* The row of tile (ty, tx) of image i among the products of point (p, q): the points
 * come one after the other, each with a row for every tile that uses it. */
static int winograd_row_7x7_2(int n, int p, int q, int i, int ty, int tx)
{
  static const int first[5][5] = {
    {0, 4, 8, 12, 16},
    {18, 22, 26, 30, 34},
    {36, 40, 44, 48, 52},
    {54, 58, 62, 66, 70},
    {72, 74, 76, 78, 80},
  };
  static const int down[5] = {2, 2, 2, 2, 1}, along[5] = {2, 2, 2, 2, 1};
  return first[p][q] * n + (i * down[p] + ty) * along[q] + tx;
}

/* The filter's value u [256, 128] at point (p, q): of each phase, the taps' polynomial. */
static void winograd_filter_4_2_64x128(int p, int q, const float *restrict w, float *restrict u)
{
  static const float g[5][2] = {{1.0F, 0.0F}, {0.0F, 1.0F}, {1.0F, 1.0F}, {1.0F, -1.0F}, {1.0F,
      2.0F}};
  for (int phase = 0; phase < 4; phase++) {
    const float *tap = w + (phase / 2 * 4 + phase % 2) * 64 * 128;
    for (int i = 0; i < 64 * 128; i += LATHE_LANES, tap += LATHE_LANES, u += LATHE_LANES)
      lathe_store(u, g[p][0] * (g[q][0] * lathe_load(tap + (0 * 4 + 0) * 2 * 64 * 128) + g[q][1] *
          lathe_load(tap + (0 * 4 + 1) * 2 * 64 * 128)) +
        g[p][1] * (g[q][0] * lathe_load(tap + (1 * 4 + 0) * 2 * 64 * 128) + g[q][1] * lathe_load(tap
            + (1 * 4 + 1) * 2 * 64 * 128)));
  }
}

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1   (digits_conv.lathe:13)
 * winograd_filter: w[4, 4, 64, 128], u[25, 32768] */
static void encoder_2_winograd_filter(int n, int task, float *restrict scratch,
    const float *restrict w, float *restrict u)
{
  const int begin = task;
  (void)n;
  winograd_filter_4_2_64x128(begin / 5, begin % 5, w, scratch); /* this task's point */
  lathe_pack(256, 128, scratch, 128, u + begin * 32768);
}

/* F(4, 2): pixels of a tile to their values at the points, each of `count` channels. */
static void winograd_data_4_2(const float *const d[5], float *const to[5], int count)
{
  for (int c = 0; c < count; c += LATHE_LANES) {
    const lathe_vector d0 = lathe_load(d[0] + c);
    const lathe_vector d1 = lathe_load(d[1] + c);
    const lathe_vector d2 = lathe_load(d[2] + c);
    const lathe_vector d3 = lathe_load(d[3] + c);
    const lathe_vector d4 = lathe_load(d[4] + c);
    lathe_store(to[0] + c, d0 - 0.5F * d1 - d2 + 0.5F * d3);
    lathe_store(to[1] + c, 2.0F * d1 - d2 - 2.0F * d3 + d4);
    lathe_store(to[2] + c, d1 + 0.5F * d2 - 0.5F * d3);
    lathe_store(to[3] + c, -0.33333334F * d1 + 0.5F * d2 - 0.16666667F * d3);
    lathe_store(to[4] + c, -0.16666667F * d1 + 0.16666667F * d3);
  }
}

/* F(3, 2): pixels of a tile to their values at the points, each of `count` channels. */
static void winograd_data_3_2(const float *const d[4], float *const to[4], int count)
{
  for (int c = 0; c < count; c += LATHE_LANES) {
    const lathe_vector d0 = lathe_load(d[0] + c);
    const lathe_vector d1 = lathe_load(d[1] + c);
    const lathe_vector d2 = lathe_load(d[2] + c);
    const lathe_vector d3 = lathe_load(d[3] + c);
    lathe_store(to[0] + c, d0 - d2);
    lathe_store(to[1] + c, -d1 + d3);
    lathe_store(to[2] + c, 0.5F * d1 + 0.5F * d2);
    lathe_store(to[3] + c, -0.5F * d1 + 0.5F * d2);
  }
}

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1   (digits_conv.lathe:13)
 * winograd_data: x[n, 14, 14, 64], v[n, 81, 256] */
static void encoder_2_winograd_data(int n, int task, float *restrict scratch,
    const float *restrict x, float *restrict v)
{
  const int begin = task * 2;
  const int end = begin + 2 < n ? begin + 2 : n;
  float *const outside = scratch, *const tile = scratch + 64;
  memset(outside, 0, 64 * sizeof *outside);
  for (int i = begin; i < end; i++) {
    const float *const image = x + i * 14 * 14 * 64;
    for (int ty = 0; ty < 2; ty++) {
      for (int tx = 0; tx < 2; tx++) {
        const int down = ty < 1 ? 5 : 4, along = tx < 1 ? 5 : 4; /* points of the tile */
        for (int phase = 0; phase < 4; phase++) {
          const int oy = (ty * 4) * 2 + phase / 2 - 1, ox = (tx * 4) * 2 + phase % 2 - 1;
          for (int q = 0; q < along; q++) { /* down the columns of pixels */
            const float *from[5];
            float *to[5];
            const int ix = ox + q * 2;
            for (int p = 0; p < down; p++) {
              const int iy = oy + p * 2;
              const int inside = iy >= 0 && iy < 14 && ix >= 0 && ix < 14;
              from[p] = inside ? image + (iy * 14 + ix) * 64 : outside;
              to[p] = tile + (p * 5 + q) * 64;
            }
            if (ty < 1)
              winograd_data_4_2(from, to, 64);
            else
              winograd_data_3_2(from, to, 64);
          }
          for (int p = 0; p < down; p++) { /* along the rows of points */
            const float *from[5];
            float *to[5];
            for (int q = 0; q < along; q++) {
              from[q] = tile + (p * 5 + q) * 64;
              to[q] = v + (winograd_row_7x7_2(n, p, q, i, ty, tx) * 4 + phase) * 64;
            }
            if (tx < 1)
              winograd_data_4_2(from, to, 64);
            else
              winograd_data_3_2(from, to, 64);
          }
        }
      }
    }
  }
}

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1   (digits_conv.lathe:13)
 * winograd_product: v[n, 81, 256], w[25, 32768], m[n, 81, 128]; 12.8 MFLOP an image */
static void encoder_2_winograd_product(int n, int task, const float *restrict v,
    const float *restrict w, float *restrict m)
{
  const int begin = task;
  const int p = begin / 5, q = begin % 5; /* this task's point */
  const int first = winograd_row_7x7_2(n, p, q, 0, 0, 0), rows = winograd_row_7x7_2(n, p, q, n, 0,
      0) - first;
  lathe_product(rows, 128, 256, (struct lathe_rows){v + first * 256, 256, 1},
      lathe_packed(w + begin * 32768, 256), 0, m + first * 128, 128);
}

/* F(4, 2): products at the points to outputs, each of `count` channels. */
static void winograd_inverse_4_2(const float *const d[5], float *const to[4], int count)
{
  for (int c = 0; c < count; c += LATHE_LANES) {
    const lathe_vector d0 = lathe_load(d[0] + c);
    const lathe_vector d1 = lathe_load(d[1] + c);
    const lathe_vector d2 = lathe_load(d[2] + c);
    const lathe_vector d3 = lathe_load(d[3] + c);
    const lathe_vector d4 = lathe_load(d[4] + c);
    lathe_store(to[0] + c, d0 + d2 + d3 + d4);
    lathe_store(to[1] + c, d2 - d3 + 2.0F * d4);
    lathe_store(to[2] + c, d2 + d3 + 4.0F * d4);
    lathe_store(to[3] + c, d1 + d2 - d3 + 8.0F * d4);
  }
}

/* F(3, 2): products at the points to outputs, each of `count` channels. */
static void winograd_inverse_3_2(const float *const d[4], float *const to[3], int count)
{
  for (int c = 0; c < count; c += LATHE_LANES) {
    const lathe_vector d0 = lathe_load(d[0] + c);
    const lathe_vector d1 = lathe_load(d[1] + c);
    const lathe_vector d2 = lathe_load(d[2] + c);
    const lathe_vector d3 = lathe_load(d[3] + c);
    lathe_store(to[0] + c, d0 + d2 + d3);
    lathe_store(to[1] + c, d2 - d3);
    lathe_store(to[2] + c, d1 + d2 + d3);
  }
}

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1; batchnorm; relu   (digits_conv.lathe:13)
 * winograd_inverse + bias + normalise_running + relu: m[n, 81, 128], b[128], running_mean[128],
 * running_var[128], gamma[128], beta[128], y[n, 7, 7, 128]; 37.6 kFLOP an image */
static void encoder_2_winograd_inverse(int n, int task, float *restrict scratch,
    const float *restrict m, const float *restrict b, const float *restrict running_mean,
    const float *restrict running_var, const float *restrict gamma, const float *restrict beta,
    float *restrict y)
{
  const int begin = task * 2;
  const int end = begin + 2 < n ? begin + 2 : n;
  float *const tile = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = y + i * 7 * 7 * 128;
    for (int ty = 0; ty < 2; ty++) {
      for (int tx = 0; tx < 2; tx++) {
        const int down = ty < 1 ? 5 : 4, along = tx < 1 ? 5 : 4; /* points of the tile */
        for (int q = 0; q < along; q++) { /* down the columns of points */
          const float *from[5];
          float *to[5];
          for (int p = 0; p < down; p++)
            from[p] = m + winograd_row_7x7_2(n, p, q, i, ty, tx) * 128;
          for (int oy = 0; oy < down - 1; oy++)
            to[oy] = tile + (oy * 5 + q) * 128;
          if (ty < 1)
            winograd_inverse_4_2(from, to, 128);
          else
            winograd_inverse_3_2(from, to, 128);
        }
        for (int oy = 0; oy < down - 1; oy++) { /* along the rows of outputs */
          const float *from[5];
          float *to[5];
          for (int q = 0; q < along; q++)
            from[q] = tile + (oy * 5 + q) * 128;
          for (int ox = 0; ox < along - 1; ox++)
            to[ox] = image + ((ty * 4 + oy) * 7 + tx * 4 + ox) * 128;
          if (tx < 1)
            winograd_inverse_4_2(from, to, 128);
          else
            winograd_inverse_3_2(from, to, 128);
        }
      }
    }
  }
  for (int r = begin * 49; r < end * 49; r++) {
    float *const y_row = y + r * 128;
    for (int c = 0; c < 128; c++) {
      const float bias1 = y_row[c] + b[c];
      const float normalise_running2 = (bias1 - running_mean[c]) / sqrtf(running_var[c] + 1e-05F) *
          gamma[c] + beta[c];
      y_row[c] = normalise_running2 < 0.0F ? 0.0F : normalise_running2;
    }
  }
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * linear + bias: x[n, 7, 7, 128], w[20, 49, 128], b[20], y[n, 20]; 250.9 kFLOP an image */
static void encoder_5_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  lathe_dots(end - begin, 20, 6272, x + begin * 6272, 6272, w, 6272, y + begin * 20, 20);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 20;
    for (int c = 0; c < 20; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * linear + bias + clamp: x[n, 7, 7, 128], w[20, 49, 128], b[20], y[n, 20]; 250.9 kFLOP an image */
static void encoder_5_linear_2(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  lathe_dots(end - begin, 20, 6272, x + begin * 6272, 6272, w, 6272, y + begin * 20, 20);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 20;
    for (int c = 0; c < 20; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < -30.0F ? -30.0F : bias1 > 20.0F ? 20.0F : bias1;
    }
  }
}

static void encode_0(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_0_conv(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->images,
      c->fixed + ENCODER_0_WEIGHT,
      c->fixed + ENCODER_0_BIAS,
      c->batch + c->capacity * ENCODE_ENCODER_1);
}

static void encode_1(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_filter(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->fixed + ENCODER_2_WEIGHT,
      c->fixed + ENCODE_ENCODER_2_WINOGRAD_FILTER);
}

static void encode_2(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_data(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * ENCODE_ENCODER_1,
      c->batch + c->capacity * ENCODE_ENCODER_2_WINOGRAD_DATA);
}

static void encode_3(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_2_winograd_product(c->n, task,
      c->batch + c->capacity * ENCODE_ENCODER_2_WINOGRAD_DATA,
      c->fixed + ENCODE_ENCODER_2_WINOGRAD_FILTER,
      c->batch + c->capacity * ENCODE_ENCODER_2_WINOGRAD_PRODUCT);
}

static void encode_4(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_inverse(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * ENCODE_ENCODER_2_WINOGRAD_PRODUCT,
      c->fixed + ENCODER_2_BIAS,
      c->fixed + ENCODER_3_RUNNING_MEAN,
      c->fixed + ENCODER_3_RUNNING_VAR,
      c->fixed + ENCODER_3_WEIGHT,
      c->fixed + ENCODER_3_BIAS,
      c->batch + c->capacity * ENCODE_ENCODER_4);
}

static void encode_5(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear(c->n, task,
      c->batch + c->capacity * ENCODE_ENCODER_4,
      c->fixed + MEAN_WEIGHT,
      c->fixed + MEAN_BIAS,
      c->mean);
}

static void encode_6(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear_2(c->n, task,
      c->batch + c->capacity * ENCODE_ENCODER_4,
      c->fixed + LOGVAR_WEIGHT,
      c->fixed + LOGVAR_BIAS,
      c->logvar);
}

void digits_conv_encode(struct lathe_state *state, int n, const float *images, float *mean,
    float *logvar)
{
  struct digits_conv_call call = {
    .n = n,
    .capacity = (size_t)state->capacity,
    .fixed = state->fixed,
    .batch = state->batch,
    .scratch = state->scratch,
    .images = images,
    .mean = mean,
    .logvar = logvar,
  };
  if ((state->tables & LATHE_ENCODE_TABLES) == 0) {
    lathe_parallel(state->pool, 25, encode_1, &call);
    state->tables |= LATHE_ENCODE_TABLES;
  }
  lathe_parallel(state->pool, (n + 7) / 8, encode_0, &call);
  lathe_parallel(state->pool, (n + 1) / 2, encode_2, &call);
  lathe_parallel(state->pool, 25, encode_3, &call);
  lathe_parallel(state->pool, (n + 1) / 2, encode_4, &call);
  lathe_parallel(state->pool, (n + 31) / 32, encode_5, &call);
  if (logvar != NULL)
    lathe_parallel(state->pool, (n + 31) / 32, encode_6, &call);
}

/* decoder.0: linear 6272   (digits_conv.lathe:20)
 * linear + bias: x[n, 20], w[20, 49, 128], b[49, 128], y[n, 6272]; 257.2 kFLOP an image */
static void decoder_0_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 14;
  const int end = begin + 14 < n ? begin + 14 : n;
  lathe_sum_rows(end - begin, 6272, 20, x + begin * 20, 20, w, 6272, y + begin * 6272, 6272);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 6272;
    for (int c = 0; c < 6272; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}

/* F(4, 2): outputs to their values at the points, each of `count` channels. */
static void winograd_inverse_adjoint_4_2(const float *const d[4], float *const to[5], int count)
{
  for (int c = 0; c < count; c += LATHE_LANES) {
    const lathe_vector d0 = lathe_load(d[0] + c);
    const lathe_vector d1 = lathe_load(d[1] + c);
    const lathe_vector d2 = lathe_load(d[2] + c);
    const lathe_vector d3 = lathe_load(d[3] + c);
    lathe_store(to[0] + c, d0);
    lathe_store(to[1] + c, d3);
    lathe_store(to[2] + c, d0 + d1 + d2 + d3);
    lathe_store(to[3] + c, d0 - d1 + d2 - d3);
    lathe_store(to[4] + c, d0 + 2.0F * d1 + 4.0F * d2 + 8.0F * d3);
  }
}

/* F(3, 2): outputs to their values at the points, each of `count` channels. */
static void winograd_inverse_adjoint_3_2(const float *const d[3], float *const to[4], int count)
{
  for (int c = 0; c < count; c += LATHE_LANES) {
    const lathe_vector d0 = lathe_load(d[0] + c);
    const lathe_vector d1 = lathe_load(d[1] + c);
    const lathe_vector d2 = lathe_load(d[2] + c);
    lathe_store(to[0] + c, d0);
    lathe_store(to[1] + c, d2);
    lathe_store(to[2] + c, d0 + d1 + d2);
    lathe_store(to[3] + c, d0 - d1 + d2);
  }
}

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:22)
 * winograd_inverse_adjoint: dy[n, 6272], dm[n, 81, 128] */
static void decoder_2_winograd_inverse_adjoint(int n, int task, float *restrict scratch,
    const float *restrict dy, float *restrict dm)
{
  const int begin = task * 2;
  const int end = begin + 2 < n ? begin + 2 : n;
  float *const tile = scratch;
  for (int i = begin; i < end; i++) {
    const float *const image = dy + i * 7 * 7 * 128;
    for (int ty = 0; ty < 2; ty++) {
      for (int tx = 0; tx < 2; tx++) {
        const int down = ty < 1 ? 5 : 4, along = tx < 1 ? 5 : 4; /* points of the tile */
        for (int ox = 0; ox < along - 1; ox++) { /* down the columns of outputs */
          const float *from[5];
          float *to[5];
          for (int oy = 0; oy < down - 1; oy++)
            from[oy] = image + ((ty * 4 + oy) * 7 + tx * 4 + ox) * 128;
          for (int p = 0; p < down; p++)
            to[p] = tile + (p * 5 + ox) * 128;
          if (ty < 1)
            winograd_inverse_adjoint_4_2(from, to, 128);
          else
            winograd_inverse_adjoint_3_2(from, to, 128);
        }
        for (int p = 0; p < down; p++) { /* along the rows of points */
          const float *from[5];
          float *to[5];
          for (int ox = 0; ox < along - 1; ox++)
            from[ox] = tile + (p * 5 + ox) * 128;
          for (int q = 0; q < along; q++)
            to[q] = dm + winograd_row_7x7_2(n, p, q, i, ty, tx) * 128;
          if (tx < 1)
            winograd_inverse_adjoint_4_2(from, to, 128);
          else
            winograd_inverse_adjoint_3_2(from, to, 128);
        }
      }
    }
  }
}

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:22)
 * winograd_filter: w[4, 4, 64, 128], u[25, 32768] */
static void decoder_2_winograd_filter(int n, int task, float *restrict scratch,
    const float *restrict w, float *restrict u)
{
  const int begin = task;
  (void)n;
  winograd_filter_4_2_64x128(begin / 5, begin % 5, w, scratch); /* this task's point */
  lathe_pack_transposed(128, 256, scratch, 128, u + begin * 32768);
}

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:22)
 * winograd_product_adjoint: dm[n, 81, 128], w[25, 32768], dv[n, 81, 256]; 12.8 MFLOP an image */
static void decoder_2_winograd_product_adjoint(int n, int task, const float *restrict dm,
    const float *restrict w, float *restrict dv)
{
  const int begin = task;
  const int p = begin / 5, q = begin % 5; /* this task's point */
  const int first = winograd_row_7x7_2(n, p, q, 0, 0, 0), rows = winograd_row_7x7_2(n, p, q, n, 0,
      0) - first;
  lathe_product(rows, 256, 128, (struct lathe_rows){dm + first * 128, 128, 1},
      lathe_packed(w + begin * 32768, 128), 0, dv + first * 256, 256);
}

/* F(4, 2): values at the points to pixels of a tile, each of `count` channels. */
static void winograd_data_adjoint_4_2(const float *const d[5], float *const to[5], int count)
{
  for (int c = 0; c < count; c += LATHE_LANES) {
    const lathe_vector d0 = lathe_load(d[0] + c);
    const lathe_vector d1 = lathe_load(d[1] + c);
    const lathe_vector d2 = lathe_load(d[2] + c);
    const lathe_vector d3 = lathe_load(d[3] + c);
    const lathe_vector d4 = lathe_load(d[4] + c);
    lathe_store(to[0] + c, d0);
    lathe_store(to[1] + c, -0.5F * d0 + 2.0F * d1 + d2 - 0.33333334F * d3 - 0.16666667F * d4);
    lathe_store(to[2] + c, -d0 - d1 + 0.5F * d2 + 0.5F * d3);
    lathe_store(to[3] + c, 0.5F * d0 - 2.0F * d1 - 0.5F * d2 - 0.16666667F * d3 + 0.16666667F * d4);
    lathe_store(to[4] + c, d1);
  }
}

/* F(3, 2): values at the points to pixels of a tile, each of `count` channels. */
static void winograd_data_adjoint_3_2(const float *const d[4], float *const to[4], int count)
{
  for (int c = 0; c < count; c += LATHE_LANES) {
    const lathe_vector d0 = lathe_load(d[0] + c);
    const lathe_vector d1 = lathe_load(d[1] + c);
    const lathe_vector d2 = lathe_load(d[2] + c);
    const lathe_vector d3 = lathe_load(d[3] + c);
    lathe_store(to[0] + c, d0);
    lathe_store(to[1] + c, -d1 + 0.5F * d2 - 0.5F * d3);
    lathe_store(to[2] + c, -d0 + 0.5F * d2 + 0.5F * d3);
    lathe_store(to[3] + c, d1);
  }
}

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1; relu   (digits_conv.lathe:22)
 * winograd_data_adjoint + bias + relu: dv[n, 81, 256], b[64], y[n, 14, 14, 64];
 * 25.1 kFLOP an image */
static void decoder_2_winograd_data_adjoint(int n, int task, float *restrict scratch,
    const float *restrict dv, const float *restrict b, float *restrict y)
{
  const int begin = task * 2;
  const int end = begin + 2 < n ? begin + 2 : n;
  float *const tile = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = y + i * 14 * 14 * 64;
    memset(image, 0, 14 * 14 * 64 * sizeof *image); /* tiles overlap */
    for (int ty = 0; ty < 2; ty++) {
      for (int tx = 0; tx < 2; tx++) {
        const int down = ty < 1 ? 5 : 4, along = tx < 1 ? 5 : 4; /* points of the tile */
        for (int phase = 0; phase < 4; phase++) {
          const int oy = (ty * 4) * 2 + phase / 2 - 1, ox = (tx * 4) * 2 + phase % 2 - 1;
          for (int p = 0; p < down; p++) { /* along the rows of points */
            const float *from[5];
            float *to[5];
            for (int q = 0; q < along; q++) {
              to[q] = tile + (p * 5 + q) * 64;
              from[q] = dv + (winograd_row_7x7_2(n, p, q, i, ty, tx) * 4 + phase) * 64;
            }
            if (tx < 1)
              winograd_data_adjoint_4_2(from, to, 64);
            else
              winograd_data_adjoint_3_2(from, to, 64);
          }
          for (int q = 0; q < along; q++) { /* down the columns of pixels */
            const float *from[5];
            float *to[5];
            for (int p = 0; p < down; p++) {
              from[p] = tile + (p * 5 + q) * 64;
              to[p] = tile + (p * 5 + q) * 64;
            }
            if (ty < 1)
              winograd_data_adjoint_4_2(from, to, 64);
            else
              winograd_data_adjoint_3_2(from, to, 64);
            const int ix = ox + q * 2;
            for (int p = 0; p < down; p++) {
              const int iy = oy + p * 2;
              if (iy < 0 || iy >= 14 || ix < 0 || ix >= 14)
                continue;
              float *const pixel = image + (iy * 14 + ix) * 64;
              for (int c = 0; c < 64; c++)
                pixel[c] += to[p][c];
            }
          }
        }
      }
    }
  }
  for (int r = begin * 196; r < end * 196; r++) {
    float *const y_row = y + r * 64;
    for (int c = 0; c < 64; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}

/* decoder.4: conv_transpose2d 1, kernel 4, stride 2, pad 1; sigmoid   (digits_conv.lathe:24)
 * conv_input + bias + sigmoid: dy[n, 14, 14, 64], w[4, 4, 1, 64], b[1], y[n, 1, 28, 28];
 * 405.3 kFLOP an image */
static void decoder_4_conv_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict b,
    float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  float *const padded = scratch + 25088; /* an image amid its margins */
  lathe_product((end - begin) * 196, 16, 64,
      (struct lathe_rows){dy + begin * 196 * 64, 64, 1},
      lathe_pack_transposed(64, 16, w, 64, scratch + 25988), 0, scratch, 16);
  const float *column = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = y + i * 784;
    memset(padded, 0, 900 * sizeof *padded);
    for (int oy = 0; oy < 14; oy++) {
      for (int ox = 0; ox < 14; ox++) {
        for (int ky = 0; ky < 4; ky++) {
          float *const run = padded + (oy * 2 + ky) * 30 + ox * 2;
          for (int k = 0; k < 4; k++)
            run[k] += column[k];
          column += 4;
        }
      }
    }
    for (int iy = 0; iy < 28; iy++)
      memcpy(image + iy * 28, padded + (iy + 1) * 30 + 1, 28 * sizeof *padded);
  }
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 784;
    for (int c = 0; c < 784; c++) {
      const float bias1 = y_row[c] + b[0];
      y_row[c] = lathe_sigmoidf(bias1);
    }
  }
}

static void decode_0(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  decoder_0_linear(c->n, task,
      c->latents,
      c->fixed + DECODER_0_WEIGHT,
      c->fixed + DECODER_0_BIAS,
      c->batch + c->capacity * DECODE_DECODER_0);
}

static void decode_1(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_inverse_adjoint(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * DECODE_DECODER_0,
      c->batch + c->capacity * DECODE_DECODER_2_WINOGRAD_INVERSE_ADJOINT);
}

static void decode_2(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_filter(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->fixed + DECODER_2_WEIGHT,
      c->fixed + DECODE_DECODER_2_WINOGRAD_FILTER);
}

static void decode_3(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  decoder_2_winograd_product_adjoint(c->n, task,
      c->batch + c->capacity * DECODE_DECODER_2_WINOGRAD_INVERSE_ADJOINT,
      c->fixed + DECODE_DECODER_2_WINOGRAD_FILTER,
      c->batch + c->capacity * DECODE_DECODER_2_WINOGRAD_PRODUCT_ADJOINT);
}

static void decode_4(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_data_adjoint(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * DECODE_DECODER_2_WINOGRAD_PRODUCT_ADJOINT,
      c->fixed + DECODER_2_BIAS,
      c->batch + c->capacity * DECODE_DECODER_3);
}

static void decode_5(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_4_conv_input(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * DECODE_DECODER_3,
      c->fixed + DECODER_4_WEIGHT,
      c->fixed + DECODER_4_BIAS,
      c->decoded);
}

void digits_conv_decode(struct lathe_state *state, int n, const float *latents, float *images)
{
  struct digits_conv_call call = {
    .n = n,
    .capacity = (size_t)state->capacity,
    .fixed = state->fixed,
    .batch = state->batch,
    .scratch = state->scratch,
    .latents = latents,
    .decoded = images,
  };
  if ((state->tables & LATHE_DECODE_TABLES) == 0) {
    lathe_parallel(state->pool, 25, decode_2, &call);
    state->tables |= LATHE_DECODE_TABLES;
  }
  lathe_parallel(state->pool, (n + 13) / 14, decode_0, &call);
  lathe_parallel(state->pool, (n + 1) / 2, decode_1, &call);
  lathe_parallel(state->pool, 25, decode_3, &call);
  lathe_parallel(state->pool, (n + 1) / 2, decode_4, &call);
  lathe_parallel(state->pool, (n + 7) / 8, decode_5, &call);
}

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1   (digits_conv.lathe:13)
 * winograd_product: v[n, 81, 256], w[4, 4, 64, 128], m[n, 81, 128]; 12.8 MFLOP an image */
static void encoder_2_winograd_product_2(int n, int task, float *restrict scratch,
    const float *restrict v, const float *restrict w, float *restrict m)
{
  const int begin = task;
  const int p = begin / 5, q = begin % 5; /* this task's point */
  const int first = winograd_row_7x7_2(n, p, q, 0, 0, 0), rows = winograd_row_7x7_2(n, p, q, n, 0,
      0) - first;
  float *const u = scratch, *const packed = scratch + 256 * 128;
  winograd_filter_4_2_64x128(p, q, w, u);
  lathe_product(rows, 128, 256, (struct lathe_rows){v + first * 256, 256, 1},
      lathe_pack(256, 128, u, 128, packed), 0, m + first * 128, 128);
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * sample: mean[n, 20], logvar[n, 20], noise[n, 20], z[n, 20] */
static void encoder_5_sample(int n, int task, const float *restrict mean,
    const float *restrict logvar, const float *restrict noise, float *restrict z)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    const float *const mean_row = mean + r * 20;
    const float *const logvar_row = logvar + r * 20;
    const float *const noise_row = noise + r * 20;
    float *const z_row = z + r * 20;
    for (int c = 0; c < 20; c++) {
      z_row[c] = mean_row[c] + lathe_expf(0.5F * logvar_row[c]) * noise_row[c];
    }
  }
}

/* decoder.0: linear 6272   (digits_conv.lathe:20)
 * linear + bias: x[n, 20], w[20, 49, 128], b[49, 128], y[n, 6272]; 257.2 kFLOP an image */
static void decoder_0_linear_2(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 800;
  const int end = begin + 800 < 6272 ? begin + 800 : 6272;
  const struct lathe_panels w_panels =
          lathe_pack(20, (end - begin), w + begin, 6272, scratch);
  lathe_product(n, (end - begin), 20, (struct lathe_rows){x, 20, 1}, w_panels, 0,
      y + begin, 6272);
  for (int r = 0; r < n; r++) {
    float *const y_row = y + r * 6272;
    for (int c = begin; c < end; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:22)
 * winograd_product_adjoint: dm[n, 81, 128], w[4, 4, 64, 128], dv[n, 81, 256];
 * 12.8 MFLOP an image */
static void decoder_2_winograd_product_adjoint_2(int n, int task, float *restrict scratch,
    const float *restrict dm, const float *restrict w, float *restrict dv)
{
  const int begin = task;
  const int p = begin / 5, q = begin % 5; /* this task's point */
  const int first = winograd_row_7x7_2(n, p, q, 0, 0, 0), rows = winograd_row_7x7_2(n, p, q, n, 0,
      0) - first;
  float *const u = scratch, *const packed = scratch + 256 * 128;
  winograd_filter_4_2_64x128(p, q, w, u);
  lathe_product(rows, 256, 128, (struct lathe_rows){dm + first * 128, 128, 1},
      lathe_pack_transposed(128, 256, u, 128, packed), 0, dv + first * 256, 256);
}

/* decoder.4: conv_transpose2d 1, kernel 4, stride 2, pad 1   (digits_conv.lathe:24)
 * conv_input + bias: dy[n, 14, 14, 64], w[4, 4, 1, 64], b[1], y[n, 1, 28, 28];
 * 402.2 kFLOP an image */
static void decoder_4_conv_input_2(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict b,
    float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  float *const padded = scratch + 25088; /* an image amid its margins */
  lathe_product((end - begin) * 196, 16, 64,
      (struct lathe_rows){dy + begin * 196 * 64, 64, 1},
      lathe_pack_transposed(64, 16, w, 64, scratch + 25988), 0, scratch, 16);
  const float *column = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = y + i * 784;
    memset(padded, 0, 900 * sizeof *padded);
    for (int oy = 0; oy < 14; oy++) {
      for (int ox = 0; ox < 14; ox++) {
        for (int ky = 0; ky < 4; ky++) {
          float *const run = padded + (oy * 2 + ky) * 30 + ox * 2;
          for (int k = 0; k < 4; k++)
            run[k] += column[k];
          column += 4;
        }
      }
    }
    for (int iy = 0; iy < 28; iy++)
      memcpy(image + iy * 28, padded + (iy + 1) * 30 + 1, 28 * sizeof *padded);
  }
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 784;
    for (int c = 0; c < 784; c++) {
      y_row[c] = y_row[c] + b[0];
    }
  }
}

/* reconstruction
 * bernoulli: logits[n, 1, 28, 28], x[n, 1, 28, 28], nll[n, 1] */
static void bernoulli(int n, int task, const float *restrict logits,
    const float *restrict x, double *restrict nll)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    double sum[16] = {0};
    for (int j = 0; j < 784; j += 16) {
      for (int lane = 0; lane < 16; lane++) {
        const float l = logits[i * 784 + j + lane];
        const float most = l > 0 ? l : 0;
        const float term = most - l * x[i * 784 + j + lane] + lathe_log1p_expf(most - (l - most));
        sum[lane] += term;
      }
    }
    for (int lane = 1; lane < 16; lane++)
      sum[0] += sum[lane];
    nll[i] = sum[0];
  }
}

/* kl
 * kl: mean[n, 20], logvar[n, 20], kl[n, 1] */
static void kl(int n, int task, const float *restrict mean,
    const float *restrict logvar, double *restrict kl)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    double sum = 0;
    for (int j = 0; j < 20; j++) {
      const double m = mean[i * 20 + j];
      const double l = logvar[i * 20 + j];
      const double term = m * m + (expm1(l) - l);
      sum += term;
    }
    kl[i] = 0.5 * sum;
  }
}

static void evaluate_0(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_0_conv(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->images,
      c->fixed + ENCODER_0_WEIGHT,
      c->fixed + ENCODER_0_BIAS,
      c->batch + c->capacity * EVALUATE_ENCODER_1);
}

static void evaluate_1(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_data(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * EVALUATE_ENCODER_1,
      c->batch + c->capacity * EVALUATE_ENCODER_2_WINOGRAD_DATA);
}

static void evaluate_2(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_product_2(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * EVALUATE_ENCODER_2_WINOGRAD_DATA,
      c->fixed + ENCODER_2_WEIGHT,
      c->batch + c->capacity * EVALUATE_ENCODER_2_WINOGRAD_PRODUCT);
}

static void evaluate_3(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_inverse(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * EVALUATE_ENCODER_2_WINOGRAD_PRODUCT,
      c->fixed + ENCODER_2_BIAS,
      c->fixed + ENCODER_3_RUNNING_MEAN,
      c->fixed + ENCODER_3_RUNNING_VAR,
      c->fixed + ENCODER_3_WEIGHT,
      c->fixed + ENCODER_3_BIAS,
      c->batch + c->capacity * EVALUATE_ENCODER_4);
}

static void evaluate_4(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear(c->n, task,
      c->batch + c->capacity * EVALUATE_ENCODER_4,
      c->fixed + MEAN_WEIGHT,
      c->fixed + MEAN_BIAS,
      c->batch + c->capacity * EVALUATE_MEAN);
}

static void evaluate_5(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear_2(c->n, task,
      c->batch + c->capacity * EVALUATE_ENCODER_4,
      c->fixed + LOGVAR_WEIGHT,
      c->fixed + LOGVAR_BIAS,
      c->batch + c->capacity * EVALUATE_LOGVAR);
}

static void evaluate_6(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_sample(c->n, task,
      c->batch + c->capacity * EVALUATE_MEAN,
      c->batch + c->capacity * EVALUATE_LOGVAR,
      c->noise,
      c->batch + c->capacity * EVALUATE_Z);
}

static void evaluate_7(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_0_linear_2(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * EVALUATE_Z,
      c->fixed + DECODER_0_WEIGHT,
      c->fixed + DECODER_0_BIAS,
      c->batch + c->capacity * EVALUATE_DECODER_0);
}

static void evaluate_8(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_inverse_adjoint(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * EVALUATE_DECODER_0,
      c->batch + c->capacity * EVALUATE_DECODER_2_WINOGRAD_INVERSE_ADJOINT);
}

static void evaluate_9(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_product_adjoint_2(c->n, task, c->scratch + (size_t)thread *
      DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * EVALUATE_DECODER_2_WINOGRAD_INVERSE_ADJOINT,
      c->fixed + DECODER_2_WEIGHT,
      c->batch + c->capacity * EVALUATE_DECODER_2_WINOGRAD_PRODUCT_ADJOINT);
}

static void evaluate_10(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_data_adjoint(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * EVALUATE_DECODER_2_WINOGRAD_PRODUCT_ADJOINT,
      c->fixed + DECODER_2_BIAS,
      c->batch + c->capacity * EVALUATE_DECODER_3);
}

static void evaluate_11(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_4_conv_input_2(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * EVALUATE_DECODER_3,
      c->fixed + DECODER_4_WEIGHT,
      c->fixed + DECODER_4_BIAS,
      c->batch + c->capacity * EVALUATE_DECODER_4);
}

static void evaluate_12(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  bernoulli(c->n, task,
      c->batch + c->capacity * EVALUATE_DECODER_4,
      c->images,
      (double *)(void *)(c->batch + c->capacity * EVALUATE_RECONSTRUCTION));
}

static void evaluate_13(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  kl(c->n, task,
      c->batch + c->capacity * EVALUATE_MEAN,
      c->batch + c->capacity * EVALUATE_LOGVAR,
      (double *)(void *)(c->batch + c->capacity * EVALUATE_KL));
}

struct lathe_loss digits_conv_evaluate(struct lathe_state *state, int n, const float *images,
    const float *noise)
{
  struct digits_conv_call call = {
    .n = n,
    .capacity = (size_t)state->capacity,
    .fixed = state->fixed,
    .batch = state->batch,
    .scratch = state->scratch,
    .images = images,
    .noise = noise,
  };
  lathe_parallel(state->pool, (n + 7) / 8, evaluate_0, &call);
  lathe_parallel(state->pool, (n + 1) / 2, evaluate_1, &call);
  lathe_parallel(state->pool, 25, evaluate_2, &call);
  lathe_parallel(state->pool, (n + 1) / 2, evaluate_3, &call);
  lathe_parallel(state->pool, (n + 31) / 32, evaluate_4, &call);
  lathe_parallel(state->pool, (n + 31) / 32, evaluate_5, &call);
  lathe_parallel(state->pool, (n + 15) / 16, evaluate_6, &call);
  lathe_parallel(state->pool, 8, evaluate_7, &call);
  lathe_parallel(state->pool, (n + 1) / 2, evaluate_8, &call);
  lathe_parallel(state->pool, 25, evaluate_9, &call);
  lathe_parallel(state->pool, (n + 1) / 2, evaluate_10, &call);
  lathe_parallel(state->pool, (n + 7) / 8, evaluate_11, &call);
  lathe_parallel(state->pool, (n + 15) / 16, evaluate_12, &call);
  lathe_parallel(state->pool, (n + 15) / 16, evaluate_13, &call);
  const double *const reconstruction =
      (const double *)(const void *)(call.batch + call.capacity * EVALUATE_RECONSTRUCTION);
  const double *const kl = (const double *)(const void *)(call.batch + call.capacity * EVALUATE_KL);
  struct lathe_loss loss = {0};
  for (int i = 0; i < n; i++) {
    loss.reconstruction += reconstruction[i];
    loss.kl += kl[i];
  }
  loss.reconstruction /= n;
  loss.kl /= n;
  loss.total = loss.reconstruction + 1.0 * loss.kl;
  const float *const logvar = call.batch + call.capacity * EVALUATE_LOGVAR;
  for (int i = 0; i < n * 20; i++)
    loss.clamped += logvar[i] <= -30.0F || logvar[i] >= 20.0F;
  return loss;
}

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1   (digits_conv.lathe:13)
 * winograd_inverse + bias: m[n, 81, 128], b[128], y[n, 7, 7, 128]; 6.3 kFLOP an image */
static void encoder_2_winograd_inverse_2(int n, int task, float *restrict scratch,
    const float *restrict m, const float *restrict b, float *restrict y)
{
  const int begin = task * 2;
  const int end = begin + 2 < n ? begin + 2 : n;
  float *const tile = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = y + i * 7 * 7 * 128;
    for (int ty = 0; ty < 2; ty++) {
      for (int tx = 0; tx < 2; tx++) {
        const int down = ty < 1 ? 5 : 4, along = tx < 1 ? 5 : 4; /* points of the tile */
        for (int q = 0; q < along; q++) { /* down the columns of points */
          const float *from[5];
          float *to[5];
          for (int p = 0; p < down; p++)
            from[p] = m + winograd_row_7x7_2(n, p, q, i, ty, tx) * 128;
          for (int oy = 0; oy < down - 1; oy++)
            to[oy] = tile + (oy * 5 + q) * 128;
          if (ty < 1)
            winograd_inverse_4_2(from, to, 128);
          else
            winograd_inverse_3_2(from, to, 128);
        }
        for (int oy = 0; oy < down - 1; oy++) { /* along the rows of outputs */
          const float *from[5];
          float *to[5];
          for (int q = 0; q < along; q++)
            from[q] = tile + (oy * 5 + q) * 128;
          for (int ox = 0; ox < along - 1; ox++)
            to[ox] = image + ((ty * 4 + oy) * 7 + tx * 4 + ox) * 128;
          if (tx < 1)
            winograd_inverse_4_2(from, to, 128);
          else
            winograd_inverse_3_2(from, to, 128);
        }
      }
    }
  }
  for (int r = begin * 49; r < end * 49; r++) {
    float *const y_row = y + r * 128;
    for (int c = 0; c < 128; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}

/* encoder.3: batchnorm   (digits_conv.lathe:14)
 * moments: x[n, 7, 7, 128], moments[3, 128]; 25.1 kFLOP an image */
static void encoder_3_moments(int n, int task, const float *restrict x,
    float *restrict moments)
{
  const int begin = task * 16;
  const double count = (double)n * 49;
  double mean[16] = {0};
  for (int r = 0; r < n * 49; r++) {
    lathe_fetch(x + begin, (r + 32) * 128);
    for (int c = 0; c < 16; c++)
      mean[c] += x[r * 128 + begin + c];
  }
  for (int c = 0; c < 16; c++) {
    mean[c] /= count;
  }
  double square[16] = {0};
  for (int r = 0; r < n * 49; r++) {
    lathe_fetch(x + begin, (r + 32) * 128);
    for (int c = 0; c < 16; c++)
      square[c] += (x[r * 128 + begin + c] - mean[c]) * (x[r * 128 + begin + c] - mean[c]);
  }
  for (int c = 0; c < 16; c++) {
    const double variance = square[c] / count;
    moments[begin + c] = (float)mean[c];
    moments[128 + begin + c] = (float)variance;
    moments[256 + begin + c] = (float)(1 / sqrt(variance + 1e-05));
  }
}

/* encoder.3: batchnorm   (digits_conv.lathe:14)
 * running_update: moments[3, 128], running_mean[128], running_var[128] */
static void encoder_3_running_update(int n, const float *restrict moments,
    float *restrict running_mean, float *restrict running_var)
{
  const double count = (double)n * 49;
  const float unbiased = (float)(count > 1 ? count / (count - 1) : 1);
  for (int c = 0; c < 128; c++) {
    running_mean[c] += 0.1F * (moments[c] - running_mean[c]);
    running_var[c] += 0.1F * (unbiased * moments[128 + c] - running_var[c]);
  }
}

/* encoder.3: batchnorm; relu   (digits_conv.lathe:14)
 * normalise + relu: x[n, 7, 7, 128], moments[3, 128], gamma[128], beta[128], y[n, 7, 7, 128];
 * 31.4 kFLOP an image */
static void encoder_3_normalise(int n, int task, const float *restrict x,
    const float *restrict moments, const float *restrict gamma, const float *restrict beta,
    float *restrict y)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin * 49; r < end * 49; r++) {
    const float *const x_row = x + r * 128;
    float *const y_row = y + r * 128;
    for (int c = 0; c < 128; c++) {
      const float normalise0 = (x_row[c] - moments[c]) * moments[256 + c] * gamma[c] + beta[c];
      y_row[c] = normalise0 < 0.0F ? 0.0F : normalise0;
    }
  }
}

static void forward_0(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_0_conv(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->images,
      c->fixed + ENCODER_0_WEIGHT,
      c->fixed + ENCODER_0_BIAS,
      c->batch + c->capacity * TRAIN_ENCODER_1);
}

static void forward_1(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_data(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_ENCODER_1,
      c->batch + c->capacity * TRAIN_ENCODER_2_WINOGRAD_DATA);
}

static void forward_2(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_product_2(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_ENCODER_2_WINOGRAD_DATA,
      c->fixed + ENCODER_2_WEIGHT,
      c->batch + c->capacity * TRAIN_ENCODER_2_WINOGRAD_PRODUCT);
}

static void forward_3(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_inverse_2(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_ENCODER_2_WINOGRAD_PRODUCT,
      c->fixed + ENCODER_2_BIAS,
      c->batch + c->capacity * TRAIN_ENCODER_2);
}

static void forward_4(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_3_moments(c->n, task,
      c->batch + c->capacity * TRAIN_ENCODER_2,
      c->fixed + TRAIN_ENCODER_3_MOMENTS);
}

static void forward_5(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)task;
  (void)thread;
  encoder_3_running_update(c->n,
      c->fixed + TRAIN_ENCODER_3_MOMENTS,
      c->fixed + ENCODER_3_RUNNING_MEAN,
      c->fixed + ENCODER_3_RUNNING_VAR);
}

static void forward_6(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_3_normalise(c->n, task,
      c->batch + c->capacity * TRAIN_ENCODER_2,
      c->fixed + TRAIN_ENCODER_3_MOMENTS,
      c->fixed + ENCODER_3_WEIGHT,
      c->fixed + ENCODER_3_BIAS,
      c->batch + c->capacity * TRAIN_ENCODER_4);
}

static void forward_7(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear(c->n, task,
      c->batch + c->capacity * TRAIN_ENCODER_4,
      c->fixed + MEAN_WEIGHT,
      c->fixed + MEAN_BIAS,
      c->batch + c->capacity * TRAIN_MEAN);
}

static void forward_8(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear_2(c->n, task,
      c->batch + c->capacity * TRAIN_ENCODER_4,
      c->fixed + LOGVAR_WEIGHT,
      c->fixed + LOGVAR_BIAS,
      c->batch + c->capacity * TRAIN_LOGVAR);
}

static void forward_9(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_sample(c->n, task,
      c->batch + c->capacity * TRAIN_MEAN,
      c->batch + c->capacity * TRAIN_LOGVAR,
      c->noise,
      c->batch + c->capacity * TRAIN_Z);
}

static void forward_10(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_0_linear_2(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_Z,
      c->fixed + DECODER_0_WEIGHT,
      c->fixed + DECODER_0_BIAS,
      c->batch + c->capacity * TRAIN_DECODER_0);
}

static void forward_11(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_inverse_adjoint(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_DECODER_0,
      c->batch + c->capacity * TRAIN_DECODER_2_WINOGRAD_INVERSE_ADJOINT);
}

static void forward_12(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_product_adjoint_2(c->n, task, c->scratch + (size_t)thread *
      DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_DECODER_2_WINOGRAD_INVERSE_ADJOINT,
      c->fixed + DECODER_2_WEIGHT,
      c->batch + c->capacity * TRAIN_DECODER_2_WINOGRAD_PRODUCT_ADJOINT);
}

static void forward_13(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_data_adjoint(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_DECODER_2_WINOGRAD_PRODUCT_ADJOINT,
      c->fixed + DECODER_2_BIAS,
      c->batch + c->capacity * TRAIN_DECODER_3);
}

static void forward_14(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_4_conv_input_2(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_DECODER_3,
      c->fixed + DECODER_4_WEIGHT,
      c->fixed + DECODER_4_BIAS,
      c->batch + c->capacity * TRAIN_DECODER_4);
}

static void forward_15(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  bernoulli(c->n, task,
      c->batch + c->capacity * TRAIN_DECODER_4,
      c->images,
      (double *)(void *)(c->batch + c->capacity * TRAIN_RECONSTRUCTION));
}

static void forward_16(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  kl(c->n, task,
      c->batch + c->capacity * TRAIN_MEAN,
      c->batch + c->capacity * TRAIN_LOGVAR,
      (double *)(void *)(c->batch + c->capacity * TRAIN_KL));
}

struct lathe_loss digits_conv_forward(struct lathe_state *state, int n, const float *images,
    const float *noise)
{
  struct digits_conv_call call = {
    .n = n,
    .capacity = (size_t)state->capacity,
    .fixed = state->fixed,
    .batch = state->batch,
    .scratch = state->scratch,
    .images = images,
    .noise = noise,
  };
  lathe_kernel(state, 0, (n + 7) / 8, forward_0, &call);
  lathe_kernel(state, 1, (n + 1) / 2, forward_1, &call);
  lathe_kernel(state, 2, 25, forward_2, &call);
  lathe_kernel(state, 3, (n + 1) / 2, forward_3, &call);
  lathe_kernel(state, 4, 8, forward_4, &call);
  lathe_kernel(state, 5, 1, forward_5, &call);
  lathe_kernel(state, 6, (n + 15) / 16, forward_6, &call);
  lathe_kernel(state, 7, (n + 31) / 32, forward_7, &call);
  lathe_kernel(state, 8, (n + 31) / 32, forward_8, &call);
  lathe_kernel(state, 9, (n + 15) / 16, forward_9, &call);
  lathe_kernel(state, 10, 8, forward_10, &call);
  lathe_kernel(state, 11, (n + 1) / 2, forward_11, &call);
  lathe_kernel(state, 12, 25, forward_12, &call);
  lathe_kernel(state, 13, (n + 1) / 2, forward_13, &call);
  lathe_kernel(state, 14, (n + 7) / 8, forward_14, &call);
  lathe_kernel(state, 15, (n + 15) / 16, forward_15, &call);
  lathe_kernel(state, 16, (n + 15) / 16, forward_16, &call);
  const double *const reconstruction =
      (const double *)(const void *)(call.batch + call.capacity * TRAIN_RECONSTRUCTION);
  const double *const kl = (const double *)(const void *)(call.batch + call.capacity * TRAIN_KL);
  struct lathe_loss loss = {0};
  for (int i = 0; i < n; i++) {
    loss.reconstruction += reconstruction[i];
    loss.kl += kl[i];
  }
  loss.reconstruction /= n;
  loss.kl /= n;
  loss.total = loss.reconstruction + 1.0 * loss.kl;
  const float *const logvar = call.batch + call.capacity * TRAIN_LOGVAR;
  for (int i = 0; i < n * 20; i++)
    loss.clamped += logvar[i] <= -30.0F || logvar[i] >= 20.0F;
  return loss;
}
