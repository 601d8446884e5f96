/* gradients: the emitted backward pass against central finite differences of the emitted forward
 * pass: every entry of small tensors, some entries and directions of large ones. */
#include "allocate.h"
#include "philox.h"
#include "selfcheck_parts.h"
#include "tensor_order.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An error is relative to the norm of the tensor's gradient. The loss is only known to its own
 * rounding, which a difference over a small step enlarges: ROUNDING of the loss may be missing at
 * the first step size, and at a smaller one as much more as it is smaller. */
static const double TOLERANCE = 1e-6, ROUNDING = 1e-10;

/* Where a ReLU's kink lies within a step, the difference is off; a smaller step may then avoid it,
 * and is tried when the difference does not fit well. No step makes a difference fit a derivative
 * that is wrong. */
static const double STEPS[] = {2e-5, 2e-6, 2e-7};
static const double WELL = 1e-7;
enum { STEP_SIZES = sizeof STEPS / sizeof STEPS[0] };

/* Floating-point operations to spend on a tensor, within the numbers of entries below. */
static const double BUDGET = 3e9;
enum { LEAST_ENTRIES = 4, MOST_ENTRIES = 64, DIRECTIONS = 2 };

struct probing {
  struct lathe_session session;
  int n;
  int entries;
  double loss;                    /* at the weights */
  lathe_real *weights, *gradient; /* [trained], in memory's order */
  lathe_real *direction;          /* the same; unit norm, zero outside one tensor */
  uint64_t draws;                 /* random numbers taken so far */
};

static double draw(struct probing *p)
{
  return lathe_random_uniform(7, LATHE_RANDOM_BENCH, 0, p->draws++);
}

/* The training-mode loss of the weights in memory, which a rate of 0 leaves there. */
static double loss(struct probing *p)
{
  struct lathe_session *s = &p->session;
  return s->model->train_step(&s->state, p->n, s->images, s->noise, 0, 1).total;
}

/* The loss at weights + step x direction; only places [from, to) of the direction are not zero. */
static double loss_at(struct probing *p, double step, size_t from, size_t to)
{
  lathe_real *fixed = p->session.state.fixed;
  for (size_t i = from; i < to; i++)
    fixed[i] = (lathe_real)(p->weights[i] + step * p->direction[i]);
  double at = loss(p);
  memcpy(fixed + from, p->weights + from, (to - from) * sizeof *fixed);
  p->session.state.tables = 0;
  return at;
}

/* Central difference of fourth order (Abramowitz and Stegun 1964, 25.3.21). */
static double difference(struct probing *p, double h, size_t from, size_t to)
{
  double near = loss_at(p, h, from, to) - loss_at(p, -h, from, to);
  double far = loss_at(p, 2 * h, from, to) - loss_at(p, -2 * h, from, to);
  return (8 * near - far) / (12 * h);
}

/* Compares the derivative along p->direction with the difference that fits it best. */
static void probe(struct probing *p, double norm, size_t from, size_t to, const char *where,
                  struct lathe_finding *finding)
{
  double derivative = 0, best = INFINITY, found = NAN;
  for (size_t i = from; i < to; i++)
    derivative += (double)p->gradient[i] * (double)p->direction[i];
  for (int i = 0; i < STEP_SIZES && !(best <= WELL); i++) {
    double lost = ROUNDING * fabs(p->loss) * STEPS[0] / STEPS[i];
    double slope = difference(p, STEPS[i], from, to);
    double error = fabs(slope - derivative) / (norm + lost / TOLERANCE);
    if (!(error >= best)) {
      best = error;
      found = slope;
    }
  }
  if (lathe_finding_worse(finding, best))
    snprintf(finding->detail, sizeof finding->detail,
             "batch of %d, %s: gradient %.9g, difference %.9g", p->n, where, derivative, found);
}

static void probe_tensor(struct probing *p, const struct lathe_tensor *tensor,
                         struct lathe_finding *finding)
{
  int64_t size = lathe_tensor_size(tensor);
  size_t from = tensor->offset, to = from + (size_t)size;
  double norm = lathe_norm(p->gradient + from, (size_t)size);
  if (!isfinite(norm)) {
    finding->error = NAN;
    snprintf(finding->detail, sizeof finding->detail, "batch of %d: it is not finite", p->n);
    return;
  }
  char where[64];
  for (int d = 0; d < DIRECTIONS; d++) { /* of random signs: every entry takes part */
    for (size_t i = from; i < to; i++)
      p->direction[i] = (lathe_real)((draw(p) < 0.5 ? -1 : 1) / sqrt((double)size));
    probe(p, norm, from, to, "a random direction", finding);
  }
  for (int e = 0; e < p->entries && e < size; e++) {
    int64_t entry = size <= p->entries ? e : (int64_t)(draw(p) * (double)size);
    size_t at = from + lathe_stored_index(tensor, entry);
    snprintf(where, sizeof where, "entry %lld of %lld", (long long)entry, (long long)size);
    p->direction[at] = 1;
    probe(p, norm, at, at + 1, where, finding);
  }
}

static bool prepare(struct probing *p, const struct lathe_model *model, struct lathe_error *err)
{
  struct lathe_session_size size = {p->n, 0, true};
  size_t bytes = model->trained * sizeof *p->weights;
  if (!lathe_session_open(&p->session, model, size, err))
    return false;
  p->session.state.keep_gradients = true;
  p->weights = lathe_allocate((int64_t)model->trained, 1, sizeof *p->weights, "weights", err);
  p->gradient = lathe_allocate((int64_t)model->trained, 1, sizeof *p->weights, "gradients", err);
  p->direction = lathe_allocate((int64_t)model->trained, 1, sizeof *p->weights, "weights", err);
  if (!p->weights || !p->gradient || !p->direction)
    return false;
  struct lathe_state *state = &p->session.state;
  lathe_selfcheck_weights(state, model, 0);
  lathe_selfcheck_images(model, p->n, 0, p->session.images, p->session.noise);
  p->loss = loss(p);
  memcpy(p->weights, state->fixed, bytes);
  memcpy(p->gradient, state->fixed + model->gradients, bytes);
  double step = p->n * model->flops_step + 20 * (double)model->trained; /* with the optimiser */
  p->entries = (int)fmin(fmax(BUDGET / (4 * step) - DIRECTIONS, LEAST_ENTRIES), MOST_ENTRIES);
  return isfinite(p->loss) ||
         lathe_fail(err, "the loss of the first step is %g: its gradients cannot be checked",
                    p->loss);
}

bool lathe_selfcheck_gradients(const struct lathe_model *model, char **arguments,
                               struct lathe_error *err)
{
  struct probing p = {.n = (int)strtol(arguments[0], NULL, 10)};
  if (sizeof(lathe_real) != sizeof(double) || p.n < 1 || !lathe_selfcheck_trains_on(model, p.n))
    return lathe_fail(err, "gradients are checked in float64, on a batch that has a variance");
  bool good = prepare(&p, model, err);
  for (int t = 0; good && t < model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &model->tensors[t];
    struct lathe_finding finding = {
        .check = "gradients", .item = tensor->name, .tolerance = TOLERANCE};
    if (tensor->role != LATHE_PARAMETER)
      continue;
    probe_tensor(&p, tensor, &finding);
    good = lathe_finding_print(&finding, model, err);
  }
  free(p.weights);
  free(p.gradient);
  free(p.direction);
  lathe_session_close(&p.session);
  return good;
}
