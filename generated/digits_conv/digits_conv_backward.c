/* The backward pass of digits_conv: gradients of the batch's mean loss, in reverse order. */
#include "digits_conv_internal.h"
#include <lathe/dots.h>
#include <lathe/fetch.h>
#include <lathe/kernel.h>
#include <lathe/pack.h>
#include <lathe/sum_rows.h>
#include <lathe/vector_math.h>
#include <math.h>
#include <string.h>

/* d.mean.part
 * kl_grad_mean: mean[n, 20] */
static void kl_grad_mean(int n, int task, float *restrict mean, float seed)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const mean_row = mean + r * 20;
    for (int c = 0; c < 20; c++) {
      mean_row[c] = mean_row[c] * seed;
    }
  }
}

/* d.logvar.part
 * kl_grad_logvar: logvar[n, 20], dlogvar[n, 20] */
static void kl_grad_logvar(int n, int task, const float *restrict logvar,
    float seed, float *restrict dlogvar)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    const float *const logvar_row = logvar + r * 20;
    float *const dlogvar_row = dlogvar + r * 20;
    for (int c = 0; c < 20; c++) {
      dlogvar_row[c] = 0.5F * (lathe_expf(logvar_row[c]) - 1.0F) * seed;
    }
  }
}

/* d.decoder.4
 * bernoulli_grad: logits[n, 1, 28, 28], x[n, 1, 28, 28]; 3.1 kFLOP an image */
static void bernoulli_grad(int n, int task, float *restrict logits,
    const float *restrict x, float seed)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const logits_row = logits + r * 784;
    const float *const x_row = x + r * 784;
    for (int c = 0; c < 784; c++) {
      logits_row[c] = (lathe_sigmoidf(logits_row[c]) - x_row[c]) * seed;
    }
  }
}

/* decoder.4: conv_transpose2d 1, kernel 4, stride 2, pad 1   (digits_conv.lathe:24)
 * channel_sum: dy[n, 1, 28, 28], db[1] */
static void decoder_4_channel_sum(int n, const float *restrict dy, float *restrict db)
{
  double sum[16] = {0};
  for (int r = 0; r < n * 49; r++)
    for (int c = 0; c < 16; c++)
      sum[c] += dy[r * 16 + c];
  for (int c = 1; c < 16; c++)
    sum[0] += sum[c];
  db[0] = (float)sum[0];
}

/* decoder.4: conv_transpose2d 1, kernel 4, stride 2, pad 1   (digits_conv.lathe:24)
 * conv_weight: dy[n, 14, 14, 64], x[n, 1, 28, 28], dw[1024]; 401.4 kFLOP an image */
static void decoder_4_conv_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw)
{
  const int begin = task * 32;
  float *const padded = scratch + 25088; /* an image amid its margins */
  memset(padded, 0, 900 * sizeof *padded);
  for (int from = 0; from < n; from += 8) {
    const int to = from + 8 < n ? from + 8 : n;
    float *column = scratch;
    for (int i = from; i < to; i++) {
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
    const struct lathe_panels panels = {dy + from * 196 * 64 + begin, LATHE_PANEL, 64};
    lathe_product(16, 32, (to - from) * 196, (struct lathe_rows){scratch, 1, 16}, panels,
        from > 0, dw + begin, 64);
  }
}

/* decoder.4: conv_transpose2d 1, kernel 4, stride 2, pad 1; relu   (digits_conv.lathe:24)
 * conv + relu_grad: x[n, 1, 28, 28], w[4, 4, 1, 64], act[n, 14, 14, 64], dx[n, 14, 14, 64];
 * 414.0 kFLOP an image */
static void decoder_4_conv(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict act,
    float *restrict dx)
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
      panels, 0, dx + begin * 196 * 64, 64);
  for (int r = begin; r < end; r++) {
    const float *const act_row = act + r * 12544;
    float *const dx_row = dx + r * 12544;
    for (int c = 0; c < 12544; c++) {
      const float dy_value = dx_row[c];
      dx_row[c] = act_row[c] > 0.0F ? dy_value : 0.0F;
    }
  }
}

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:22)
 * channel_sum: dy[n, 14, 14, 64], db[64]; 12.5 kFLOP an image */
static void decoder_2_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 16;
  double sum[16] = {0};
  for (int r = 0; r < n * 196; r++) {
    lathe_fetch(dy + begin, (r + 32) * 64);
    for (int c = 0; c < 16; c++)
      sum[c] += dy[r * 64 + begin + c];
  }
  for (int c = 0; c < 16; c++) {
    db[begin + c] = (float)sum[c];
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

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:22)
 * winograd_data: x[n, 14, 14, 64], v[n, 81, 256] */
static void decoder_2_winograd_data(int n, int task, float *restrict scratch,
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

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:22)
 * winograd_weight: dm[n, 81, 128], v[n, 81, 256], dw[131072]; 12.8 MFLOP an image */
static void decoder_2_winograd_weight(int n, int task, float *restrict scratch,
    const float *restrict dm, const float *restrict v, float *restrict dw)
{
  const int begin = task;
  static const float g[5][2] = {{1.0F, 0.0F}, {0.0F, 1.0F}, {1.0F, 1.0F}, {1.0F, -1.0F}, {1.0F,
      2.0F}};
  const int phase = begin / 2, channel = begin % 2 * 32; /* this task's */
  float *const taps = dw + ((phase / 2 * 4 + phase % 2) * 64 + channel) * 128;
  float *const du = scratch;
  for (int y = 0; y < 2; y++)
    for (int x = 0; x < 2; x++)
      memset(taps + (y * 4 + x) * 2 * 64 * 128, 0, 32 * 128 * sizeof *taps);
  for (int p = 0; p < 5; p++) {
    for (int q = 0; q < 5; q++) {
      const int first = winograd_row_7x7_2(n, p, q, 0, 0, 0), rows = winograd_row_7x7_2(n, p, q, n,
          0, 0) - first;
      const float *const left = v + first * 256 + phase * 64 + channel;
      lathe_product(32, 128, rows, (struct lathe_rows){left, 1, 256},
          (struct lathe_panels){dm + first * 128, LATHE_PANEL, 128}, 0, du, 128);
      for (int y = 0; y < 2; y++) {
        for (int x = 0; x < 2; x++) {
          const float factor = g[p][y] * g[q][x];
          float *const tap = taps + (y * 4 + x) * 2 * 64 * 128;
          if (factor == 0)
            continue;
          for (int i = 0; i < 32 * 128; i++)
            tap[i] += factor * du[i];
        }
      }
    }
  }
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

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:22)
 * winograd_product: v[n, 81, 256], w[4, 4, 64, 128], m[n, 81, 128]; 12.8 MFLOP an image */
static void decoder_2_winograd_product(int n, int task, float *restrict scratch,
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

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:22)
 * winograd_inverse: m[n, 81, 128], y[n, 7, 7, 128] */
static void decoder_2_winograd_inverse(int n, int task, float *restrict scratch,
    const float *restrict m, float *restrict y)
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
}

/* decoder.0: linear 6272   (digits_conv.lathe:20)
 * channel_sum: dy[n, 7, 7, 128], db[6272]; 6.3 kFLOP an image */
static void decoder_0_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 784;
  double sum[784] = {0};
  for (int r = 0; r < n; r++)
    for (int c = 0; c < 784; c++)
      sum[c] += dy[r * 6272 + begin + c];
  for (int c = 0; c < 784; c++) {
    db[begin + c] = (float)sum[c];
  }
}

/* decoder.0: linear 6272   (digits_conv.lathe:20)
 * linear_input: dy[n, 7, 7, 128], w[20, 49, 128], dx[n, 20]; 250.9 kFLOP an image */
static void decoder_0_linear_input(int n, int task, const float *restrict dy,
    const float *restrict w, float *restrict dx)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  lathe_dots(end - begin, 20, 6272, dy + begin * 6272, 6272, w, 6272, dx + begin * 20, 20);
}

/* decoder.0: linear 6272   (digits_conv.lathe:20)
 * linear_weight: dy[n, 7, 7, 128], x[n, 20], dw[125440]; 250.9 kFLOP an image */
static void decoder_0_linear_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct digits_conv_update *update)
{
  const int begin = task * 224;
  const int to_row = update != NULL ? 224 : 6272;
  const struct lathe_panels panels = {dy + begin, LATHE_PANEL, 6272};
  for (int row = 0; row < 20; row += 14) {
    const int rows = 20 - row < 14 ? 20 - row : 14;
    const struct lathe_rows left = {x + row, 1, 20};
    float *const to = update != NULL ? scratch : dw + row * 6272 + begin;
    lathe_product(rows, 224, n, left, panels, 0, to, to_row);
    for (int r = 0; update != NULL && r < rows; r++)
      digits_conv_update(update, DECODER_0_WEIGHT + row * 6272 + begin + r * 6272, 224, to + r *
          224);
  }
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * add: x[n, 20], a[n, 20] */
static void encoder_5_add(int n, int task, const float *restrict x,
    float *restrict a)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    const float *const x_row = x + r * 20;
    float *const a_row = a + r * 20;
    for (int c = 0; c < 20; c++) {
      a_row[c] = x_row[c] + a_row[c];
    }
  }
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * sample_grad_logvar + add + clamp_grad: dz[n, 20], logvar[n, 20], noise[n, 20], a[n, 20] */
static void encoder_5_sample_grad_logvar(int n, int task, float *restrict dz,
    const float *restrict logvar, const float *restrict noise, const float *restrict a)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const dz_row = dz + r * 20;
    const float *const logvar_row = logvar + r * 20;
    const float *const noise_row = noise + r * 20;
    const float *const a_row = a + r * 20;
    for (int c = 0; c < 20; c++) {
      const float sample_grad_logvar0 = dz_row[c] * 0.5F * lathe_expf(0.5F * logvar_row[c]) *
          noise_row[c];
      const float add1 = sample_grad_logvar0 + a_row[c];
      dz_row[c] = logvar_row[c] <= -30.0F || logvar_row[c] >= 20.0F ? 0.0F : add1;
    }
  }
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * channel_sum: dy[n, 20], db[20] */
static void encoder_5_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 16;
  const int end = begin + 16 < 20 ? begin + 16 : 20;
  double sum[16] = {0};
  for (int r = 0; r < n; r++)
    for (int c = 0; c < end - begin; c++)
      sum[c] += dy[r * 20 + begin + c];
  for (int c = 0; c < end - begin; c++) {
    db[begin + c] = (float)sum[c];
  }
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * linear_input: dy[n, 20], w[20, 49, 128], dx[n, 6272]; 250.9 kFLOP an image */
static void encoder_5_linear_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, float *restrict dx)
{
  const int begin = task * 800;
  const int end = begin + 800 < 6272 ? begin + 800 : 6272;
  const struct lathe_panels w_panels =
          lathe_pack(20, (end - begin), w + begin, 6272, scratch);
  lathe_product(n, (end - begin), 20, (struct lathe_rows){dy, 20, 1}, w_panels, 0,
      dx + begin, 6272);
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * linear_weight: dy[n, 20], x[n, 7, 7, 128], dw[125440]; 250.9 kFLOP an image */
static void encoder_5_linear_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct digits_conv_update *update)
{
  const int begin = task * 224;
  const int to_row = update != NULL ? 224 : 6272;
  const struct lathe_panels panels = {x + begin, LATHE_PANEL, 6272};
  for (int row = 0; row < 20; row += 14) {
    const int rows = 20 - row < 14 ? 20 - row : 14;
    const struct lathe_rows left = {dy + row, 1, 20};
    float *const to = update != NULL ? scratch : dw + row * 6272 + begin;
    lathe_product(rows, 224, n, left, panels, 0, to, to_row);
    for (int r = 0; update != NULL && r < rows; r++)
      digits_conv_update(update, LOGVAR_WEIGHT + row * 6272 + begin + r * 6272, 224, to + r * 224);
  }
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * linear_input + add: dy[n, 20], w[20, 49, 128], a[n, 6272], y[n, 6272]; 257.2 kFLOP an image */
static void encoder_5_linear_input_2(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict a,
    float *restrict y)
{
  const int begin = task * 800;
  const int end = begin + 800 < 6272 ? begin + 800 : 6272;
  const struct lathe_panels w_panels =
          lathe_pack(20, (end - begin), w + begin, 6272, scratch);
  lathe_product(n, (end - begin), 20, (struct lathe_rows){dy, 20, 1}, w_panels, 0,
      y + begin, 6272);
  for (int r = 0; r < n; r++) {
    const float *const a_row = a + r * 6272;
    float *const y_row = y + r * 6272;
    for (int c = begin; c < end; c++) {
      y_row[c] = y_row[c] + a_row[c];
    }
  }
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * linear_weight: dy[n, 20], x[n, 7, 7, 128], dw[125440]; 250.9 kFLOP an image */
static void encoder_5_linear_weight_2(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct digits_conv_update *update)
{
  const int begin = task * 224;
  const int to_row = update != NULL ? 224 : 6272;
  const struct lathe_panels panels = {x + begin, LATHE_PANEL, 6272};
  for (int row = 0; row < 20; row += 14) {
    const int rows = 20 - row < 14 ? 20 - row : 14;
    const struct lathe_rows left = {dy + row, 1, 20};
    float *const to = update != NULL ? scratch : dw + row * 6272 + begin;
    lathe_product(rows, 224, n, left, panels, 0, to, to_row);
    for (int r = 0; update != NULL && r < rows; r++)
      digits_conv_update(update, MEAN_WEIGHT + row * 6272 + begin + r * 6272, 224, to + r * 224);
  }
}

/* encoder.4: relu   (digits_conv.lathe:15)
 * relu_grad: dy[n, 6272], act[n, 7, 7, 128]; 6.3 kFLOP an image */
static void encoder_4_relu_grad(int n, int task, float *restrict dy,
    const float *restrict act)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const dy_row = dy + r * 6272;
    const float *const act_row = act + r * 6272;
    for (int c = 0; c < 6272; c++) {
      const float dy_value = dy_row[c];
      dy_row[c] = act_row[c] > 0.0F ? dy_value : 0.0F;
    }
  }
}

/* encoder.3: batchnorm   (digits_conv.lathe:14)
 * channel_dot: dy[n, 7, 7, 128], x[n, 7, 7, 128], moments[3, 128], dgamma[128];
 * 25.1 kFLOP an image */
static void encoder_3_channel_dot(int n, int task, const float *restrict dy,
    const float *restrict x, const float *restrict moments, float *restrict dgamma)
{
  const int begin = task * 16;
  double dot[16] = {0};
  for (int r = 0; r < n * 49; r++) {
    lathe_fetch(dy + begin, (r + 32) * 128);
    lathe_fetch(x + begin, (r + 32) * 128);
    for (int c = 0; c < 16; c++)
      dot[c] += (double)dy[r * 128 + begin + c] * (x[r * 128 + begin + c] - moments[begin + c]);
  }
  for (int c = 0; c < 16; c++) {
    dgamma[begin + c] = (float)(dot[c] * moments[256 + begin + c]);
  }
}

/* encoder.3: batchnorm   (digits_conv.lathe:14)
 * channel_sum: dy[n, 7, 7, 128], db[128]; 6.3 kFLOP an image */
static void encoder_3_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 16;
  double sum[16] = {0};
  for (int r = 0; r < n * 49; r++) {
    lathe_fetch(dy + begin, (r + 32) * 128);
    for (int c = 0; c < 16; c++)
      sum[c] += dy[r * 128 + begin + c];
  }
  for (int c = 0; c < 16; c++) {
    db[begin + c] = (float)sum[c];
  }
}

/* encoder.3: batchnorm   (digits_conv.lathe:14)
 * normalise_grad: dy[n, 7, 7, 128], x[n, 7, 7, 128], moments[3, 128], gamma[128], dgamma[128],
 * dbeta[128]; 50.2 kFLOP an image */
static void encoder_3_normalise_grad(int n, int task, float *restrict dy,
    const float *restrict x, const float *restrict moments, const float *restrict gamma,
    const float *restrict dgamma, const float *restrict dbeta)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin * 49; r < end * 49; r++) {
    float *const dy_row = dy + r * 128;
    const float *const x_row = x + r * 128;
    for (int c = 0; c < 128; c++) {
      dy_row[c] = gamma[c] * moments[256 + c] * (dy_row[c] - (dbeta[c] + (x_row[c] - moments[c]) *
          moments[256 + c] * dgamma[c]) / (float)(n * 49));
    }
  }
}

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1   (digits_conv.lathe:13)
 * channel_sum: dy[n, 7, 7, 128], db[128]; 6.3 kFLOP an image */
static void encoder_2_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 16;
  double sum[16] = {0};
  for (int r = 0; r < n * 49; r++) {
    lathe_fetch(dy + begin, (r + 32) * 128);
    for (int c = 0; c < 16; c++)
      sum[c] += dy[r * 128 + begin + c];
  }
  for (int c = 0; c < 16; c++) {
    db[begin + c] = (float)sum[c];
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

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1   (digits_conv.lathe:13)
 * winograd_inverse_adjoint: dy[n, 7, 7, 128], dm[n, 81, 128] */
static void encoder_2_winograd_inverse_adjoint(int n, int task, float *restrict scratch,
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

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1   (digits_conv.lathe:13)
 * winograd_weight: dm[n, 81, 128], v[n, 81, 256], dw[131072]; 12.8 MFLOP an image */
static void encoder_2_winograd_weight(int n, int task, float *restrict scratch,
    const float *restrict dm, const float *restrict v, float *restrict dw)
{
  const int begin = task;
  static const float g[5][2] = {{1.0F, 0.0F}, {0.0F, 1.0F}, {1.0F, 1.0F}, {1.0F, -1.0F}, {1.0F,
      2.0F}};
  const int phase = begin / 2, channel = begin % 2 * 32; /* this task's */
  float *const taps = dw + ((phase / 2 * 4 + phase % 2) * 64 + channel) * 128;
  float *const du = scratch;
  for (int y = 0; y < 2; y++)
    for (int x = 0; x < 2; x++)
      memset(taps + (y * 4 + x) * 2 * 64 * 128, 0, 32 * 128 * sizeof *taps);
  for (int p = 0; p < 5; p++) {
    for (int q = 0; q < 5; q++) {
      const int first = winograd_row_7x7_2(n, p, q, 0, 0, 0), rows = winograd_row_7x7_2(n, p, q, n,
          0, 0) - first;
      const float *const left = v + first * 256 + phase * 64 + channel;
      lathe_product(32, 128, rows, (struct lathe_rows){left, 1, 256},
          (struct lathe_panels){dm + first * 128, LATHE_PANEL, 128}, 0, du, 128);
      for (int y = 0; y < 2; y++) {
        for (int x = 0; x < 2; x++) {
          const float factor = g[p][y] * g[q][x];
          float *const tap = taps + (y * 4 + x) * 2 * 64 * 128;
          if (factor == 0)
            continue;
          for (int i = 0; i < 32 * 128; i++)
            tap[i] += factor * du[i];
        }
      }
    }
  }
}

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1   (digits_conv.lathe:13)
 * winograd_product_adjoint: dm[n, 81, 128], w[4, 4, 64, 128], dv[n, 81, 256];
 * 12.8 MFLOP an image */
static void encoder_2_winograd_product_adjoint(int n, int task, float *restrict scratch,
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

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1; relu   (digits_conv.lathe:13)
 * winograd_data_adjoint + relu_grad: dv[n, 81, 256], act[n, 14, 14, 64], dx[n, 14, 14, 64];
 * 12.5 kFLOP an image */
static void encoder_2_winograd_data_adjoint(int n, int task, float *restrict scratch,
    const float *restrict dv, const float *restrict act, float *restrict dx)
{
  const int begin = task * 2;
  const int end = begin + 2 < n ? begin + 2 : n;
  float *const tile = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = dx + i * 14 * 14 * 64;
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
  for (int r = begin; r < end; r++) {
    const float *const act_row = act + r * 12544;
    float *const dx_row = dx + r * 12544;
    for (int c = 0; c < 12544; c++) {
      const float dy_value = dx_row[c];
      dx_row[c] = act_row[c] > 0.0F ? dy_value : 0.0F;
    }
  }
}

/* encoder.0: conv2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:11)
 * channel_sum: dy[n, 14, 14, 64], db[64]; 12.5 kFLOP an image */
static void encoder_0_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 16;
  double sum[16] = {0};
  for (int r = 0; r < n * 196; r++) {
    lathe_fetch(dy + begin, (r + 32) * 64);
    for (int c = 0; c < 16; c++)
      sum[c] += dy[r * 64 + begin + c];
  }
  for (int c = 0; c < 16; c++) {
    db[begin + c] = (float)sum[c];
  }
}

/* encoder.0: conv2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:11)
 * conv_weight: dy[n, 14, 14, 64], x[n, 1, 28, 28], dw[1024]; 401.4 kFLOP an image */
static void encoder_0_conv_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw)
{
  const int begin = task * 32;
  float *const padded = scratch + 25088; /* an image amid its margins */
  memset(padded, 0, 900 * sizeof *padded);
  for (int from = 0; from < n; from += 8) {
    const int to = from + 8 < n ? from + 8 : n;
    float *column = scratch;
    for (int i = from; i < to; i++) {
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
    const struct lathe_panels panels = {dy + from * 196 * 64 + begin, LATHE_PANEL, 64};
    lathe_product(16, 32, (to - from) * 196, (struct lathe_rows){scratch, 1, 16}, panels,
        from > 0, dw + begin, 64);
  }
}

static void backward_0(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  kl_grad_mean(c->n, task,
      c->batch + c->capacity * TRAIN_MEAN,
      1.0F / (float)c->n);
}

static void backward_1(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  kl_grad_logvar(c->n, task,
      c->batch + c->capacity * TRAIN_LOGVAR,
      1.0F / (float)c->n,
      c->batch + c->capacity * TRAIN_D_LOGVAR_PART);
}

static void backward_2(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  bernoulli_grad(c->n, task,
      c->batch + c->capacity * TRAIN_DECODER_4,
      c->images,
      1.0F / (float)c->n);
}

static void backward_3(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)task;
  (void)thread;
  decoder_4_channel_sum(c->n,
      c->batch + c->capacity * TRAIN_D_DECODER_4,
      c->fixed + TRAIN_D_DECODER_4_BIAS);
}

static void backward_4(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_4_conv_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_DECODER_3,
      c->batch + c->capacity * TRAIN_D_DECODER_4,
      c->fixed + TRAIN_D_DECODER_4_WEIGHT);
}

static void backward_5(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_4_conv(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_DECODER_4,
      c->fixed + DECODER_4_WEIGHT,
      c->batch + c->capacity * TRAIN_DECODER_3,
      c->batch + c->capacity * TRAIN_D_DECODER_2);
}

static void backward_6(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  decoder_2_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_DECODER_2,
      c->fixed + TRAIN_D_DECODER_2_BIAS);
}

static void backward_7(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_data(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_DECODER_2,
      c->batch + c->capacity * TRAIN_D_DECODER_2_WINOGRAD_PRODUCT_ADJOINT);
}

static void backward_8(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_DECODER_2_WINOGRAD_INVERSE_ADJOINT,
      c->batch + c->capacity * TRAIN_D_DECODER_2_WINOGRAD_PRODUCT_ADJOINT,
      c->fixed + TRAIN_D_DECODER_2_WEIGHT);
}

static void backward_9(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_product(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_DECODER_2_WINOGRAD_PRODUCT_ADJOINT,
      c->fixed + DECODER_2_WEIGHT,
      c->batch + c->capacity * TRAIN_D_DECODER_2_WINOGRAD_INVERSE_ADJOINT);
}

static void backward_10(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_winograd_inverse(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_DECODER_2_WINOGRAD_INVERSE_ADJOINT,
      c->batch + c->capacity * TRAIN_D_DECODER_1);
}

static void backward_11(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  decoder_0_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_DECODER_1,
      c->fixed + TRAIN_D_DECODER_0_BIAS);
}

static void backward_12(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  decoder_0_linear_input(c->n, task,
      c->batch + c->capacity * TRAIN_D_DECODER_1,
      c->fixed + DECODER_0_WEIGHT,
      c->batch + c->capacity * TRAIN_D_Z);
}

static void backward_13(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_0_linear_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_DECODER_1,
      c->batch + c->capacity * TRAIN_Z,
      c->fixed + TRAIN_D_DECODER_0_WEIGHT,
      c->update);
}

static void backward_14(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_add(c->n, task,
      c->batch + c->capacity * TRAIN_D_Z,
      c->batch + c->capacity * TRAIN_D_MEAN_PART);
}

static void backward_15(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_sample_grad_logvar(c->n, task,
      c->batch + c->capacity * TRAIN_D_Z,
      c->batch + c->capacity * TRAIN_LOGVAR,
      c->noise,
      c->batch + c->capacity * TRAIN_D_LOGVAR_PART);
}

static void backward_16(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_LOGVAR,
      c->fixed + TRAIN_D_LOGVAR_BIAS);
}

static void backward_17(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_5_linear_input(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_LOGVAR,
      c->fixed + LOGVAR_WEIGHT,
      c->batch + c->capacity * TRAIN_D_ENCODER_5_VIEW_PART);
}

static void backward_18(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_5_linear_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_LOGVAR,
      c->batch + c->capacity * TRAIN_ENCODER_4,
      c->fixed + TRAIN_D_LOGVAR_WEIGHT,
      c->update);
}

static void backward_19(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_MEAN,
      c->fixed + TRAIN_D_MEAN_BIAS);
}

static void backward_20(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_5_linear_input_2(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_MEAN,
      c->fixed + MEAN_WEIGHT,
      c->batch + c->capacity * TRAIN_D_ENCODER_5_VIEW_PART,
      c->batch + c->capacity * TRAIN_D_ENCODER_5_VIEW);
}

static void backward_21(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_5_linear_weight_2(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_MEAN,
      c->batch + c->capacity * TRAIN_ENCODER_4,
      c->fixed + TRAIN_D_MEAN_WEIGHT,
      c->update);
}

static void backward_22(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_4_relu_grad(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_5_VIEW,
      c->batch + c->capacity * TRAIN_ENCODER_4);
}

static void backward_23(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_3_channel_dot(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_3,
      c->batch + c->capacity * TRAIN_ENCODER_2,
      c->fixed + TRAIN_ENCODER_3_MOMENTS,
      c->fixed + TRAIN_D_ENCODER_3_WEIGHT);
}

static void backward_24(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_3_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_3,
      c->fixed + TRAIN_D_ENCODER_3_BIAS);
}

static void backward_25(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_3_normalise_grad(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_3,
      c->batch + c->capacity * TRAIN_ENCODER_2,
      c->fixed + TRAIN_ENCODER_3_MOMENTS,
      c->fixed + ENCODER_3_WEIGHT,
      c->fixed + TRAIN_D_ENCODER_3_WEIGHT,
      c->fixed + TRAIN_D_ENCODER_3_BIAS);
}

static void backward_26(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_2_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_2,
      c->fixed + TRAIN_D_ENCODER_2_BIAS);
}

static void backward_27(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_inverse_adjoint(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_ENCODER_2,
      c->batch + c->capacity * TRAIN_D_ENCODER_2_WINOGRAD_PRODUCT);
}

static void backward_28(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_ENCODER_2_WINOGRAD_PRODUCT,
      c->batch + c->capacity * TRAIN_ENCODER_2_WINOGRAD_DATA,
      c->fixed + TRAIN_D_ENCODER_2_WEIGHT);
}

static void backward_29(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_product_adjoint(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_ENCODER_2_WINOGRAD_PRODUCT,
      c->fixed + ENCODER_2_WEIGHT,
      c->batch + c->capacity * TRAIN_D_ENCODER_2_WINOGRAD_DATA);
}

static void backward_30(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_winograd_data_adjoint(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_ENCODER_2_WINOGRAD_DATA,
      c->batch + c->capacity * TRAIN_ENCODER_1,
      c->batch + c->capacity * TRAIN_D_ENCODER_0);
}

static void backward_31(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_0_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_0,
      c->fixed + TRAIN_D_ENCODER_0_BIAS);
}

static void backward_32(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_0_conv_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_ENCODER_0,
      c->images,
      c->fixed + TRAIN_D_ENCODER_0_WEIGHT);
}

void digits_conv_backward(struct lathe_state *state, int n, const float *images,
    const float *noise, const struct digits_conv_update *update)
{
  struct digits_conv_call call = {
    .n = n,
    .capacity = (size_t)state->capacity,
    .fixed = state->fixed,
    .batch = state->batch,
    .scratch = state->scratch,
    .images = images,
    .noise = noise,
    .update = update,
  };
  lathe_kernel(state, 17, (n + 15) / 16, backward_0, &call);
  lathe_kernel(state, 18, (n + 15) / 16, backward_1, &call);
  lathe_kernel(state, 19, (n + 15) / 16, backward_2, &call);
  lathe_kernel(state, 20, 1, backward_3, &call);
  lathe_kernel(state, 21, 2, backward_4, &call);
  lathe_kernel(state, 22, (n + 7) / 8, backward_5, &call);
  lathe_kernel(state, 23, 4, backward_6, &call);
  lathe_kernel(state, 24, (n + 1) / 2, backward_7, &call);
  lathe_kernel(state, 25, 8, backward_8, &call);
  lathe_kernel(state, 26, 25, backward_9, &call);
  lathe_kernel(state, 27, (n + 1) / 2, backward_10, &call);
  lathe_kernel(state, 28, 8, backward_11, &call);
  lathe_kernel(state, 29, (n + 31) / 32, backward_12, &call);
  lathe_kernel(state, 30, 28, backward_13, &call);
  lathe_kernel(state, 31, (n + 15) / 16, backward_14, &call);
  lathe_kernel(state, 32, (n + 15) / 16, backward_15, &call);
  lathe_kernel(state, 33, 2, backward_16, &call);
  lathe_kernel(state, 34, 8, backward_17, &call);
  lathe_kernel(state, 35, 28, backward_18, &call);
  lathe_kernel(state, 36, 2, backward_19, &call);
  lathe_kernel(state, 37, 8, backward_20, &call);
  lathe_kernel(state, 38, 28, backward_21, &call);
  lathe_kernel(state, 39, (n + 15) / 16, backward_22, &call);
  lathe_kernel(state, 40, 8, backward_23, &call);
  lathe_kernel(state, 41, 8, backward_24, &call);
  lathe_kernel(state, 42, (n + 15) / 16, backward_25, &call);
  lathe_kernel(state, 43, 8, backward_26, &call);
  lathe_kernel(state, 44, (n + 1) / 2, backward_27, &call);
  lathe_kernel(state, 45, 8, backward_28, &call);
  lathe_kernel(state, 46, 25, backward_29, &call);
  lathe_kernel(state, 47, (n + 1) / 2, backward_30, &call);
  lathe_kernel(state, 48, 4, backward_31, &call);
  lathe_kernel(state, 49, 2, backward_32, &call);
}
