/* The backward pass of digits_conv: gradients of the batch's mean loss, in reverse order. */
#include "digits_conv_internal.h"
#include <lathe/kernel.h>
#include <lathe/vector_math.h>
#include <cblas.h>
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
  const int begin = task;
  const int ky = begin; /* this task's row of the kernel */
  for (int from = 0; from < n; from += 8) {
    const int to = from + 8 < n ? from + 8 : n;
    float *column = scratch;
    for (int i = from; i < to; i++) {
      const float *const image = x + i * 784;
      for (int oy = 0; oy < 14; oy++) {
        const int iy = oy * 2 + ky - 1;
        for (int ox = 0; ox < 14; ox++) {
          for (int kx = 0; kx < 4; kx++) {
            const int ix = ox * 2 + kx - 1;
            if (iy >= 0 && iy < 28 && ix >= 0 && ix < 28)
              *column = image[iy * 28 + ix];
            else
              *column = 0;
            column++;
          }
        }
      }
    }
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, 4, 64, (to - from) * 196, 1, scratch,
        4, dy + from * 196 * 64, 64, from > 0, dw + ky * 4 * 64, 64);
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
  float *column = scratch;
  for (int i = begin; i < end; i++) {
    const float *const image = x + i * 784;
    for (int oy = 0; oy < 14; oy++) {
      for (int ox = 0; ox < 14; ox++) {
        for (int ky = 0; ky < 4; ky++) {
          for (int kx = 0; kx < 4; kx++) {
            const int iy = oy * 2 + ky - 1;
            const int ix = ox * 2 + kx - 1;
            if (iy >= 0 && iy < 28 && ix >= 0 && ix < 28) {
              *column = image[iy * 28 + ix];
            } else {
              *column = 0;
            }
            column++;
          }
        }
      }
    }
  }
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (end - begin) * 196, 64, 16, 1,
      scratch, 16, w, 64, 0, dx + begin * 196 * 64, 64);
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
 * channel_sum: dy[n, 14, 14, 64], db[64] */
static void decoder_2_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 16;
  const int end = begin + 16;
  double sum[16] = {0};
  for (int r = 0; r < n * 196; r++)
    for (int c = begin; c < end; c++)
      sum[c - begin] += dy[r * 64 + c];
  for (int c = begin; c < end; c++) {
    db[c] = (float)sum[c - begin];
  }
}

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:22)
 * conv_weight: dy[n, 6272], x[n, 14, 14, 64], dw[131072]; 12.8 MFLOP an image */
static void decoder_2_conv_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw)
{
  const int begin = task;
  const int ky = begin; /* this task's row of the kernel */
  for (int from = 0; from < n; from += 8) {
    const int to = from + 8 < n ? from + 8 : n;
    float *column = scratch;
    for (int i = from; i < to; i++) {
      const float *const image = x + i * 12544;
      for (int oy = 0; oy < 7; oy++) {
        const int iy = oy * 2 + ky - 1;
        for (int ox = 0; ox < 7; ox++) {
          for (int kx = 0; kx < 4; kx++) {
            const int ix = ox * 2 + kx - 1;
            if (iy >= 0 && iy < 14 && ix >= 0 && ix < 14)
              memcpy(column, image + (iy * 14 + ix) * 64, 64 * sizeof *column);
            else
              memset(column, 0, 64 * sizeof *column);
            column += 64;
          }
        }
      }
    }
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, 256, 128, (to - from) * 49, 1, scratch,
        256, dy + from * 49 * 128, 128, from > 0, dw + ky * 256 * 128, 128);
  }
}

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:22)
 * conv: x[n, 14, 14, 64], w[4, 4, 64, 128], y[n, 7, 7, 128]; 12.8 MFLOP an image */
static void decoder_2_conv(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  float *column = scratch;
  for (int i = begin; i < end; i++) {
    const float *const image = x + i * 12544;
    for (int oy = 0; oy < 7; oy++) {
      for (int ox = 0; ox < 7; ox++) {
        for (int ky = 0; ky < 4; ky++) {
          for (int kx = 0; kx < 4; kx++) {
            const int iy = oy * 2 + ky - 1;
            const int ix = ox * 2 + kx - 1;
            if (iy >= 0 && iy < 14 && ix >= 0 && ix < 14) {
              memcpy(column, image + (iy * 14 + ix) * 64, 64 * sizeof *column);
            } else {
              memset(column, 0, 64 * sizeof *column);
            }
            column += 64;
          }
        }
      }
    }
  }
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (end - begin) * 49, 128, 1024, 1,
      scratch, 1024, w, 128, 0, y + begin * 49 * 128, 128);
}

/* decoder.0: linear 6272   (digits_conv.lathe:20)
 * channel_sum: dy[n, 7, 7, 128], db[6272]; 6.3 kFLOP an image */
static void decoder_0_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 784;
  const int end = begin + 784;
  double sum[784] = {0};
  for (int r = 0; r < n; r++)
    for (int c = begin; c < end; c++)
      sum[c - begin] += dy[r * 6272 + c];
  for (int c = begin; c < end; c++) {
    db[c] = (float)sum[c - begin];
  }
}

/* decoder.0: linear 6272   (digits_conv.lathe:20)
 * linear_weight: dy[n, 7, 7, 128], x[n, 20], dw[125440]; 250.9 kFLOP an image */
static void decoder_0_linear_weight(int n, int task, const float *restrict dy,
    const float *restrict x, float *restrict dw)
{
  const int begin = task * 784;
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, 784, 20, n, 1,
      dy + begin, 6272, x, 20, 0, dw + begin * 20, 20);
}

/* decoder.0: linear 6272   (digits_conv.lathe:20)
 * linear_input: dy[n, 7, 7, 128], w[49, 128, 20], dx[n, 20]; 250.9 kFLOP an image */
static void decoder_0_linear_input(int n, int task, const float *restrict dy,
    const float *restrict w, float *restrict dx)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, end - begin, 20, 6272, 1,
      dy + begin * 6272, 6272, w, 20, 0, dx + begin * 20, 20);
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
 * sample_grad_logvar + add: dz[n, 20], logvar[n, 20], noise[n, 20], a[n, 20] */
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
      dz_row[c] = sample_grad_logvar0 + a_row[c];
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
    for (int c = begin; c < end; c++)
      sum[c - begin] += dy[r * 20 + c];
  for (int c = begin; c < end; c++) {
    db[c] = (float)sum[c - begin];
  }
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * linear_weight: dy[n, 20], x[n, 7, 7, 128], dw[125440]; 250.9 kFLOP an image */
static void encoder_5_linear_weight(int n, int task, const float *restrict dy,
    const float *restrict x, float *restrict dw)
{
  const int begin = task * 784;
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, 20, 784, n, 1,
      dy, 20, x + begin, 6272, 0, dw + begin, 6272);
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * linear_input: dy[n, 20], w[20, 49, 128], dx[n, 6272]; 250.9 kFLOP an image */
static void encoder_5_linear_input(int n, int task, const float *restrict dy,
    const float *restrict w, float *restrict dx)
{
  const int begin = task * 784;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, 784, 20, 1, dy, 20,
      w + begin, 6272, 0, dx + begin, 6272);
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * linear_input + add: dy[n, 20], w[20, 49, 128], a[n, 6272], y[n, 6272]; 257.2 kFLOP an image */
static void encoder_5_linear_input_2(int n, int task, const float *restrict dy,
    const float *restrict w, const float *restrict a, float *restrict y)
{
  const int begin = task * 784;
  const int end = begin + 784;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, 784, 20, 1, dy, 20,
      w + begin, 6272, 0, y + begin, 6272);
  for (int r = 0; r < n; r++) {
    const float *const a_row = a + r * 6272;
    float *const y_row = y + r * 6272;
    for (int c = begin; c < end; c++) {
      y_row[c] = y_row[c] + a_row[c];
    }
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
 * channel_dot: dy[n, 7, 7, 128], x[n, 7, 7, 128], moments[3, 128], dgamma[128] */
static void encoder_3_channel_dot(int n, int task, const float *restrict dy,
    const float *restrict x, const float *restrict moments, float *restrict dgamma)
{
  const int begin = task * 16;
  const int end = begin + 16;
  double dot[16] = {0};
  for (int r = 0; r < n * 49; r++)
    for (int c = begin; c < end; c++)
      dot[c - begin] += (double)dy[r * 128 + c] * (x[r * 128 + c] - moments[c]);
  for (int c = begin; c < end; c++) {
    dgamma[c] = (float)(dot[c - begin] * moments[256 + c]);
  }
}

/* encoder.3: batchnorm   (digits_conv.lathe:14)
 * channel_sum: dy[n, 7, 7, 128], db[128] */
static void encoder_3_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 16;
  const int end = begin + 16;
  double sum[16] = {0};
  for (int r = 0; r < n * 49; r++)
    for (int c = begin; c < end; c++)
      sum[c - begin] += dy[r * 128 + c];
  for (int c = begin; c < end; c++) {
    db[c] = (float)sum[c - begin];
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
 * channel_sum: dy[n, 7, 7, 128], db[128] */
static void encoder_2_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 16;
  const int end = begin + 16;
  double sum[16] = {0};
  for (int r = 0; r < n * 49; r++)
    for (int c = begin; c < end; c++)
      sum[c - begin] += dy[r * 128 + c];
  for (int c = begin; c < end; c++) {
    db[c] = (float)sum[c - begin];
  }
}

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1   (digits_conv.lathe:13)
 * conv_weight: dy[n, 7, 7, 128], x[n, 14, 14, 64], dw[131072]; 12.8 MFLOP an image */
static void encoder_2_conv_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw)
{
  const int begin = task;
  const int ky = begin; /* this task's row of the kernel */
  for (int from = 0; from < n; from += 8) {
    const int to = from + 8 < n ? from + 8 : n;
    float *column = scratch;
    for (int i = from; i < to; i++) {
      const float *const image = x + i * 12544;
      for (int oy = 0; oy < 7; oy++) {
        const int iy = oy * 2 + ky - 1;
        for (int ox = 0; ox < 7; ox++) {
          for (int kx = 0; kx < 4; kx++) {
            const int ix = ox * 2 + kx - 1;
            if (iy >= 0 && iy < 14 && ix >= 0 && ix < 14)
              memcpy(column, image + (iy * 14 + ix) * 64, 64 * sizeof *column);
            else
              memset(column, 0, 64 * sizeof *column);
            column += 64;
          }
        }
      }
    }
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, 256, 128, (to - from) * 49, 1, scratch,
        256, dy + from * 49 * 128, 128, from > 0, dw + ky * 256 * 128, 128);
  }
}

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1; relu   (digits_conv.lathe:13)
 * conv_input + relu_grad: dy[n, 7, 7, 128], w[4, 4, 64, 128], act[n, 14, 14, 64],
 * dx[n, 14, 14, 64]; 12.9 MFLOP an image */
static void encoder_2_conv_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict act,
    float *restrict dx)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (end - begin) * 49, 1024, 128, 1,
      dy + begin * 49 * 128, 128, w, 128, 0, scratch, 1024);
  const float *column = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = dx + i * 12544;
    memset(image, 0, 12544 * sizeof *image);
    for (int oy = 0; oy < 7; oy++) {
      for (int ox = 0; ox < 7; ox++) {
        for (int ky = 0; ky < 4; ky++) {
          for (int kx = 0; kx < 4; kx++) {
            const int iy = oy * 2 + ky - 1;
            const int ix = ox * 2 + kx - 1;
            if (iy >= 0 && iy < 14 && ix >= 0 && ix < 14) {
              float *const pixel = image + (iy * 14 + ix) * 64;
              for (int ch = 0; ch < 64; ch++)
                pixel[ch] += column[ch];
            }
            column += 64;
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
 * channel_sum: dy[n, 14, 14, 64], db[64] */
static void encoder_0_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 16;
  const int end = begin + 16;
  double sum[16] = {0};
  for (int r = 0; r < n * 196; r++)
    for (int c = begin; c < end; c++)
      sum[c - begin] += dy[r * 64 + c];
  for (int c = begin; c < end; c++) {
    db[c] = (float)sum[c - begin];
  }
}

/* encoder.0: conv2d 64, kernel 4, stride 2, pad 1   (digits_conv.lathe:11)
 * conv_weight: dy[n, 14, 14, 64], x[n, 1, 28, 28], dw[1024]; 401.4 kFLOP an image */
static void encoder_0_conv_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw)
{
  const int begin = task;
  const int ky = begin; /* this task's row of the kernel */
  for (int from = 0; from < n; from += 8) {
    const int to = from + 8 < n ? from + 8 : n;
    float *column = scratch;
    for (int i = from; i < to; i++) {
      const float *const image = x + i * 784;
      for (int oy = 0; oy < 14; oy++) {
        const int iy = oy * 2 + ky - 1;
        for (int ox = 0; ox < 14; ox++) {
          for (int kx = 0; kx < 4; kx++) {
            const int ix = ox * 2 + kx - 1;
            if (iy >= 0 && iy < 28 && ix >= 0 && ix < 28)
              *column = image[iy * 28 + ix];
            else
              *column = 0;
            column++;
          }
        }
      }
    }
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, 4, 64, (to - from) * 196, 1, scratch,
        4, dy + from * 196 * 64, 64, from > 0, dw + ky * 4 * 64, 64);
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
  decoder_2_conv_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_DECODER_0,
      c->batch + c->capacity * TRAIN_D_DECODER_2,
      c->fixed + TRAIN_D_DECODER_2_WEIGHT);
}

static void backward_8(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_conv(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_DECODER_2,
      c->fixed + DECODER_2_WEIGHT,
      c->batch + c->capacity * TRAIN_D_DECODER_1);
}

static void backward_9(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  decoder_0_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_DECODER_1,
      c->fixed + TRAIN_D_DECODER_0_BIAS);
}

static void backward_10(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  decoder_0_linear_weight(c->n, task,
      c->batch + c->capacity * TRAIN_D_DECODER_1,
      c->batch + c->capacity * TRAIN_Z,
      c->fixed + TRAIN_D_DECODER_0_WEIGHT);
}

static void backward_11(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  decoder_0_linear_input(c->n, task,
      c->batch + c->capacity * TRAIN_D_DECODER_1,
      c->fixed + DECODER_0_WEIGHT,
      c->batch + c->capacity * TRAIN_D_Z);
}

static void backward_12(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_add(c->n, task,
      c->batch + c->capacity * TRAIN_D_Z,
      c->batch + c->capacity * TRAIN_D_MEAN_PART);
}

static void backward_13(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_sample_grad_logvar(c->n, task,
      c->batch + c->capacity * TRAIN_D_Z,
      c->batch + c->capacity * TRAIN_LOGVAR,
      c->noise,
      c->batch + c->capacity * TRAIN_D_LOGVAR_PART);
}

static void backward_14(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_LOGVAR,
      c->fixed + TRAIN_D_LOGVAR_BIAS);
}

static void backward_15(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear_weight(c->n, task,
      c->batch + c->capacity * TRAIN_D_LOGVAR,
      c->batch + c->capacity * TRAIN_ENCODER_4,
      c->fixed + TRAIN_D_LOGVAR_WEIGHT);
}

static void backward_16(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear_input(c->n, task,
      c->batch + c->capacity * TRAIN_D_LOGVAR,
      c->fixed + LOGVAR_WEIGHT,
      c->batch + c->capacity * TRAIN_D_ENCODER_5_VIEW_PART);
}

static void backward_17(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_MEAN,
      c->fixed + TRAIN_D_MEAN_BIAS);
}

static void backward_18(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear_weight(c->n, task,
      c->batch + c->capacity * TRAIN_D_MEAN,
      c->batch + c->capacity * TRAIN_ENCODER_4,
      c->fixed + TRAIN_D_MEAN_WEIGHT);
}

static void backward_19(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear_input_2(c->n, task,
      c->batch + c->capacity * TRAIN_D_MEAN,
      c->fixed + MEAN_WEIGHT,
      c->batch + c->capacity * TRAIN_D_ENCODER_5_VIEW_PART,
      c->batch + c->capacity * TRAIN_D_ENCODER_5_VIEW);
}

static void backward_20(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_4_relu_grad(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_5_VIEW,
      c->batch + c->capacity * TRAIN_ENCODER_4);
}

static void backward_21(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_3_channel_dot(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_3,
      c->batch + c->capacity * TRAIN_ENCODER_2,
      c->fixed + TRAIN_ENCODER_3_MOMENTS,
      c->fixed + TRAIN_D_ENCODER_3_WEIGHT);
}

static void backward_22(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_3_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_3,
      c->fixed + TRAIN_D_ENCODER_3_BIAS);
}

static void backward_23(void *arg, int task, int thread)
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

static void backward_24(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_2_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_2,
      c->fixed + TRAIN_D_ENCODER_2_BIAS);
}

static void backward_25(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_conv_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_ENCODER_2,
      c->batch + c->capacity * TRAIN_ENCODER_1,
      c->fixed + TRAIN_D_ENCODER_2_WEIGHT);
}

static void backward_26(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_2_conv_input(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_ENCODER_2,
      c->fixed + ENCODER_2_WEIGHT,
      c->batch + c->capacity * TRAIN_ENCODER_1,
      c->batch + c->capacity * TRAIN_D_ENCODER_0);
}

static void backward_27(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_0_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_0,
      c->fixed + TRAIN_D_ENCODER_0_BIAS);
}

static void backward_28(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  encoder_0_conv_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_D_ENCODER_0,
      c->images,
      c->fixed + TRAIN_D_ENCODER_0_WEIGHT);
}

void digits_conv_backward(struct lathe_state *state, int n, const float *images,
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
  lathe_kernel(state, 13, (n + 15) / 16, backward_0, &call);
  lathe_kernel(state, 14, (n + 15) / 16, backward_1, &call);
  lathe_kernel(state, 15, (n + 15) / 16, backward_2, &call);
  lathe_kernel(state, 16, 1, backward_3, &call);
  lathe_kernel(state, 17, 4, backward_4, &call);
  lathe_kernel(state, 18, (n + 7) / 8, backward_5, &call);
  lathe_kernel(state, 19, 4, backward_6, &call);
  lathe_kernel(state, 20, 4, backward_7, &call);
  lathe_kernel(state, 21, (n + 7) / 8, backward_8, &call);
  lathe_kernel(state, 22, 8, backward_9, &call);
  lathe_kernel(state, 23, 8, backward_10, &call);
  lathe_kernel(state, 24, (n + 15) / 16, backward_11, &call);
  lathe_kernel(state, 25, (n + 15) / 16, backward_12, &call);
  lathe_kernel(state, 26, (n + 15) / 16, backward_13, &call);
  lathe_kernel(state, 27, 2, backward_14, &call);
  lathe_kernel(state, 28, 8, backward_15, &call);
  lathe_kernel(state, 29, 8, backward_16, &call);
  lathe_kernel(state, 30, 2, backward_17, &call);
  lathe_kernel(state, 31, 8, backward_18, &call);
  lathe_kernel(state, 32, 8, backward_19, &call);
  lathe_kernel(state, 33, (n + 15) / 16, backward_20, &call);
  lathe_kernel(state, 34, 8, backward_21, &call);
  lathe_kernel(state, 35, 8, backward_22, &call);
  lathe_kernel(state, 36, (n + 15) / 16, backward_23, &call);
  lathe_kernel(state, 37, 8, backward_24, &call);
  lathe_kernel(state, 38, 4, backward_25, &call);
  lathe_kernel(state, 39, (n + 7) / 8, backward_26, &call);
  lathe_kernel(state, 40, 4, backward_27, &call);
  lathe_kernel(state, 41, 4, backward_28, &call);
}
