/* The forward passes of digits_mlp. Each kernel does one task's share of a layer, so that the
 * result does not depend on the number of threads; the function below the kernels of a pass
 * runs them in order. */
#include "digits_mlp_internal.h"
#include <lathe/dots.h>
#include <lathe/fetch.h>
#include <lathe/kernel.h>
#include <lathe/pack.h>
#include <lathe/sum_rows.h>
#include <lathe/vector_math.h>
#include <math.h>
#include <string.h>

/* encoder.1: linear 512; relu   (digits_mlp.lathe:13)
 * linear + bias + relu: x[n, 1, 28, 28], w[784, 512], b[512], y[n, 512]; 803.8 kFLOP an image */
static void encoder_1_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 14;
  const int end = begin + 14 < n ? begin + 14 : n;
  lathe_sum_rows(end - begin, 512, 784, x + begin * 784, 784, w, 512, y + begin * 512, 512);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 512;
    for (int c = 0; c < 512; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}

/* encoder.3: linear 256; relu   (digits_mlp.lathe:15)
 * linear + bias + relu: x[n, 512], w[512, 256], b[256], y[n, 256]; 262.7 kFLOP an image */
static void encoder_3_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 14;
  const int end = begin + 14 < n ? begin + 14 : n;
  lathe_sum_rows(end - begin, 256, 512, x + begin * 512, 512, w, 256, y + begin * 256, 256);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 256;
    for (int c = 0; c < 256; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}

/* encoder.5: gaussian z   (digits_mlp.lathe:17)
 * linear + bias: x[n, 256], w[2, 256], b[2], y[n, 2]; 1.0 kFLOP an image */
static void encoder_5_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  lathe_dots(end - begin, 2, 256, x + begin * 256, 256, w, 256, y + begin * 2, 2);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 2;
    for (int c = 0; c < 2; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}

/* encoder.5: gaussian z   (digits_mlp.lathe:17)
 * linear + bias + clamp: x[n, 256], w[2, 256], b[2], y[n, 2]; 1.0 kFLOP an image */
static void encoder_5_linear_2(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  lathe_dots(end - begin, 2, 256, x + begin * 256, 256, w, 256, y + begin * 2, 2);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 2;
    for (int c = 0; c < 2; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < -30.0F ? -30.0F : bias1 > 20.0F ? 20.0F : bias1;
    }
  }
}

static void encode_0(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_1_linear(c->n, task,
      c->images,
      c->fixed + ENCODER_1_WEIGHT,
      c->fixed + ENCODER_1_BIAS,
      c->batch + c->capacity * ENCODE_ENCODER_2);
}

static void encode_1(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_3_linear(c->n, task,
      c->batch + c->capacity * ENCODE_ENCODER_2,
      c->fixed + ENCODER_3_WEIGHT,
      c->fixed + ENCODER_3_BIAS,
      c->batch + c->capacity * ENCODE_ENCODER_4);
}

static void encode_2(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_5_linear(c->n, task,
      c->batch + c->capacity * ENCODE_ENCODER_4,
      c->fixed + MEAN_WEIGHT,
      c->fixed + MEAN_BIAS,
      c->mean);
}

static void encode_3(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_5_linear_2(c->n, task,
      c->batch + c->capacity * ENCODE_ENCODER_4,
      c->fixed + LOGVAR_WEIGHT,
      c->fixed + LOGVAR_BIAS,
      c->logvar);
}

void digits_mlp_encode(struct lathe_state *state, int n, const float *images, float *mean,
    float *logvar)
{
  struct digits_mlp_call call = {
    .n = n,
    .capacity = (size_t)state->capacity,
    .fixed = state->fixed,
    .batch = state->batch,
    .scratch = state->scratch,
    .images = images,
    .mean = mean,
    .logvar = logvar,
  };
  lathe_parallel(state->pool, (n + 13) / 14, encode_0, &call);
  lathe_parallel(state->pool, (n + 13) / 14, encode_1, &call);
  lathe_parallel(state->pool, (n + 31) / 32, encode_2, &call);
  if (logvar != NULL)
    lathe_parallel(state->pool, (n + 31) / 32, encode_3, &call);
}

/* decoder.0: linear 256; relu   (digits_mlp.lathe:21)
 * linear + bias + relu: x[n, 2], w[2, 256], b[256], y[n, 256]; 1.5 kFLOP an image */
static void decoder_0_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 14;
  const int end = begin + 14 < n ? begin + 14 : n;
  lathe_sum_rows(end - begin, 256, 2, x + begin * 2, 2, w, 256, y + begin * 256, 256);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 256;
    for (int c = 0; c < 256; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}

/* decoder.2: linear 512; relu   (digits_mlp.lathe:23)
 * linear + bias + relu: x[n, 256], w[256, 512], b[512], y[n, 512]; 263.2 kFLOP an image */
static void decoder_2_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 14;
  const int end = begin + 14 < n ? begin + 14 : n;
  lathe_sum_rows(end - begin, 512, 256, x + begin * 256, 256, w, 512, y + begin * 512, 512);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 512;
    for (int c = 0; c < 512; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}

/* decoder.4: linear 784   (digits_mlp.lathe:25)
 * linear + bias: x[n, 512], w[512, 784], b[784], y[n, 784]; 803.6 kFLOP an image */
static void decoder_4_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 14;
  const int end = begin + 14 < n ? begin + 14 : n;
  lathe_sum_rows(end - begin, 784, 512, x + begin * 512, 512, w, 784, y + begin * 784, 784);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 784;
    for (int c = 0; c < 784; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}

/* decoder.6: sigmoid   (digits_mlp.lathe:27)
 * sigmoid: x[n, 784], y[n, 1, 28, 28]; 3.1 kFLOP an image */
static void decoder_6_sigmoid(int n, int task, const float *restrict x,
    float *restrict y)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    const float *const x_row = x + r * 784;
    float *const y_row = y + r * 784;
    for (int c = 0; c < 784; c++) {
      y_row[c] = lathe_sigmoidf(x_row[c]);
    }
  }
}

static void decode_0(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  decoder_0_linear(c->n, task,
      c->latents,
      c->fixed + DECODER_0_WEIGHT,
      c->fixed + DECODER_0_BIAS,
      c->batch + c->capacity * DECODE_DECODER_1);
}

static void decode_1(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  decoder_2_linear(c->n, task,
      c->batch + c->capacity * DECODE_DECODER_1,
      c->fixed + DECODER_2_WEIGHT,
      c->fixed + DECODER_2_BIAS,
      c->batch + c->capacity * DECODE_DECODER_3);
}

static void decode_2(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  decoder_4_linear(c->n, task,
      c->batch + c->capacity * DECODE_DECODER_3,
      c->fixed + DECODER_4_WEIGHT,
      c->fixed + DECODER_4_BIAS,
      c->batch + c->capacity * DECODE_DECODER_4);
}

static void decode_3(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  decoder_6_sigmoid(c->n, task,
      c->batch + c->capacity * DECODE_DECODER_4,
      c->decoded);
}

void digits_mlp_decode(struct lathe_state *state, int n, const float *latents, float *images)
{
  struct digits_mlp_call call = {
    .n = n,
    .capacity = (size_t)state->capacity,
    .fixed = state->fixed,
    .batch = state->batch,
    .scratch = state->scratch,
    .latents = latents,
    .decoded = images,
  };
  lathe_parallel(state->pool, (n + 13) / 14, decode_0, &call);
  lathe_parallel(state->pool, (n + 13) / 14, decode_1, &call);
  lathe_parallel(state->pool, (n + 13) / 14, decode_2, &call);
  lathe_parallel(state->pool, (n + 15) / 16, decode_3, &call);
}

/* encoder.1: linear 512; relu   (digits_mlp.lathe:13)
 * linear + bias + relu: x[n, 1, 28, 28], w[784, 512], b[512], y[n, 512]; 803.8 kFLOP an image */
static void encoder_1_linear_2(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 128;
  const int end = begin + 128;
  const struct lathe_panels w_panels =
          lathe_pack(784, 128, w + begin, 512, scratch);
  lathe_product(n, 128, 784, (struct lathe_rows){x, 784, 1}, w_panels, 0,
      y + begin, 512);
  for (int r = 0; r < n; r++) {
    float *const y_row = y + r * 512;
    for (int c = begin; c < end; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}

/* encoder.3: linear 256; relu   (digits_mlp.lathe:15)
 * linear + bias + relu: x[n, 512], w[512, 256], b[256], y[n, 256]; 262.7 kFLOP an image */
static void encoder_3_linear_2(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 128;
  const int end = begin + 128;
  const struct lathe_panels w_panels =
          lathe_pack(512, 128, w + begin, 256, scratch);
  lathe_product(n, 128, 512, (struct lathe_rows){x, 512, 1}, w_panels, 0,
      y + begin, 256);
  for (int r = 0; r < n; r++) {
    float *const y_row = y + r * 256;
    for (int c = begin; c < end; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}

/* encoder.5: gaussian z   (digits_mlp.lathe:17)
 * sample: mean[n, 2], logvar[n, 2], noise[n, 2], z[n, 2] */
static void encoder_5_sample(int n, int task, const float *restrict mean,
    const float *restrict logvar, const float *restrict noise, float *restrict z)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    const float *const mean_row = mean + r * 2;
    const float *const logvar_row = logvar + r * 2;
    const float *const noise_row = noise + r * 2;
    float *const z_row = z + r * 2;
    for (int c = 0; c < 2; c++) {
      z_row[c] = mean_row[c] + lathe_expf(0.5F * logvar_row[c]) * noise_row[c];
    }
  }
}

/* decoder.0: linear 256; relu   (digits_mlp.lathe:21)
 * linear + bias + relu: x[n, 2], w[2, 256], b[256], y[n, 256]; 1.5 kFLOP an image */
static void decoder_0_linear_2(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 128;
  const int end = begin + 128;
  const struct lathe_panels w_panels =
          lathe_pack(2, 128, w + begin, 256, scratch);
  lathe_product(n, 128, 2, (struct lathe_rows){x, 2, 1}, w_panels, 0,
      y + begin, 256);
  for (int r = 0; r < n; r++) {
    float *const y_row = y + r * 256;
    for (int c = begin; c < end; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}

/* decoder.2: linear 512; relu   (digits_mlp.lathe:23)
 * linear + bias + relu: x[n, 256], w[256, 512], b[512], y[n, 512]; 263.2 kFLOP an image */
static void decoder_2_linear_2(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 128;
  const int end = begin + 128;
  const struct lathe_panels w_panels =
          lathe_pack(256, 128, w + begin, 512, scratch);
  lathe_product(n, 128, 256, (struct lathe_rows){x, 256, 1}, w_panels, 0,
      y + begin, 512);
  for (int r = 0; r < n; r++) {
    float *const y_row = y + r * 512;
    for (int c = begin; c < end; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}

/* decoder.4: linear 784   (digits_mlp.lathe:25)
 * linear + bias: x[n, 512], w[512, 784], b[784], y[n, 784]; 803.6 kFLOP an image */
static void decoder_4_linear_2(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 128;
  const int end = begin + 128 < 784 ? begin + 128 : 784;
  const struct lathe_panels w_panels =
          lathe_pack(512, (end - begin), w + begin, 784, scratch);
  lathe_product(n, (end - begin), 512, (struct lathe_rows){x, 512, 1}, w_panels, 0,
      y + begin, 784);
  for (int r = 0; r < n; r++) {
    float *const y_row = y + r * 784;
    for (int c = begin; c < end; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}

/* reconstruction
 * bernoulli: logits[n, 784], x[n, 1, 28, 28], nll[n, 1] */
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
 * kl: mean[n, 2], logvar[n, 2], kl[n, 1] */
static void kl(int n, int task, const float *restrict mean,
    const float *restrict logvar, double *restrict kl)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    double sum = 0;
    for (int j = 0; j < 2; j++) {
      const double m = mean[i * 2 + j];
      const double l = logvar[i * 2 + j];
      const double term = m * m + (expm1(l) - l);
      sum += term;
    }
    kl[i] = 0.5 * sum;
  }
}

static void evaluate_0(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  encoder_1_linear_2(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->images,
      c->fixed + ENCODER_1_WEIGHT,
      c->fixed + ENCODER_1_BIAS,
      c->batch + c->capacity * EVALUATE_ENCODER_2);
}

static void evaluate_1(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  encoder_3_linear_2(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * EVALUATE_ENCODER_2,
      c->fixed + ENCODER_3_WEIGHT,
      c->fixed + ENCODER_3_BIAS,
      c->batch + c->capacity * EVALUATE_ENCODER_4);
}

static void evaluate_2(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_5_linear(c->n, task,
      c->batch + c->capacity * EVALUATE_ENCODER_4,
      c->fixed + MEAN_WEIGHT,
      c->fixed + MEAN_BIAS,
      c->batch + c->capacity * EVALUATE_MEAN);
}

static void evaluate_3(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_5_linear_2(c->n, task,
      c->batch + c->capacity * EVALUATE_ENCODER_4,
      c->fixed + LOGVAR_WEIGHT,
      c->fixed + LOGVAR_BIAS,
      c->batch + c->capacity * EVALUATE_LOGVAR);
}

static void evaluate_4(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_5_sample(c->n, task,
      c->batch + c->capacity * EVALUATE_MEAN,
      c->batch + c->capacity * EVALUATE_LOGVAR,
      c->noise,
      c->batch + c->capacity * EVALUATE_Z);
}

static void evaluate_5(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  decoder_0_linear_2(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * EVALUATE_Z,
      c->fixed + DECODER_0_WEIGHT,
      c->fixed + DECODER_0_BIAS,
      c->batch + c->capacity * EVALUATE_DECODER_1);
}

static void evaluate_6(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  decoder_2_linear_2(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * EVALUATE_DECODER_1,
      c->fixed + DECODER_2_WEIGHT,
      c->fixed + DECODER_2_BIAS,
      c->batch + c->capacity * EVALUATE_DECODER_3);
}

static void evaluate_7(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  decoder_4_linear_2(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * EVALUATE_DECODER_3,
      c->fixed + DECODER_4_WEIGHT,
      c->fixed + DECODER_4_BIAS,
      c->batch + c->capacity * EVALUATE_DECODER_4);
}

static void evaluate_8(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  bernoulli(c->n, task,
      c->batch + c->capacity * EVALUATE_DECODER_4,
      c->images,
      (double *)(void *)(c->batch + c->capacity * EVALUATE_RECONSTRUCTION));
}

static void evaluate_9(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  kl(c->n, task,
      c->batch + c->capacity * EVALUATE_MEAN,
      c->batch + c->capacity * EVALUATE_LOGVAR,
      (double *)(void *)(c->batch + c->capacity * EVALUATE_KL));
}

struct lathe_loss digits_mlp_evaluate(struct lathe_state *state, int n, const float *images,
    const float *noise)
{
  struct digits_mlp_call call = {
    .n = n,
    .capacity = (size_t)state->capacity,
    .fixed = state->fixed,
    .batch = state->batch,
    .scratch = state->scratch,
    .images = images,
    .noise = noise,
  };
  lathe_parallel(state->pool, 4, evaluate_0, &call);
  lathe_parallel(state->pool, 2, evaluate_1, &call);
  lathe_parallel(state->pool, (n + 31) / 32, evaluate_2, &call);
  lathe_parallel(state->pool, (n + 31) / 32, evaluate_3, &call);
  lathe_parallel(state->pool, (n + 15) / 16, evaluate_4, &call);
  lathe_parallel(state->pool, 2, evaluate_5, &call);
  lathe_parallel(state->pool, 4, evaluate_6, &call);
  lathe_parallel(state->pool, 7, evaluate_7, &call);
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
  const float *const logvar = call.batch + call.capacity * EVALUATE_LOGVAR;
  for (int i = 0; i < n * 2; i++)
    loss.clamped += logvar[i] <= -30.0F || logvar[i] >= 20.0F;
  return loss;
}

static void forward_0(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  encoder_1_linear_2(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->images,
      c->fixed + ENCODER_1_WEIGHT,
      c->fixed + ENCODER_1_BIAS,
      c->batch + c->capacity * TRAIN_ENCODER_2);
}

static void forward_1(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  encoder_3_linear_2(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_ENCODER_2,
      c->fixed + ENCODER_3_WEIGHT,
      c->fixed + ENCODER_3_BIAS,
      c->batch + c->capacity * TRAIN_ENCODER_4);
}

static void forward_2(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_5_linear(c->n, task,
      c->batch + c->capacity * TRAIN_ENCODER_4,
      c->fixed + MEAN_WEIGHT,
      c->fixed + MEAN_BIAS,
      c->batch + c->capacity * TRAIN_MEAN);
}

static void forward_3(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_5_linear_2(c->n, task,
      c->batch + c->capacity * TRAIN_ENCODER_4,
      c->fixed + LOGVAR_WEIGHT,
      c->fixed + LOGVAR_BIAS,
      c->batch + c->capacity * TRAIN_LOGVAR);
}

static void forward_4(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_5_sample(c->n, task,
      c->batch + c->capacity * TRAIN_MEAN,
      c->batch + c->capacity * TRAIN_LOGVAR,
      c->noise,
      c->batch + c->capacity * TRAIN_Z);
}

static void forward_5(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  decoder_0_linear_2(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_Z,
      c->fixed + DECODER_0_WEIGHT,
      c->fixed + DECODER_0_BIAS,
      c->batch + c->capacity * TRAIN_DECODER_1);
}

static void forward_6(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  decoder_2_linear_2(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_DECODER_1,
      c->fixed + DECODER_2_WEIGHT,
      c->fixed + DECODER_2_BIAS,
      c->batch + c->capacity * TRAIN_DECODER_3);
}

static void forward_7(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  decoder_4_linear_2(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_DECODER_3,
      c->fixed + DECODER_4_WEIGHT,
      c->fixed + DECODER_4_BIAS,
      c->batch + c->capacity * TRAIN_DECODER_4);
}

static void forward_8(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  bernoulli(c->n, task,
      c->batch + c->capacity * TRAIN_DECODER_4,
      c->images,
      (double *)(void *)(c->batch + c->capacity * TRAIN_RECONSTRUCTION));
}

static void forward_9(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  kl(c->n, task,
      c->batch + c->capacity * TRAIN_MEAN,
      c->batch + c->capacity * TRAIN_LOGVAR,
      (double *)(void *)(c->batch + c->capacity * TRAIN_KL));
}

struct lathe_loss digits_mlp_forward(struct lathe_state *state, int n, const float *images,
    const float *noise)
{
  struct digits_mlp_call call = {
    .n = n,
    .capacity = (size_t)state->capacity,
    .fixed = state->fixed,
    .batch = state->batch,
    .scratch = state->scratch,
    .images = images,
    .noise = noise,
  };
  lathe_kernel(state, 0, 4, forward_0, &call);
  lathe_kernel(state, 1, 2, forward_1, &call);
  lathe_kernel(state, 2, (n + 31) / 32, forward_2, &call);
  lathe_kernel(state, 3, (n + 31) / 32, forward_3, &call);
  lathe_kernel(state, 4, (n + 15) / 16, forward_4, &call);
  lathe_kernel(state, 5, 2, forward_5, &call);
  lathe_kernel(state, 6, 4, forward_6, &call);
  lathe_kernel(state, 7, 7, forward_7, &call);
  lathe_kernel(state, 8, (n + 15) / 16, forward_8, &call);
  lathe_kernel(state, 9, (n + 15) / 16, forward_9, &call);
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
  for (int i = 0; i < n * 2; i++)
    loss.clamped += logvar[i] <= -30.0F || logvar[i] >= 20.0F;
  return loss;
}
