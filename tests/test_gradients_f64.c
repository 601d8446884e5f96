/* The emitted backward pass against finite differences of the emitted forward pass, in float64, for
 * small descriptions that together use every layer and op in varied shapes (tests/gradients). And
 * what the plan promises of memory and of threads: the same bits whatever lies in memory before a
 * call, whatever the capacity, the threads and the calls between. */
#include "emitted.h"
#include "emitted_state.h"
#include "tolerances.h"
#include <float.h>
#include <math.h>

static const struct {
  const char *name;
  bool single; /* whether a batch of one image has a gradient: not if it has no variance */
} MODELS[] = {
    {"activations", true},
    {"activations_kinked", true},
    {"activations_smooth", true},
    {"algorithms_blas", true},
    {"algorithms_winograd", true},
    {"algorithms_winograd_sizes", true},
    {"batchnorm_first", false},
    {"batchnorm_image", false},
    {"batchnorm_interleaved", false},
    {"batchnorm_last", true},
    {"batchnorm_vector", false},
    {"bias_off", false},
    {"code", true},
    {"conv_dilation", true},
    {"conv_few_channels", true},
    {"conv_groups", true},
    {"conv_kernel_1", true},
    {"conv_large", true},
    {"conv_many_channels", true},
    {"conv_stride_1", true},
    {"conv_stride_2", true},
    {"conv_stride_3", true},
    {"dropout", true},
    {"flatten_between", true},
    {"groupnorm", true},
    {"head_on_channels", true},
    {"head_on_image", true},
    {"image_to_vector", true},
    {"free_bits", true},
    {"kl_half", true},
    {"kl_warmup", true},
    {"latent_wide", true},
    {"layernorm", true},
    {"likelihood_categorical", true},
    {"likelihood_categorical_lanes", true},
    {"likelihood_categorical_vector", true},
    {"likelihood_gaussian", true},
    {"likelihood_gaussian_vector", true},
    {"likelihood_learned", true},
    {"likelihood_learned_each", true},
    {"likelihood_predicted", true},
    {"linear", true},
    {"linear_many_inputs", true},
    {"linear_wide", true},
    {"logvar_bounds", true},
    {"normalise", true},
    {"normalise_all", true},
    {"normalise_value", true},
    {"pooling", true},
    {"reshapes", true},
    {"residual", true},
    {"series", true},
    {"series_blas", true},
    {"shape_after_sigmoid", true},
    {"sigmoid_inside", true},
    {"transposed_in_encoder", true},
    {"transposed_stride_1", true},
    {"transposed_stride_2", true},
    {"transposed_stride_3", true},
    {"upsampling", true},
    {"vector_to_image", true},
};
enum { MODEL_COUNT = sizeof MODELS / sizeof *MODELS };

static struct emitted open_model(int i)
{
  char path[128];
  snprintf(path, sizeof path, "tests/gradients/%s.lathe", MODELS[i].name);
  return emitted_open(path);
}

/* ---- Gradients ---- */

/* What is allowed between a derivative and its finite difference: FINITE_DIFFERENCES of the norm of
 * the tensor's gradient and, for the rounding of the loss over the (first) step, NOISE of the loss.
 */
static const double NOISE = 1e-11;

/* Floating-point operations to spend on one tensor of one model; at least LEAST_PROBES anyway. */
static const double BUDGET = 1e8;
enum { LEAST_PROBES = 2, MOST_PROBES = 24 };

struct probing {
  const struct lathe_model *model;
  struct lathe_state *state;
  const struct batch *batch;
  double loss;          /* of the batch, at the weights */
  lathe_real *gradient; /* [trained], in memory's order */
  lathe_real *weights;  /* the same */
  int probes;           /* for each tensor */
  uint64_t draws;       /* random numbers taken so far */
};

static double draw(struct probing *p)
{
  return lathe_random_uniform(7, LATHE_RANDOM_KMEANS, 0, p->draws++);
}

/* The training-mode loss at the weights as they are; a rate of 0 leaves them. (Running statistics
 * move, which this loss does not read.) */
static double training_loss(const struct probing *p)
{
  const struct batch *b = p->batch;
  return p->model->train_step(p->state, b->n, b->images, b->noise, 0, 1).total;
}

static double loss_at(const struct probing *p, const double *direction, double step)
{
  for (size_t i = 0; i < p->model->trained; i++)
    p->state->fixed[i] = p->weights[i] + step * direction[i];
  return training_loss(p);
}

/* Central difference of fourth order: its error is h^4 of the loss's fifth derivative. */
static double difference(const struct probing *p, const double *direction, double h)
{
  double near = loss_at(p, direction, h) - loss_at(p, direction, -h);
  double far = loss_at(p, direction, 2 * h) - loss_at(p, direction, -2 * h);
  return (8 * near - far) / (12 * h);
}

/* The derivative along a direction of unit norm. Where a ReLU's kink lies within the step the
 * difference is off by more than rounding, so that a smaller one is tried: no step makes the
 * difference fit a derivative that is wrong. */
static void check_direction(const struct probing *p, const double *direction, double norm,
                            const char *tensor, const char *what)
{
  static const double STEPS[] = {2e-4, 2e-6, 2e-8};
  double derivative = 0, off = HUGE_VAL, found = 0, allowed = 0;
  for (size_t i = 0; i < p->model->trained; i++)
    derivative += p->gradient[i] * direction[i];
  for (int i = 0; i < 3 && !(off <= allowed); i++) {
    allowed = FINITE_DIFFERENCES * norm + NOISE * fabs(p->loss) * (STEPS[0] / STEPS[i]);
    found = difference(p, direction, STEPS[i]);
    off = fabs(found - derivative);
  }
  ck_assert_msg(off <= allowed,
                "%s, batch of %d, %s, %s: gradient %.15g, difference %.15g, norm %g",
                p->model->name, p->batch->n, tensor, what, derivative, found, norm);
}

static void check_tensor(struct probing *p, const struct lathe_tensor *tensor)
{
  size_t trained = p->model->trained;
  int64_t size = lathe_tensor_size(tensor);
  double *direction = calloc(trained, sizeof *direction);
  double norm = 0;
  for (int64_t i = 0; i < size; i++)
    norm += p->gradient[tensor->offset + (size_t)i] * p->gradient[tensor->offset + (size_t)i];
  norm = sqrt(norm);

  /* Along random signs: every entry takes part. */
  for (int probe = 0; probe < 2; probe++) {
    for (int64_t i = 0; i < size; i++)
      direction[tensor->offset + (size_t)i] = (draw(p) < 0.5 ? -1 : 1) / sqrt((double)size);
    check_direction(p, direction, norm, tensor->name, "random direction");
  }
  memset(direction, 0, trained * sizeof *direction);
  for (int probe = 0; probe < p->probes && probe < size; probe++) {
    char what[48];
    int64_t entry = size <= p->probes ? probe : (int64_t)(draw(p) * (double)size);
    size_t at = tensor->offset + lathe_stored_index(tensor, entry);
    direction[at] = 1;
    snprintf(what, sizeof what, "entry %lld of %lld", (long long)entry, (long long)size);
    check_direction(p, direction, norm, tensor->name, what);
    direction[at] = 0;
  }
  free(direction);
}

static void check_gradients(const struct lathe_model *model, int n)
{
  struct watched w = watched_new(model, n + 3, NULL, true);
  struct batch b = random_batch(model, n, 2);
  size_t bytes = model->trained * sizeof(lathe_real);
  struct probing p = {.model = model, .state = &w.state, .batch = &b};
  random_weights(&w.state, model, 1);
  p.weights = malloc(bytes);
  p.gradient = malloc(bytes);
  memcpy(p.weights, w.state.fixed, bytes);
  p.loss = training_loss(&p);
  ck_assert(isfinite(p.loss));
  memcpy(p.gradient, w.state.fixed + model->gradients, bytes);

  double probes = BUDGET / (4 * n * model->flops_step) - 2;
  p.probes = (int)fmin(fmax(probes, LEAST_PROBES), MOST_PROBES);
  for (int t = 0; t < model->tensor_count; t++)
    if (model->tensors[t].role == LATHE_PARAMETER)
      check_tensor(&p, &model->tensors[t]);
  free(p.weights);
  free(p.gradient);
  batch_free(&b);
  watched_free(&w);
}

/* ---- The same bits ---- */

enum { N = 17, STEPS = 3, CAPACITY = 64 };

/* All that a session leaves: losses, the fixed part, and what evaluation gives. */
struct results {
  struct lathe_loss losses[STEPS], evaluated;
  lathe_real *fixed, *mean, *logvar, *decoded;
};

static void results_free(struct results *r)
{
  free(r->fixed);
  free(r->mean);
  free(r->logvar);
  free(r->decoded);
}

struct session {
  const char *what;
  int threads, capacity;
  bool poisoned;    /* memory is NaN before each call */
  bool interrupted; /* other calls come between the steps */
  bool inference;   /* the last calls are made in an arena for inference */
};

static void evaluate(struct watched *w, const struct lathe_model *model, const struct batch *b,
                     bool poisoned, struct results *r)
{
  if (poisoned)
    poison(w, model);
  model->encode(&w->state, b->n, b->images, r->mean, r->logvar);
  if (poisoned)
    poison(w, model);
  model->decode(&w->state, b->n, b->noise, r->decoded);
  if (poisoned)
    poison(w, model);
  r->evaluated = model->evaluate(&w->state, b->n, b->images, b->noise);
}

static struct results run_session(const struct lathe_model *model, const struct session *s)
{
  struct lathe_pool *pool = lathe_pool_new(s->threads);
  struct watched w = watched_new(model, s->capacity, pool, true);
  size_t images = (size_t)N * (size_t)model->input_size,
         latents = (size_t)N * (size_t)model->latent;
  struct results r = {
      .fixed = calloc(model->fixed_training, sizeof(lathe_real)),
      .mean = calloc(latents, sizeof(lathe_real)),
      .logvar = calloc(latents, sizeof(lathe_real)),
      .decoded = calloc(images, sizeof(lathe_real)),
  };
  random_weights(&w.state, model, 1);
  for (int step = 1; step <= STEPS; step++) {
    struct batch b = random_batch(model, N, 10 + (uint64_t)step);
    if (s->interrupted)
      evaluate(&w, model, &b, s->poisoned, &r);
    if (s->poisoned)
      poison(&w, model);
    r.losses[step - 1] = model->train_step(&w.state, N, b.images, b.noise, 1e-2, step);
    batch_free(&b);
  }
  memcpy(r.fixed, w.state.fixed, model->fixed_training * sizeof(lathe_real));

  struct batch b = random_batch(model, N, 20);
  if (s->inference) {
    watched_free(&w);
    w = watched_new(model, s->capacity, pool, false);
    memcpy(w.state.fixed, r.fixed, model->fixed_inference * sizeof(lathe_real));
  }
  evaluate(&w, model, &b, s->poisoned, &r);
  batch_free(&b);
  watched_free(&w);
  lathe_pool_free(pool);
  return r;
}

/* Equal as bits; what is not a number is equal to nothing. */
static void same_values(const char *what, const char *name, const lathe_real *a,
                        const lathe_real *b, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (!isfinite(a[i]) || memcmp(&a[i], &b[i], sizeof *a) != 0)
      ck_abort_msg("%s: %s: value %zu is %.17g, expected %.17g", what, name, i, b[i], a[i]);
}

static void same_results(const struct lathe_model *model, const struct session *s,
                         const struct results *a, const struct results *b)
{
  size_t images = (size_t)N * (size_t)model->input_size,
         latents = (size_t)N * (size_t)model->latent;
  const size_t *const moments = model->moments;
  const size_t blocks[] = {0, model->gradients, moments[0], moments[1], moments[2]};
  char what[160];
  snprintf(what, sizeof what, "%s, %s", model->name, s->what);
  ck_assert_msg(memcmp(a->losses, b->losses, sizeof a->losses) == 0, "%s: losses", what);
  for (int t = 0; t < model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &model->tensors[t];
    for (int block = 0; block < 2 + LATHE_MOMENTS && tensor->role != LATHE_COUNTER; block++) {
      size_t at = blocks[block] + tensor->offset;
      if (block == 0 || (blocks[block] > 0 && tensor->role == LATHE_PARAMETER))
        same_values(what, tensor->name, a->fixed + at, b->fixed + at,
                    (size_t)lathe_tensor_size(tensor));
    }
  }
  same_values(what, "mean", a->mean, b->mean, latents);
  same_values(what, "logvar", a->logvar, b->logvar, latents);
  same_values(what, "decoded", a->decoded, b->decoded, images);
  ck_assert_msg(memcmp(&a->evaluated, &b->evaluated, sizeof a->evaluated) == 0, "%s: evaluated",
                what);
}

static void check_bits(const struct lathe_model *model)
{
  static const struct session SESSIONS[] = {
      {.what = "one thread", .threads = 1, .capacity = CAPACITY},
      {.what = "poisoned memory", .threads = 1, .capacity = CAPACITY, .poisoned = true},
      {.what = "least capacity", .threads = 1, .capacity = N, .poisoned = true},
      {.what = "two threads", .threads = 2, .capacity = N, .poisoned = true},
      {.what = "three threads", .threads = 3, .capacity = CAPACITY, .poisoned = true},
      {.what = "other calls between",
       .threads = 2,
       .capacity = CAPACITY,
       .poisoned = true,
       .interrupted = true},
      {.what = "an arena for inference",
       .threads = 2,
       .capacity = N,
       .poisoned = true,
       .inference = true},
  };
  struct results expected = run_session(model, &SESSIONS[0]);
  for (size_t i = 0; i < sizeof SESSIONS / sizeof *SESSIONS; i++) {
    struct results r = run_session(model, &SESSIONS[i]);
    same_results(model, &SESSIONS[i], &expected, &r);
    results_free(&r);
  }
  results_free(&expected);
}

START_TEST(gradients_and_bits)
{
  static const int BATCHES[] = {5, 1, 17, 33};
  struct emitted e = open_model(_i);
  for (int i = 0; i < 4; i++)
    if (BATCHES[i] > 1 || MODELS[_i].single)
      check_gradients(e.model, BATCHES[i]);
  check_bits(e.model);
  emitted_close(&e);
}
END_TEST

/* Kernels that pack images pack some at a time: here there are more. */
START_TEST(gradients_of_many_images)
{
  static const char *const NAMES[] = {"linear", "linear_many_inputs", "algorithms_blas", "series"};
  char path[128];
  snprintf(path, sizeof path, "tests/gradients/%s.lathe", NAMES[_i]);
  struct emitted e = emitted_open(path);
  check_gradients(e.model, 131);
  emitted_close(&e);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("gradients_f64");
  TCase *cases = tcase_create("gradients_f64");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, gradients_and_bits, 0, MODEL_COUNT);
  tcase_add_loop_test(cases, gradients_of_many_images, 0, 4);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
