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

static void backward_0(void *arg, int task, int thread)
{
  const struct tiny_call *const c = arg;
  (void)thread;
  kl_grad_mean(c->n, task,
      c->batch + c->capacity * TRAIN_MEAN,
      (float)c->kl_weight / (float)c->n);
}
