/* What is legal, but surely not meant. Looked for in models without errors only. */
#include "check_parts.h"
#include <math.h>
#include <string.h>

/* Free parameters of a mixture beyond which no data set of the usual size bears it. */
static const double most_mixture_parameters = 50000;

/* Share of the parameters that a step takes off, beyond which nothing is left of them. */
static const double most_decay = 0.1;

/* Nats of a latent dimension that no useful one exceeds by much. */
static const double most_free_bits = 10;

/* A weight of the divergence beside which no reconstruction counts. */
static const double most_kl_weight = 1000;

/* The place of a statement, or of its section, or of the model. */
static struct span place_of(const struct found *found, const struct ast_node *section,
                            const char *name)
{
  const struct ast_node *statement = statement_find(section, name);
  const struct ast_node *node = statement != NULL ? statement : section;
  return node != NULL ? node->head : found->model->head;
}

static void warn_schedule(struct checker *checker, const struct found *found)
{
  const struct lathe_training *t = &checker->model->training;
  bool step = t->schedule == LATHE_STEP, exponential = t->schedule == LATHE_EXPONENTIAL;
  if (step && t->every >= t->epochs)
    diag_report(checker->diags, CODE_IDLE_SCHEDULE, place_of(found, found->train, "step"),
                "the learning rate first falls after epoch %d, but training ends with epoch %d",
                t->every, t->epochs);
  if (t->schedule == LATHE_PLATEAU && t->patience >= t->epochs - 1)
    diag_report(checker->diags, CODE_IDLE_SCHEDULE, place_of(found, found->train, "plateau"),
                "with a patience of %d the learning rate cannot fall in %d epochs", t->patience,
                t->epochs);
  /* NOLINTNEXTLINE(bugprone-integer-division): so many times, whole */
  double falls = step ? (t->epochs - 1) / t->every : t->epochs - 1;
  double last = t->rate * pow(t->gamma, falls);
  if ((step || exponential) && last < 1e-10)
    diag_report(checker->diags, CODE_VANISHING_RATE,
                place_of(found, found->train, step ? "step" : "exponential"),
                "the learning rate falls to %.2g by epoch %d, where nothing moves", last,
                t->epochs);
  if (!t->warmup_steps && t->warmup > 0 && t->warmup >= t->epochs)
    diag_report(checker->diags, CODE_ENDLESS_WARMUP, place_of(found, found->train, "warmup"),
                "the warm-up takes %d epochs, and the training has %d", t->warmup, t->epochs);
  if (t->stop_patience > 0 && t->stop_patience >= t->epochs)
    diag_report(checker->diags, CODE_IDLE_STOPPING, place_of(found, found->train, "early_stopping"),
                "with a patience of %d no training of %d epochs is stopped", t->stop_patience,
                t->epochs);
}

static void warn_augment(struct checker *checker, const struct found *found)
{
  const struct model *model = checker->model;
  double noise = model->training.augment_noise, width = model->range[1] - model->range[0];
  if (noise >= width / 2)
    diag_report(checker->diags, CODE_LOUD_NOISE, place_of(found, found->train, "augment"),
                "noise of a deviation of %g drowns values between %g and %g", noise,
                model->range[0], model->range[1]);
  if (model->training.augment_flip == 1)
    diag_report(checker->diags, CODE_SURE_FLIP, place_of(found, found->train, "augment"),
                "all images are trained on mirrored, and none as it is");
}

static void warn_training(struct checker *checker, const struct found *found)
{
  const struct lathe_training *t = &checker->model->training;
  static const char *const optimisers[] = {
#define OPTIMISER(ID, name, ...) [LATHE_##ID] = #name,
#include "../runtime/optimisers.def"
#undef OPTIMISER
  };
  double most = t->optimiser == LATHE_SGD ? 10 : 0.1;
  struct span optimiser = place_of(found, found->train, optimisers[t->optimiser]);
  if (t->rate > most)
    diag_report(checker->diags, CODE_ABSURD_RATE, optimiser,
                "with a learning rate of %g nothing will settle; %g is much already", t->rate,
                most);
  else if (t->rate < 1e-8)
    diag_report(checker->diags, CODE_ABSURD_RATE, optimiser,
                "with a learning rate of %g nothing will move", t->rate);
  if (t->weight_decay *
          (t->optimiser == LATHE_SGD || t->optimiser == LATHE_ADAMW ? t->rate : 0.1) >=
      most_decay)
    diag_report(
        checker->diags, CODE_ABSURD_DECAY, optimiser,
        "with a weight decay of %g nothing will be learnt: each step takes the weights back "
        "to 0",
        t->weight_decay);
}

static void warn_mixture(struct checker *checker, const struct found *found)
{
  const struct lathe_mixing *m = &checker->model->mixing;
  double parameters =
      (double)lathe_mixture_freedom(m->covariance, m->components, checker->model->latent);
  if (found->mixture == NULL)
    return;
  if (statement_find(found->mixture, "restarts") != NULL && m->restarts > 1 &&
      m->init == LATHE_INIT_LABELLED)
    diag_report(checker->diags, CODE_IDLE_RESTARTS, place_of(found, found->mixture, "restarts"),
                "with `init labelled` every start is the same: restarts do nothing");
  if (m->floor == 0)
    diag_report(checker->diags, CODE_NO_FLOOR, place_of(found, found->mixture, "floor"),
                "with a floor of 0 a component may close on a single point");
  if (parameters > most_mixture_parameters)
    diag_report(
        checker->diags, CODE_RICH_MIXTURE, place_of(found, found->mixture, "components"),
        "the mixture has %.0f parameters to estimate from %s, which takes more %s than that",
        parameters, checker->model->kind == LATHE_ALONE ? "the input" : "the latent means",
        checker->model->kind == LATHE_ALONE ? "points" : "images");
}

/* Logits and log-variances may be any numbers. */
static void warn_squeezed(struct checker *checker, const struct layer *last, struct span span)
{
  static const enum layer_kind bounded[] = {LAYER_SIGMOID, LAYER_TANH, LAYER_RELU, LAYER_SOFTPLUS};
  bool logits = checker->model->likelihood == LATHE_CATEGORICAL;
  for (size_t i = 0; i < sizeof bounded / sizeof *bounded; i++)
    if ((int)bounded[i] == last->rule->kind) {
      diag_report(checker->diags, CODE_SQUEEZED, span, "`%s` keeps %s from being any numbers",
                  last->rule->name, logits ? "the logits" : "the log-variances");
      diag_help(checker->diags, "leave the `%s` out", last->rule->name);
    }
}

/* What the outputs of the decoder's last layer can be. */
static void warn_outputs(struct checker *checker, const struct found *found)
{
  const struct model *model = checker->model;
  const struct layer *last = section_end(&model->decoder);
  const struct ast_node *node = last->node;
  bool sigmoid = last->rule->kind == LAYER_SIGMOID, relu = last->rule->kind == LAYER_RELU;
  if (model_outputs(model) > 1) {
    warn_squeezed(checker, last, node->head);
    return;
  }
  if (model->likelihood != LATHE_GAUSSIAN || !(sigmoid || relu))
    return;
  bool unbounded = model->normalisation == LATHE_NORMALISE_STANDARD ||
                   model->normalisation == LATHE_NORMALISE_GIVEN;
  if (unbounded) {
    diag_report(checker->diags, CODE_UNREACHABLE_RANGE, node->head,
                "`%s` gives values %s, but those of the normalised input are on both sides of 0",
                last->rule->name, sigmoid ? "between 0 and 1" : "from 0 on");
    diag_note(checker->diags, place_of(found, found->model, "normalise"),
              "the input is normalised here");
  } else if (model->normalisation == LATHE_NOT_NORMALISED &&
             (model->range[0] < 0 || (sigmoid && model->range[1] > 1))) {
    diag_report(checker->diags, CODE_UNREACHABLE_RANGE, node->head,
                "`%s` gives values %s, but those of the input are in [%g, %g]", last->rule->name,
                sigmoid ? "between 0 and 1" : "from 0 on", model->range[0], model->range[1]);
    diag_note(checker->diags, found->input->head, "the input is declared here");
  } else if (sigmoid) {
    diag_report(checker->diags, CODE_SIGMOID_GAUSSIAN, node->head,
                "`sigmoid` before a gaussian likelihood: far from its target it hardly learns");
    diag_note(checker->diags, place_of(found, found->loss, "gaussian"),
              "the likelihood is chosen here");
    diag_help(checker->diags, model->normalisation == LATHE_NOT_NORMALISED
                                  ? "take `bernoulli`, or leave the `sigmoid` out"
                                  : "leave the `sigmoid` out");
  }
}

/* What is said of a variance that is not so. */
static void warn_variance(struct checker *checker, const struct found *found)
{
  const struct model *model = checker->model;
  const struct ast_node *said = statement_find(found->loss, "gaussian");
  for (const struct ast_attribute *a = said != NULL ? said->attributes : NULL; a != NULL;
       a = a->next) {
    bool floor = strcmp(a->name.text, "floor") == 0, start = strcmp(a->name.text, "start") == 0;
    if ((floor || start) && model->variance > 0)
      diag_report(checker->diags, CODE_IDLE_ATTRIBUTE, a->span,
                  "`%s` does nothing: the variance is fixed", a->name.text);
    else if (start && model->variance == VARIANCE_PREDICTED)
      diag_report(checker->diags, CODE_IDLE_ATTRIBUTE, a->span,
                  "`start` does nothing: the decoder predicts the variances");
  }
}

/* The course of the divergence's weight. */
static void warn_divergence(struct checker *checker, const struct found *found)
{
  const struct model *model = checker->model;
  const struct lathe_training *t = &model->training;
  const struct ast_node *said = statement_find(found->loss, "kl");
  double length = t->kl_cycles > 0 ? (double)t->epochs / t->kl_cycles : 0; /* of a cycle */
  if (said != NULL && model->kl_weight > most_kl_weight)
    diag_report(checker->diags, CODE_ABSURD_KL, said->head,
                "beside a divergence of weight %g no reconstruction counts", model->kl_weight);
  for (const struct ast_attribute *a = said != NULL ? said->attributes : NULL; a != NULL;
       a = a->next) {
    bool ramp = strcmp(a->name.text, "ramp") == 0, unit = strcmp(a->name.text, "unit") == 0;
    bool free = strcmp(a->name.text, "free_bits") == 0;
    bool warmup = strcmp(a->name.text, "warmup") == 0, cycles = strcmp(a->name.text, "cycles") == 0;
    if (model->kl_weight == 0 && (warmup || cycles || free))
      diag_report(checker->diags, CODE_IDLE_ATTRIBUTE, a->span,
                  "`%s` does nothing: the weight is 0, and remains it", a->name.text);
    else if (free && model->free_bits > most_free_bits)
      diag_report(checker->diags, CODE_ABSURD_FREE_BITS, a->span,
                  "with %g nats free the divergence of %d dimension%s weighs nothing up to %g",
                  model->free_bits, model->latent, model->latent == 1 ? "" : "s",
                  model->free_bits * model->latent);
    else if (ramp && t->kl_cycles == 0)
      diag_report(checker->diags, CODE_IDLE_ATTRIBUTE, a->span,
                  "`ramp` does nothing: the weight has no `cycles`");
    else if (unit && !lathe_kl_scheduled(t))
      diag_report(checker->diags, CODE_IDLE_ATTRIBUTE, a->span,
                  "`unit` does nothing: the weight has neither `warmup` nor `cycles`");
    else if (warmup && !t->kl_steps && t->kl_warmup >= t->epochs)
      diag_report(checker->diags, CODE_ENDLESS_WARMUP, a->span,
                  "the warm-up of the divergence takes %d epochs, and the training has %d",
                  t->kl_warmup, t->epochs);
    else if (cycles && !t->kl_steps && length < 2) {
      diag_report(checker->diags, CODE_SHORT_CYCLES, a->span,
                  "%d cycles in %d epochs have %.2g epochs each, the first of which without the "
                  "divergence",
                  t->kl_cycles, t->epochs, length);
      diag_help(checker->diags, "take fewer, or `unit steps`");
    }
  }
}

/* Images whose channels were put last, or left out: what channels come first is easily overlooked.
 */
static void warn_input(struct checker *checker, const struct found *found)
{
  const struct shape *input = &checker->model->input;
  const int64_t *dim = input->dim;
  bool square = input->rank > 1 && dim[0] == dim[1] && dim[0] >= 16;
  if (!square || (input->rank == 3 && dim[2] != 1 && dim[2] != 3 && dim[2] != 4))
    return;
  diag_report(checker->diags, CODE_CHANNELS_LAST, found->input->head,
              "the input is %s of %lld channels: channels come first",
              input->rank == 3 ? "an image" : "a series", (long long)dim[0]);
  diag_help(checker->diags, "an image of %lld x %lld pixels is written [%lld, %lld, %lld]",
            (long long)dim[0], (long long)dim[1], input->rank == 3 ? (long long)dim[2] : 1,
            (long long)dim[0], (long long)dim[1]);
}

void warnings_find(struct checker *checker, const struct found *found)
{
  const struct model *model = checker->model;
  warn_input(checker, found);
  warn_mixture(checker, found);
  if (model->kind == LATHE_ALONE)
    return;
  warn_training(checker, found);
  warn_schedule(checker, found);
  warn_augment(checker, found);
  warn_outputs(checker, found);
  normalise_warn(checker, found);
  warn_variance(checker, found);
  warn_divergence(checker, found);
  warnings_of_layers(checker, &model->encoder);
  warnings_of_layers(checker, &model->decoder);
  if (model->latent >= shape_size(&model->input))
    diag_report(checker->diags, CODE_WIDE_LATENT, found->latent->head,
                "the latent has %d dimension%s, and the input has no more than %lld value%s",
                model->latent, model->latent == 1 ? "" : "s", (long long)shape_size(&model->input),
                shape_size(&model->input) == 1 ? "" : "s");
}
