/* The backward pass of digits_mlp: gradients of the batch's mean loss, in reverse order. */
#include "digits_mlp_internal.h"
#include <lathe/dots.h>
#include <lathe/fetch.h>
#include <lathe/kernel.h>
#include <lathe/pack.h>
#include <lathe/sum_rows.h>
#include <lathe/vector_math.h>
#include <math.h>
#include <string.h>

/* d.mean.part
 * kl_grad_mean: mean[n, 2] */
static void kl_grad_mean(int n, int task, float *restrict mean, float seed)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const mean_row = mean + r * 2;
    for (int c = 0; c < 2; c++) {
      mean_row[c] = mean_row[c] * seed;
    }
  }
}

/* d.logvar.part
 * kl_grad_logvar: logvar[n, 2], dlogvar[n, 2] */
static void kl_grad_logvar(int n, int task, const float *restrict logvar,
    float seed, float *restrict dlogvar)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    const float *const logvar_row = logvar + r * 2;
    float *const dlogvar_row = dlogvar + r * 2;
    for (int c = 0; c < 2; c++) {
      dlogvar_row[c] = 0.5F * (lathe_expf(logvar_row[c]) - 1.0F) * seed;
    }
  }
}

/* d.decoder.5
 * bernoulli_grad: logits[n, 784], x[n, 1, 28, 28]; 3.1 kFLOP an image */
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

/* decoder.4: linear 784   (digits_mlp.lathe:25)
 * channel_sum: dy[n, 1, 28, 28], db[784] */
static void decoder_4_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 112;
  double sum[112] = {0};
  for (int r = 0; r < n; r++)
    for (int c = 0; c < 112; c++)
      sum[c] += dy[r * 784 + begin + c];
  for (int c = 0; c < 112; c++) {
    db[begin + c] = (float)sum[c];
  }
}

/* decoder.4: linear 784; relu   (digits_mlp.lathe:25)
 * linear_input + relu_grad: dy[n, 1, 28, 28], w[512, 784], act[n, 512], dx[n, 512];
 * 803.3 kFLOP an image */
static void decoder_4_linear_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict act,
    float *restrict dx)
{
  const int begin = task * 128;
  const int end = begin + 128;
  const struct lathe_panels w_panels =
          lathe_pack_transposed(784, 128, w + begin * 784, 784, scratch);
  lathe_product(n, 128, 784, (struct lathe_rows){dy, 784, 1}, w_panels, 0,
      dx + begin, 512);
  for (int r = 0; r < n; r++) {
    const float *const act_row = act + r * 512;
    float *const dx_row = dx + r * 512;
    for (int c = begin; c < end; c++) {
      const float dy_value = dx_row[c];
      dx_row[c] = act_row[c] > 0.0F ? dy_value : 0.0F;
    }
  }
}

/* What digits_mlp_update reads and changes of the parameters first .. first+count-1. */
static struct lathe_next digits_mlp_to_update(const struct digits_mlp_update *update,
    int first_parameter, int count)
{
  if (update == NULL)
    return (struct lathe_next){0};
  const float *const parameter = update->fixed + first_parameter;
  return (struct lathe_next){
    .of = {parameter, parameter + DIGITS_MLP_EXP_AVG, parameter + DIGITS_MLP_EXP_AVG_SQ},
    .bytes = (size_t)count * sizeof *parameter,
  };
}

/* decoder.4: linear 784   (digits_mlp.lathe:25)
 * linear_weight: dy[n, 1, 28, 28], x[n, 512], dw[401408]; 802.8 kFLOP an image */
static void decoder_4_linear_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct digits_mlp_update *update)
{
  const int begin = task * 28;
  const int end = begin + 28 < 512 ? begin + 28 : 512;
  const struct lathe_panels panels = {dy, LATHE_PANEL, 784};
  for (int row = begin; row < end; row += 14) {
    const int rows = end - row < 14 ? end - row : 14;
    const struct lathe_rows left = {x + row, 1, 512};
    float *const to = update != NULL ? scratch : dw + row * 784;
    lathe_product_before(rows, 784, n, left, panels, 0, to, 784,
        digits_mlp_to_update(update, DECODER_4_WEIGHT + row * 784, rows * 784));
    if (update != NULL)
      digits_mlp_update(update, DECODER_4_WEIGHT + row * 784, rows * 784, to);
  }
}

/* decoder.2: linear 512   (digits_mlp.lathe:23)
 * channel_sum: dy[n, 512], db[512] */
static void decoder_2_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 64;
  double sum[64] = {0};
  for (int r = 0; r < n; r++) {
    lathe_fetch(dy + begin, (r + 32) * 512);
    for (int c = 0; c < 64; c++)
      sum[c] += dy[r * 512 + begin + c];
  }
  for (int c = 0; c < 64; c++) {
    db[begin + c] = (float)sum[c];
  }
}

/* decoder.2: linear 512; relu   (digits_mlp.lathe:23)
 * linear_input + relu_grad: dy[n, 512], w[256, 512], act[n, 256], dx[n, 256];
 * 262.4 kFLOP an image */
static void decoder_2_linear_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict act,
    float *restrict dx)
{
  const int begin = task * 128;
  const int end = begin + 128;
  const struct lathe_panels w_panels =
          lathe_pack_transposed(512, 128, w + begin * 512, 512, scratch);
  lathe_product(n, 128, 512, (struct lathe_rows){dy, 512, 1}, w_panels, 0,
      dx + begin, 256);
  for (int r = 0; r < n; r++) {
    const float *const act_row = act + r * 256;
    float *const dx_row = dx + r * 256;
    for (int c = begin; c < end; c++) {
      const float dy_value = dx_row[c];
      dx_row[c] = act_row[c] > 0.0F ? dy_value : 0.0F;
    }
  }
}

/* decoder.2: linear 512   (digits_mlp.lathe:23)
 * linear_weight: dy[n, 512], x[n, 256], dw[131072]; 262.1 kFLOP an image */
static void decoder_2_linear_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct digits_mlp_update *update)
{
  const int begin = task * 14;
  const int end = begin + 14 < 256 ? begin + 14 : 256;
  const struct lathe_panels panels = {dy, LATHE_PANEL, 512};
  for (int row = begin; row < end; row += 14) {
    const int rows = end - row < 14 ? end - row : 14;
    const struct lathe_rows left = {x + row, 1, 256};
    float *const to = update != NULL ? scratch : dw + row * 512;
    lathe_product_before(rows, 512, n, left, panels, 0, to, 512,
        digits_mlp_to_update(update, DECODER_2_WEIGHT + row * 512, rows * 512));
    if (update != NULL)
      digits_mlp_update(update, DECODER_2_WEIGHT + row * 512, rows * 512, to);
  }
}

/* decoder.0: linear 256   (digits_mlp.lathe:21)
 * channel_sum: dy[n, 256], db[256] */
static void decoder_0_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 32;
  double sum[32] = {0};
  for (int r = 0; r < n; r++) {
    lathe_fetch(dy + begin, (r + 32) * 256);
    for (int c = 0; c < 32; c++)
      sum[c] += dy[r * 256 + begin + c];
  }
  for (int c = 0; c < 32; c++) {
    db[begin + c] = (float)sum[c];
  }
}

/* decoder.0: linear 256   (digits_mlp.lathe:21)
 * linear_input: dy[n, 256], w[2, 256], dx[n, 2]; 1.0 kFLOP an image */
static void decoder_0_linear_input(int n, int task, const float *restrict dy,
    const float *restrict w, float *restrict dx)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  lathe_dots(end - begin, 2, 256, dy + begin * 256, 256, w, 256, dx + begin * 2, 2);
}

/* decoder.0: linear 256   (digits_mlp.lathe:21)
 * linear_weight: dy[n, 256], x[n, 2], dw[512]; 1.0 kFLOP an image */
static void decoder_0_linear_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct digits_mlp_update *update)
{
  const int begin = task * 32;
  const int to_row = update != NULL ? 32 : 256;
  const struct lathe_panels panels = {dy + begin, LATHE_PANEL, 256};
  for (int row = 0; row < 2; row += 14) {
    const int rows = 2 - row < 14 ? 2 - row : 14;
    const struct lathe_rows left = {x + row, 1, 2};
    float *const to = update != NULL ? scratch : dw + row * 256 + begin;
    lathe_product(rows, 32, n, left, panels, 0, to, to_row);
    for (int r = 0; update != NULL && r < rows; r++)
      digits_mlp_update(update, DECODER_0_WEIGHT + row * 256 + begin + r * 256, 32, to + r * 32);
  }
}

/* encoder.5: gaussian z   (digits_mlp.lathe:17)
 * add: x[n, 2], a[n, 2] */
static void encoder_5_add(int n, int task, const float *restrict x,
    float *restrict a)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    const float *const x_row = x + r * 2;
    float *const a_row = a + r * 2;
    for (int c = 0; c < 2; c++) {
      a_row[c] = x_row[c] + a_row[c];
    }
  }
}

/* encoder.5: gaussian z   (digits_mlp.lathe:17)
 * sample_grad_logvar + add + clamp_grad: dz[n, 2], logvar[n, 2], noise[n, 2], a[n, 2] */
static void encoder_5_sample_grad_logvar(int n, int task, float *restrict dz,
    const float *restrict logvar, const float *restrict noise, const float *restrict a)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const dz_row = dz + r * 2;
    const float *const logvar_row = logvar + r * 2;
    const float *const noise_row = noise + r * 2;
    const float *const a_row = a + r * 2;
    for (int c = 0; c < 2; c++) {
      const float sample_grad_logvar0 = dz_row[c] * 0.5F * lathe_expf(0.5F * logvar_row[c]) *
          noise_row[c];
      const float add1 = sample_grad_logvar0 + a_row[c];
      dz_row[c] = logvar_row[c] <= -30.0F || logvar_row[c] >= 20.0F ? 0.0F : add1;
    }
  }
}

/* encoder.5: gaussian z   (digits_mlp.lathe:17)
 * channel_sum: dy[n, 2], db[2] */
static void encoder_5_channel_sum(int n, const float *restrict dy, float *restrict db)
{
  double sum[2] = {0};
  for (int r = 0; r < n; r++)
    for (int c = 0; c < 2; c++)
      sum[c] += dy[r * 2 + c];
  for (int c = 0; c < 2; c++) {
    db[c] = (float)sum[c];
  }
}

/* encoder.5: gaussian z   (digits_mlp.lathe:17)
 * linear_input: dy[n, 2], w[2, 256], dx[n, 256]; 1.0 kFLOP an image */
static void encoder_5_linear_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, float *restrict dx)
{
  const int begin = task * 128;
  const struct lathe_panels w_panels =
          lathe_pack(2, 128, w + begin, 256, scratch);
  lathe_product(n, 128, 2, (struct lathe_rows){dy, 2, 1}, w_panels, 0,
      dx + begin, 256);
}

/* encoder.5: gaussian z   (digits_mlp.lathe:17)
 * linear_weight: dy[n, 2], x[n, 256], dw[512]; 1.0 kFLOP an image */
static void encoder_5_linear_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct digits_mlp_update *update)
{
  const int begin = task * 32;
  const int to_row = update != NULL ? 32 : 256;
  const struct lathe_panels panels = {x + begin, LATHE_PANEL, 256};
  for (int row = 0; row < 2; row += 14) {
    const int rows = 2 - row < 14 ? 2 - row : 14;
    const struct lathe_rows left = {dy + row, 1, 2};
    float *const to = update != NULL ? scratch : dw + row * 256 + begin;
    lathe_product(rows, 32, n, left, panels, 0, to, to_row);
    for (int r = 0; update != NULL && r < rows; r++)
      digits_mlp_update(update, LOGVAR_WEIGHT + row * 256 + begin + r * 256, 32, to + r * 32);
  }
}

/* encoder.5: gaussian z   (digits_mlp.lathe:17)
 * linear_input + add: dy[n, 2], w[2, 256], a[n, 256], y[n, 256]; 1.3 kFLOP an image */
static void encoder_5_linear_input_2(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict a,
    float *restrict y)
{
  const int begin = task * 128;
  const int end = begin + 128;
  const struct lathe_panels w_panels =
          lathe_pack(2, 128, w + begin, 256, scratch);
  lathe_product(n, 128, 2, (struct lathe_rows){dy, 2, 1}, w_panels, 0,
      y + begin, 256);
  for (int r = 0; r < n; r++) {
    const float *const a_row = a + r * 256;
    float *const y_row = y + r * 256;
    for (int c = begin; c < end; c++) {
      y_row[c] = y_row[c] + a_row[c];
    }
  }
}

/* encoder.5: gaussian z   (digits_mlp.lathe:17)
 * linear_weight: dy[n, 2], x[n, 256], dw[512]; 1.0 kFLOP an image */
static void encoder_5_linear_weight_2(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct digits_mlp_update *update)
{
  const int begin = task * 32;
  const int to_row = update != NULL ? 32 : 256;
  const struct lathe_panels panels = {x + begin, LATHE_PANEL, 256};
  for (int row = 0; row < 2; row += 14) {
    const int rows = 2 - row < 14 ? 2 - row : 14;
    const struct lathe_rows left = {dy + row, 1, 2};
    float *const to = update != NULL ? scratch : dw + row * 256 + begin;
    lathe_product(rows, 32, n, left, panels, 0, to, to_row);
    for (int r = 0; update != NULL && r < rows; r++)
      digits_mlp_update(update, MEAN_WEIGHT + row * 256 + begin + r * 256, 32, to + r * 32);
  }
}

/* encoder.4: relu   (digits_mlp.lathe:16)
 * relu_grad: dy[n, 256], act[n, 256] */
static void encoder_4_relu_grad(int n, int task, float *restrict dy,
    const float *restrict act)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const dy_row = dy + r * 256;
    const float *const act_row = act + r * 256;
    for (int c = 0; c < 256; c++) {
      const float dy_value = dy_row[c];
      dy_row[c] = act_row[c] > 0.0F ? dy_value : 0.0F;
    }
  }
}

/* encoder.3: linear 256   (digits_mlp.lathe:15)
 * channel_sum: dy[n, 256], db[256] */
static void encoder_3_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 32;
  double sum[32] = {0};
  for (int r = 0; r < n; r++) {
    lathe_fetch(dy + begin, (r + 32) * 256);
    for (int c = 0; c < 32; c++)
      sum[c] += dy[r * 256 + begin + c];
  }
  for (int c = 0; c < 32; c++) {
    db[begin + c] = (float)sum[c];
  }
}

/* encoder.3: linear 256; relu   (digits_mlp.lathe:15)
 * linear_input + relu_grad: dy[n, 256], w[512, 256], act[n, 512], dx[n, 512];
 * 262.7 kFLOP an image */
static void encoder_3_linear_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict act,
    float *restrict dx)
{
  const int begin = task * 128;
  const int end = begin + 128;
  const struct lathe_panels w_panels =
          lathe_pack_transposed(256, 128, w + begin * 256, 256, scratch);
  lathe_product(n, 128, 256, (struct lathe_rows){dy, 256, 1}, w_panels, 0,
      dx + begin, 512);
  for (int r = 0; r < n; r++) {
    const float *const act_row = act + r * 512;
    float *const dx_row = dx + r * 512;
    for (int c = begin; c < end; c++) {
      const float dy_value = dx_row[c];
      dx_row[c] = act_row[c] > 0.0F ? dy_value : 0.0F;
    }
  }
}

/* encoder.3: linear 256   (digits_mlp.lathe:15)
 * linear_weight: dy[n, 256], x[n, 512], dw[131072]; 262.1 kFLOP an image */
static void encoder_3_linear_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct digits_mlp_update *update)
{
  const int begin = task * 28;
  const int end = begin + 28 < 512 ? begin + 28 : 512;
  const struct lathe_panels panels = {dy, LATHE_PANEL, 256};
  for (int row = begin; row < end; row += 14) {
    const int rows = end - row < 14 ? end - row : 14;
    const struct lathe_rows left = {x + row, 1, 512};
    float *const to = update != NULL ? scratch : dw + row * 256;
    lathe_product_before(rows, 256, n, left, panels, 0, to, 256,
        digits_mlp_to_update(update, ENCODER_3_WEIGHT + row * 256, rows * 256));
    if (update != NULL)
      digits_mlp_update(update, ENCODER_3_WEIGHT + row * 256, rows * 256, to);
  }
}

/* encoder.1: linear 512   (digits_mlp.lathe:13)
 * channel_sum: dy[n, 512], db[512] */
static void encoder_1_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 64;
  double sum[64] = {0};
  for (int r = 0; r < n; r++) {
    lathe_fetch(dy + begin, (r + 32) * 512);
    for (int c = 0; c < 64; c++)
      sum[c] += dy[r * 512 + begin + c];
  }
  for (int c = 0; c < 64; c++) {
    db[begin + c] = (float)sum[c];
  }
}

/* encoder.1: linear 512   (digits_mlp.lathe:13)
 * linear_weight: dy[n, 512], x[n, 1, 28, 28], dw[401408]; 802.8 kFLOP an image */
static void encoder_1_linear_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct digits_mlp_update *update)
{
  const int begin = task * 28;
  const int end = begin + 28;
  const struct lathe_panels panels = {dy, LATHE_PANEL, 512};
  for (int row = begin; row < end; row += 14) {
    const int rows = end - row < 14 ? end - row : 14;
    const struct lathe_rows left = {x + row, 1, 784};
    float *const to = update != NULL ? scratch : dw + row * 512;
    lathe_product_before(rows, 512, n, left, panels, 0, to, 512,
        digits_mlp_to_update(update, ENCODER_1_WEIGHT + row * 512, rows * 512));
    if (update != NULL)
      digits_mlp_update(update, ENCODER_1_WEIGHT + row * 512, rows * 512, to);
  }
}

static void backward_0(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  kl_grad_mean(c->n, task,
      c->batch + c->capacity * TRAIN_MEAN,
      1.0F / (float)c->n);
}

static void backward_1(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  kl_grad_logvar(c->n, task,
      c->batch + c->capacity * TRAIN_LOGVAR,
      1.0F / (float)c->n,
      c->batch + c->capacity * TRAIN_D_LOGVAR_PART);
}

static void backward_2(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  bernoulli_grad(c->n, task,
      c->batch + c->capacity * TRAIN_DECODER_4,
      c->images,
      1.0F / (float)c->n);
}

static void backward_3(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  decoder_4_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_DECODER_5,
      c->fixed + TRAIN_D_DECODER_4_BIAS);
}

static void backward_4(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  decoder_4_linear_input(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_D_DECODER_5,
      c->fixed + DECODER_4_WEIGHT,
      c->batch + c->capacity * TRAIN_DECODER_3,
      c->batch + c->capacity * TRAIN_D_DECODER_2);
}

static void backward_5(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  decoder_4_linear_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_D_DECODER_5,
      c->batch + c->capacity * TRAIN_DECODER_3,
      c->fixed + TRAIN_D_DECODER_4_WEIGHT,
      c->update);
}

static void backward_6(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  decoder_2_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_DECODER_2,
      c->fixed + TRAIN_D_DECODER_2_BIAS);
}

static void backward_7(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  decoder_2_linear_input(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_D_DECODER_2,
      c->fixed + DECODER_2_WEIGHT,
      c->batch + c->capacity * TRAIN_DECODER_1,
      c->batch + c->capacity * TRAIN_D_DECODER_0);
}

static void backward_8(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  decoder_2_linear_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_D_DECODER_2,
      c->batch + c->capacity * TRAIN_DECODER_1,
      c->fixed + TRAIN_D_DECODER_2_WEIGHT,
      c->update);
}

static void backward_9(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  decoder_0_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_DECODER_0,
      c->fixed + TRAIN_D_DECODER_0_BIAS);
}

static void backward_10(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  decoder_0_linear_input(c->n, task,
      c->batch + c->capacity * TRAIN_D_DECODER_0,
      c->fixed + DECODER_0_WEIGHT,
      c->batch + c->capacity * TRAIN_D_Z);
}

static void backward_11(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  decoder_0_linear_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_D_DECODER_0,
      c->batch + c->capacity * TRAIN_Z,
      c->fixed + TRAIN_D_DECODER_0_WEIGHT,
      c->update);
}

static void backward_12(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_5_add(c->n, task,
      c->batch + c->capacity * TRAIN_D_Z,
      c->batch + c->capacity * TRAIN_D_MEAN_PART);
}

static void backward_13(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_5_sample_grad_logvar(c->n, task,
      c->batch + c->capacity * TRAIN_D_Z,
      c->batch + c->capacity * TRAIN_LOGVAR,
      c->noise,
      c->batch + c->capacity * TRAIN_D_LOGVAR_PART);
}

static void backward_14(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)task;
  (void)thread;
  encoder_5_channel_sum(c->n,
      c->batch + c->capacity * TRAIN_D_LOGVAR,
      c->fixed + TRAIN_D_LOGVAR_BIAS);
}

static void backward_15(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  encoder_5_linear_input(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_D_LOGVAR,
      c->fixed + LOGVAR_WEIGHT,
      c->batch + c->capacity * TRAIN_D_ENCODER_5_VIEW_PART);
}

static void backward_16(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  encoder_5_linear_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_D_LOGVAR,
      c->batch + c->capacity * TRAIN_ENCODER_4,
      c->fixed + TRAIN_D_LOGVAR_WEIGHT,
      c->update);
}

static void backward_17(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)task;
  (void)thread;
  encoder_5_channel_sum(c->n,
      c->batch + c->capacity * TRAIN_D_MEAN,
      c->fixed + TRAIN_D_MEAN_BIAS);
}

static void backward_18(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  encoder_5_linear_input_2(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_D_MEAN,
      c->fixed + MEAN_WEIGHT,
      c->batch + c->capacity * TRAIN_D_ENCODER_5_VIEW_PART,
      c->batch + c->capacity * TRAIN_D_ENCODER_5_VIEW);
}

static void backward_19(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  encoder_5_linear_weight_2(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_D_MEAN,
      c->batch + c->capacity * TRAIN_ENCODER_4,
      c->fixed + TRAIN_D_MEAN_WEIGHT,
      c->update);
}

static void backward_20(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_4_relu_grad(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_5_VIEW,
      c->batch + c->capacity * TRAIN_ENCODER_4);
}

static void backward_21(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_3_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_3,
      c->fixed + TRAIN_D_ENCODER_3_BIAS);
}

static void backward_22(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  encoder_3_linear_input(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_D_ENCODER_3,
      c->fixed + ENCODER_3_WEIGHT,
      c->batch + c->capacity * TRAIN_ENCODER_2,
      c->batch + c->capacity * TRAIN_D_ENCODER_1);
}

static void backward_23(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  encoder_3_linear_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_D_ENCODER_3,
      c->batch + c->capacity * TRAIN_ENCODER_2,
      c->fixed + TRAIN_D_ENCODER_3_WEIGHT,
      c->update);
}

static void backward_24(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  (void)thread;
  encoder_1_channel_sum(c->n, task,
      c->batch + c->capacity * TRAIN_D_ENCODER_1,
      c->fixed + TRAIN_D_ENCODER_1_BIAS);
}

static void backward_25(void *arg, int task, int thread)
{
  const struct digits_mlp_call *const c = arg;
  encoder_1_linear_weight(c->n, task, c->scratch + (size_t)thread * DIGITS_MLP_SCRATCH,
      c->batch + c->capacity * TRAIN_D_ENCODER_1,
      c->images,
      c->fixed + TRAIN_D_ENCODER_1_WEIGHT,
      c->update);
}

void digits_mlp_backward(struct lathe_state *state, int n, const float *images,
    const float *noise, const struct digits_mlp_update *update)
{
  struct digits_mlp_call call = {
    .n = n,
    .capacity = (size_t)state->capacity,
    .fixed = state->fixed,
    .batch = state->batch,
    .scratch = state->scratch,
    .images = images,
    .noise = noise,
    .update = update,
  };
  lathe_kernel(state, 10, (n + 15) / 16, backward_0, &call);
  lathe_kernel(state, 11, (n + 15) / 16, backward_1, &call);
  lathe_kernel(state, 12, (n + 15) / 16, backward_2, &call);
  lathe_kernel(state, 13, 7, backward_3, &call);
  lathe_kernel(state, 14, 4, backward_4, &call);
  lathe_kernel(state, 15, 19, backward_5, &call);
  lathe_kernel(state, 16, 8, backward_6, &call);
  lathe_kernel(state, 17, 2, backward_7, &call);
  lathe_kernel(state, 18, 19, backward_8, &call);
  lathe_kernel(state, 19, 8, backward_9, &call);
  lathe_kernel(state, 20, (n + 31) / 32, backward_10, &call);
  lathe_kernel(state, 21, 8, backward_11, &call);
  lathe_kernel(state, 22, (n + 15) / 16, backward_12, &call);
  lathe_kernel(state, 23, (n + 15) / 16, backward_13, &call);
  lathe_kernel(state, 24, 1, backward_14, &call);
  lathe_kernel(state, 25, 2, backward_15, &call);
  lathe_kernel(state, 26, 8, backward_16, &call);
  lathe_kernel(state, 27, 1, backward_17, &call);
  lathe_kernel(state, 28, 2, backward_18, &call);
  lathe_kernel(state, 29, 8, backward_19, &call);
  lathe_kernel(state, 30, (n + 15) / 16, backward_20, &call);
  lathe_kernel(state, 31, 8, backward_21, &call);
  lathe_kernel(state, 32, 4, backward_22, &call);
  lathe_kernel(state, 33, 19, backward_23, &call);
  lathe_kernel(state, 34, 8, backward_24, &call);
  lathe_kernel(state, 35, 28, backward_25, &call);
}
