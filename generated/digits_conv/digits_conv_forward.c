/* The forward passes of digits_conv. Each kernel does one task's share of a layer, so that the
 * result does not depend on the number of threads; the function below the kernels of a pass
 * runs them in order. */
#include "digits_conv_internal.h"
#include <lathe/kernel.h>
#include <lathe/vector_math.h>
#include <cblas.h>
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
      scratch, 16, w, 64, 0, y + begin * 196 * 64, 64);
  for (int r = begin * 196; r < end * 196; r++) {
    float *const y_row = y + r * 64;
    for (int c = 0; c < 64; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 > 0.0F ? bias1 : 0.0F;
    }
  }
}

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1; batchnorm; relu   (digits_conv.lathe:13)
 * conv + bias + normalise_running + relu: x[n, 14, 14, 64], w[4, 4, 64, 128], b[128],
 * running_mean[128], running_var[128], gamma[128], beta[128], y[n, 7, 7, 128];
 * 12.9 MFLOP an image */
static void encoder_2_conv(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b,
    const float *restrict running_mean, const float *restrict running_var,
    const float *restrict gamma, const float *restrict beta, float *restrict y)
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
  for (int r = begin * 49; r < end * 49; r++) {
    float *const y_row = y + r * 128;
    for (int c = 0; c < 128; c++) {
      const float bias1 = y_row[c] + b[c];
      const float normalise_running2 = (bias1 - running_mean[c]) / sqrtf(running_var[c] + 1e-05F) *
          gamma[c] + beta[c];
      y_row[c] = normalise_running2 > 0.0F ? normalise_running2 : 0.0F;
    }
  }
}

/* encoder.5: gaussian z   (digits_conv.lathe:16)
 * linear + bias: x[n, 7, 7, 128], w[20, 49, 128], b[20], y[n, 20]; 250.9 kFLOP an image */
static void encoder_5_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, end - begin, 20, 6272, 1,
      x + begin * 6272, 6272, w, 6272, 0, y + begin * 20, 20);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 20;
    for (int c = 0; c < 20; c++) {
      y_row[c] = y_row[c] + b[c];
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
  encoder_2_conv(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * ENCODE_ENCODER_1,
      c->fixed + ENCODER_2_WEIGHT,
      c->fixed + ENCODER_2_BIAS,
      c->fixed + ENCODER_3_RUNNING_MEAN,
      c->fixed + ENCODER_3_RUNNING_VAR,
      c->fixed + ENCODER_3_WEIGHT,
      c->fixed + ENCODER_3_BIAS,
      c->batch + c->capacity * ENCODE_ENCODER_4);
}

static void encode_2(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear(c->n, task,
      c->batch + c->capacity * ENCODE_ENCODER_4,
      c->fixed + MEAN_WEIGHT,
      c->fixed + MEAN_BIAS,
      c->mean);
}

static void encode_3(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear(c->n, task,
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
  lathe_parallel(state->pool, (n + 7) / 8, encode_0, &call);
  lathe_parallel(state->pool, (n + 7) / 8, encode_1, &call);
  lathe_parallel(state->pool, (n + 15) / 16, encode_2, &call);
  lathe_parallel(state->pool, (n + 15) / 16, encode_3, &call);
}

/* decoder.0: linear 6272   (digits_conv.lathe:20)
 * linear + bias: x[n, 20], w[49, 128, 20], b[49, 128], y[n, 6272]; 257.2 kFLOP an image */
static void decoder_0_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 784;
  const int end = begin + 784;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, 784, 20, 1, x, 20,
      w + begin * 20, 20, 0, y + begin, 6272);
  for (int r = 0; r < n; r++) {
    float *const y_row = y + r * 6272;
    for (int c = begin; c < end; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}

/* decoder.2: conv_transpose2d 64, kernel 4, stride 2, pad 1; relu   (digits_conv.lathe:22)
 * conv_input + bias + relu: dy[n, 6272], w[4, 4, 64, 128], b[64], y[n, 14, 14, 64];
 * 12.9 MFLOP an image */
static void decoder_2_conv_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict b,
    float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (end - begin) * 49, 1024, 128, 1,
      dy + begin * 49 * 128, 128, w, 128, 0, scratch, 1024);
  const float *column = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = y + i * 12544;
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
  for (int r = begin * 196; r < end * 196; r++) {
    float *const y_row = y + r * 64;
    for (int c = 0; c < 64; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 > 0.0F ? bias1 : 0.0F;
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
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (end - begin) * 196, 16, 64, 1,
      dy + begin * 196 * 64, 64, w, 64, 0, scratch, 16);
  const float *column = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = y + i * 784;
    memset(image, 0, 784 * sizeof *image);
    for (int oy = 0; oy < 14; oy++) {
      for (int ox = 0; ox < 14; ox++) {
        for (int ky = 0; ky < 4; ky++) {
          for (int kx = 0; kx < 4; kx++) {
            const int iy = oy * 2 + ky - 1;
            const int ix = ox * 2 + kx - 1;
            if (iy >= 0 && iy < 28 && ix >= 0 && ix < 28) {
              image[iy * 28 + ix] += *column;
            }
            column++;
          }
        }
      }
    }
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
  decoder_2_conv_input(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * DECODE_DECODER_0,
      c->fixed + DECODER_2_WEIGHT,
      c->fixed + DECODER_2_BIAS,
      c->batch + c->capacity * DECODE_DECODER_3);
}

static void decode_2(void *arg, int task, int thread)
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
  lathe_parallel(state->pool, 8, decode_0, &call);
  lathe_parallel(state->pool, (n + 7) / 8, decode_1, &call);
  lathe_parallel(state->pool, (n + 7) / 8, decode_2, &call);
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

/* decoder.4: conv_transpose2d 1, kernel 4, stride 2, pad 1   (digits_conv.lathe:24)
 * conv_input + bias: dy[n, 14, 14, 64], w[4, 4, 1, 64], b[1], y[n, 1, 28, 28];
 * 402.2 kFLOP an image */
static void decoder_4_conv_input_2(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict b,
    float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (end - begin) * 196, 16, 64, 1,
      dy + begin * 196 * 64, 64, w, 64, 0, scratch, 16);
  const float *column = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = y + i * 784;
    memset(image, 0, 784 * sizeof *image);
    for (int oy = 0; oy < 14; oy++) {
      for (int ox = 0; ox < 14; ox++) {
        for (int ky = 0; ky < 4; ky++) {
          for (int kx = 0; kx < 4; kx++) {
            const int iy = oy * 2 + ky - 1;
            const int ix = ox * 2 + kx - 1;
            if (iy >= 0 && iy < 28 && ix >= 0 && ix < 28) {
              image[iy * 28 + ix] += *column;
            }
            column++;
          }
        }
      }
    }
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
    double sum[8] = {0};
    for (int j = 0; j < 784; j += 8) {
      for (int lane = 0; lane < 8; lane++) {
        const float l = logits[i * 784 + j + lane];
        const float most = l > 0 ? l : 0;
        const float term = most - l * x[i * 784 + j + lane] + lathe_log1p_expf(most - (l - most));
        sum[lane] += term;
      }
    }
    for (int lane = 1; lane < 8; lane++)
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
  encoder_2_conv(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * EVALUATE_ENCODER_1,
      c->fixed + ENCODER_2_WEIGHT,
      c->fixed + ENCODER_2_BIAS,
      c->fixed + ENCODER_3_RUNNING_MEAN,
      c->fixed + ENCODER_3_RUNNING_VAR,
      c->fixed + ENCODER_3_WEIGHT,
      c->fixed + ENCODER_3_BIAS,
      c->batch + c->capacity * EVALUATE_ENCODER_4);
}

static void evaluate_2(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear(c->n, task,
      c->batch + c->capacity * EVALUATE_ENCODER_4,
      c->fixed + MEAN_WEIGHT,
      c->fixed + MEAN_BIAS,
      c->batch + c->capacity * EVALUATE_MEAN);
}

static void evaluate_3(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear(c->n, task,
      c->batch + c->capacity * EVALUATE_ENCODER_4,
      c->fixed + LOGVAR_WEIGHT,
      c->fixed + LOGVAR_BIAS,
      c->batch + c->capacity * EVALUATE_LOGVAR);
}

static void evaluate_4(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_sample(c->n, task,
      c->batch + c->capacity * EVALUATE_MEAN,
      c->batch + c->capacity * EVALUATE_LOGVAR,
      c->noise,
      c->batch + c->capacity * EVALUATE_Z);
}

static void evaluate_5(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  decoder_0_linear(c->n, task,
      c->batch + c->capacity * EVALUATE_Z,
      c->fixed + DECODER_0_WEIGHT,
      c->fixed + DECODER_0_BIAS,
      c->batch + c->capacity * EVALUATE_DECODER_0);
}

static void evaluate_6(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_conv_input(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * EVALUATE_DECODER_0,
      c->fixed + DECODER_2_WEIGHT,
      c->fixed + DECODER_2_BIAS,
      c->batch + c->capacity * EVALUATE_DECODER_3);
}

static void evaluate_7(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_4_conv_input_2(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * EVALUATE_DECODER_3,
      c->fixed + DECODER_4_WEIGHT,
      c->fixed + DECODER_4_BIAS,
      c->batch + c->capacity * EVALUATE_DECODER_4);
}

static void evaluate_8(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  bernoulli(c->n, task,
      c->batch + c->capacity * EVALUATE_DECODER_4,
      c->images,
      (double *)(void *)(c->batch + c->capacity * EVALUATE_RECONSTRUCTION));
}

static void evaluate_9(void *arg, int task, int thread)
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
  lathe_parallel(state->pool, (n + 7) / 8, evaluate_1, &call);
  lathe_parallel(state->pool, (n + 15) / 16, evaluate_2, &call);
  lathe_parallel(state->pool, (n + 15) / 16, evaluate_3, &call);
  lathe_parallel(state->pool, (n + 15) / 16, evaluate_4, &call);
  lathe_parallel(state->pool, 8, evaluate_5, &call);
  lathe_parallel(state->pool, (n + 7) / 8, evaluate_6, &call);
  lathe_parallel(state->pool, (n + 7) / 8, evaluate_7, &call);
  lathe_parallel(state->pool, (n + 15) / 16, evaluate_8, &call);
  lathe_parallel(state->pool, (n + 15) / 16, evaluate_9, &call);
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
  return loss;
}

/* encoder.2: conv2d 128, kernel 4, stride 2, pad 1   (digits_conv.lathe:13)
 * conv + bias: x[n, 14, 14, 64], w[4, 4, 64, 128], b[128], y[n, 7, 7, 128]; 12.9 MFLOP an image */
static void encoder_2_conv_2(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
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
  for (int r = begin * 49; r < end * 49; r++) {
    float *const y_row = y + r * 128;
    for (int c = 0; c < 128; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}

/* encoder.3: batchnorm   (digits_conv.lathe:14)
 * moments: x[n, 7, 7, 128], moments[3, 128]; 1.5 kFLOP an image */
static void encoder_3_moments(int n, int task, const float *restrict x,
    float *restrict moments)
{
  const int begin = task * 16;
  const int end = begin + 16;
  const double count = (double)n * 49;
  double mean[16] = {0};
  for (int r = 0; r < n * 49; r++)
    for (int c = begin; c < end; c++)
      mean[c - begin] += x[r * 128 + c];
  for (int c = begin; c < end; c++) {
    mean[c - begin] /= count;
  }
  double square[16] = {0};
  for (int r = 0; r < n * 49; r++)
    for (int c = begin; c < end; c++)
      square[c - begin] += (x[r * 128 + c] - mean[c - begin]) * (x[r * 128 + c] - mean[c - begin]);
  for (int c = begin; c < end; c++) {
    const double variance = square[c - begin] / count;
    moments[c] = (float)mean[c - begin];
    moments[128 + c] = (float)variance;
    moments[256 + c] = (float)(1 / sqrt(variance + 1e-05));
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
      y_row[c] = normalise0 > 0.0F ? normalise0 : 0.0F;
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
  encoder_2_conv_2(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_ENCODER_1,
      c->fixed + ENCODER_2_WEIGHT,
      c->fixed + ENCODER_2_BIAS,
      c->batch + c->capacity * TRAIN_ENCODER_2);
}

static void forward_2(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_3_moments(c->n, task,
      c->batch + c->capacity * TRAIN_ENCODER_2,
      c->fixed + TRAIN_ENCODER_3_MOMENTS);
}

static void forward_3(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)task;
  (void)thread;
  encoder_3_running_update(c->n,
      c->fixed + TRAIN_ENCODER_3_MOMENTS,
      c->fixed + ENCODER_3_RUNNING_MEAN,
      c->fixed + ENCODER_3_RUNNING_VAR);
}

static void forward_4(void *arg, int task, int thread)
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

static void forward_5(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear(c->n, task,
      c->batch + c->capacity * TRAIN_ENCODER_4,
      c->fixed + MEAN_WEIGHT,
      c->fixed + MEAN_BIAS,
      c->batch + c->capacity * TRAIN_MEAN);
}

static void forward_6(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_linear(c->n, task,
      c->batch + c->capacity * TRAIN_ENCODER_4,
      c->fixed + LOGVAR_WEIGHT,
      c->fixed + LOGVAR_BIAS,
      c->batch + c->capacity * TRAIN_LOGVAR);
}

static void forward_7(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  encoder_5_sample(c->n, task,
      c->batch + c->capacity * TRAIN_MEAN,
      c->batch + c->capacity * TRAIN_LOGVAR,
      c->noise,
      c->batch + c->capacity * TRAIN_Z);
}

static void forward_8(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  decoder_0_linear(c->n, task,
      c->batch + c->capacity * TRAIN_Z,
      c->fixed + DECODER_0_WEIGHT,
      c->fixed + DECODER_0_BIAS,
      c->batch + c->capacity * TRAIN_DECODER_0);
}

static void forward_9(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_2_conv_input(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_DECODER_0,
      c->fixed + DECODER_2_WEIGHT,
      c->fixed + DECODER_2_BIAS,
      c->batch + c->capacity * TRAIN_DECODER_3);
}

static void forward_10(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  decoder_4_conv_input_2(c->n, task, c->scratch + (size_t)thread * DIGITS_CONV_SCRATCH,
      c->batch + c->capacity * TRAIN_DECODER_3,
      c->fixed + DECODER_4_WEIGHT,
      c->fixed + DECODER_4_BIAS,
      c->batch + c->capacity * TRAIN_DECODER_4);
}

static void forward_11(void *arg, int task, int thread)
{
  const struct digits_conv_call *const c = arg;
  (void)thread;
  bernoulli(c->n, task,
      c->batch + c->capacity * TRAIN_DECODER_4,
      c->images,
      (double *)(void *)(c->batch + c->capacity * TRAIN_RECONSTRUCTION));
}

static void forward_12(void *arg, int task, int thread)
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
  lathe_kernel(state, 1, (n + 7) / 8, forward_1, &call);
  lathe_kernel(state, 2, 8, forward_2, &call);
  lathe_kernel(state, 3, 1, forward_3, &call);
  lathe_kernel(state, 4, (n + 15) / 16, forward_4, &call);
  lathe_kernel(state, 5, (n + 15) / 16, forward_5, &call);
  lathe_kernel(state, 6, (n + 15) / 16, forward_6, &call);
  lathe_kernel(state, 7, (n + 15) / 16, forward_7, &call);
  lathe_kernel(state, 8, 8, forward_8, &call);
  lathe_kernel(state, 9, (n + 7) / 8, forward_9, &call);
  lathe_kernel(state, 10, (n + 7) / 8, forward_10, &call);
  lathe_kernel(state, 11, (n + 15) / 16, forward_11, &call);
  lathe_kernel(state, 12, (n + 15) / 16, forward_12, &call);
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
  return loss;
}
