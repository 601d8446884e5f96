#include "emit_descriptor.h"
#include "cost.h"
#include "emit_model.h"
#include "emit_optimiser.h"
#include "emit_tables.h"

const char *model_fingerprint(const struct compilation *c)
{
  struct text text = {.mem = c->mem};
  const struct model *m = c->model;
  text_printf(&text, "%s %d %d %d", shape_text(c->mem, &m->input), m->latent, m->mixing.components,
              (int)m->mixing.covariance);
  if (m->normalisation != LATHE_NOT_NORMALISED)
    text_printf(&text, ";normalise %s", model_normalised(c->mem, m));
  for (int i = 0; i < m->encoder.count; i++)
    text_printf(&text, ";%s", m->encoder.layers[i].text);
  for (int i = 0; i < m->decoder.count; i++)
    text_printf(&text, ";%s", m->decoder.layers[i].text);
  uint64_t hash = 0xCBF29CE484222325U; /* FNV-1a */
  for (size_t i = 0; i < text.length; i++)
    hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001B3U;
  return mem_printf(c->mem, "%016llx", (unsigned long long)hash);
}

static void emit_classify(struct emitter *e)
{
  const bool alone = e->model->kind == LATHE_ALONE;
  emit_bind(e, "index", alone ? "int64_t" : "int");
  emit_bind(e, "points", alone ? "points" : "mean");
  emit(e, alone ? "int ${model}_classify(const struct lathe_mixture *mixture, int64_t n, const "
                  "$real *points,\n"
                  "double *posterior, int *component)\n"
                  "{\n"
                : "int ${model}_classify(struct lathe_state *state, const struct lathe_mixture "
                  "*mixture, int n,\n"
                  "const $real *images, $real *mean, $real *logvar, double *posterior, int "
                  "*component)\n"
                  "{\n"
                  "${model}_encode(state, n, images, mean, logvar);\n");
  emit(e, "const int failed = ${model}_responsibilities(mixture, n, $points, posterior, NULL);\n"
          "for ($index i = 0; i < n && failed == 0; i++) {\n"
          "const double *const p = posterior + i * ${MODEL}_COMPONENTS;\n"
          "int best = 0;\n"
          "for (int k = 1; k < ${MODEL}_COMPONENTS; k++)\n  best = p[k] > p[best] ? k : best;\n"
          "component[i] = best;\n"
          "}\n"
          "return failed;\n"
          "}\n");
}

/* What is 0 is left out. */
static void emit_training(struct emitter *e, const struct lathe_training *t)
{
  static const char *const optimisers[] = {
#define OPTIMISER(ID, ...) [LATHE_##ID] = "LATHE_" #ID,
#include "../runtime/optimisers.def"
#undef OPTIMISER
  };
  static const char *const schedules[] = {
#define SCHEDULE(ID, ...) [LATHE_##ID] = "LATHE_" #ID,
#include "../runtime/schedules.def"
#undef SCHEDULE
  };
  text_printf(&e->out, "    .optimiser = %s,\n", optimisers[t->optimiser]);
  text_printf(&e->out, "    .schedule = %s,\n", schedules[t->schedule]);
  if (t->clip > 0 && t->clipping == LATHE_CLIP_VALUE)
    emit(e, ".clipping = LATHE_CLIP_VALUE,\n");
  const struct {
    const char *member;
    enum { INTEGER, REAL } type;
    double value;
  } numbers[] = {
#define TRAINING(type, member, ...) {#member, type, (double)t->member},
#include "../runtime/training.def"
#undef TRAINING
  };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (numbers[i].value != 0)
      text_printf(&e->out, "    .%s = %s,\n", numbers[i].member,
                  numbers[i].type == REAL ? emit_double(e, numbers[i].value)
                                          : mem_printf(e->mem, "%.0f", numbers[i].value));
  text_printf(&e->out, "    .seed = %lluU,\n", (unsigned long long)t->seed);
}

/* What the descriptor says of layers and their training. */
static void emit_network(struct emitter *e, const struct compilation *c)
{
  static const char *const likelihoods[] = {
      [LATHE_BERNOULLI] = "LATHE_BERNOULLI",
      [LATHE_GAUSSIAN] = "LATHE_GAUSSIAN",
      [LATHE_CATEGORICAL] = "LATHE_CATEGORICAL",
  };
  const struct model *m = c->model;
  static const char *const normalisations[] = {
#define NORMALISATION(ID, ...) [LATHE_NORMALISE_##ID] = "LATHE_NORMALISE_" #ID,
#include "../runtime/normalisations.def"
#undef NORMALISATION
  };
  struct text *o = &e->out;
  if (m->normalisation != LATHE_NOT_NORMALISED)
    text_printf(o, "  .normalisation = %s,\n  .normalised = \"%s\",\n",
                normalisations[m->normalisation], model_normalised(c->mem, m));
  emit(e, ".latent = ${MODEL}_LATENT,\n");
  text_printf(o, "  .likelihood = %s,\n", likelihoods[m->likelihood]);
  text_printf(o, "  .loss = \"%s\",\n", model_likelihood(c->mem, m));
  if (m->likelihood == LATHE_GAUSSIAN && m->variance < 0)
    text_printf(o, "  .variance_floor = %s,\n", emit_double(e, m->variance_floor));
  if (m->kind == LATHE_VARIATIONAL) {
    text_printf(o, "  .logvar = {%s, ", emit_double(e, m->logvar[0]));
    text_printf(o, "%s},\n", emit_double(e, m->logvar[1]));
    text_printf(o, "  .kl_weight = %s,\n", emit_double(e, m->kl_weight));
    if (m->free_bits > 0)
      text_printf(o, "  .free_bits = %s,\n", emit_double(e, m->free_bits));
  }
  emit(e, ".tensors = tensors,\n"
          ".tensor_count = sizeof tensors / sizeof *tensors,\n"
          ".parameter_count = ${MODEL}_PARAMETERS,\n"
          ".values = values,\n"
          ".value_count = sizeof values / sizeof *values,\n"
          ".layers = layers,\n"
          ".layer_count = sizeof layers / sizeof *layers,\n"
          ".kernels = kernels,\n"
          ".kernel_count = sizeof kernels / sizeof *kernels,\n"
          ".fixed_inference = ${MODEL}_FIXED,\n"
          ".fixed_training = ${MODEL}_FIXED_TRAINING,\n"
          ".per_image_inference = ${MODEL}_PER_IMAGE,\n"
          ".per_image_training = ${MODEL}_PER_IMAGE_TRAINING,\n"
          ".scratch = ${MODEL}_SCRATCH,\n"
          ".em_doubles = ${MODEL}_EM_DOUBLES,\n"
          ".trained = ${MODEL}_TRAINED,\n"
          ".gradients = ${MODEL}_GRADIENTS,\n");
  for (int i = 0; i < LATHE_MOMENTS; i++)
    if (c->moments[i] > 0)
      text_printf(o, "  .moments[%d] = %s_%s,\n", i, emit_upper(e->mem, m->name),
                  emit_upper(e->mem, optimiser_moment(e, i)));
  text_printf(o, "  .flops_forward = %s,\n", emit_double(e, c->flops_forward));
  text_printf(o, "  .flops_step = %s,\n", emit_double(e, c->flops_step));
}

/* What of it a mixture alone has. */
static void emit_fitting(struct emitter *e, const struct lathe_training *t)
{
  text_printf(&e->out, "    .batch = %d,\n", t->batch);
  text_printf(&e->out, "    .split = %s,\n", emit_double(e, t->split));
  text_printf(&e->out, "    .seed = %lluU,\n", (unsigned long long)t->seed);
}

void emit_descriptor(struct emitter *e, const struct compilation *c, bool blas)
{
  const struct model *m = c->model;
  const struct lathe_training *t = &m->training;
  const struct lathe_mixing *x = &m->mixing;
  static const char *const covariances[] = {
      [LATHE_FULL] = "LATHE_FULL",
      [LATHE_DIAG] = "LATHE_DIAG",
      [LATHE_TIED] = "LATHE_TIED",
      [LATHE_SPHERICAL] = "LATHE_SPHERICAL",
  };
  static const char *const inits[] = {
      [LATHE_INIT_LABELLED] = "LATHE_INIT_LABELLED",
      [LATHE_INIT_KMEANS] = "LATHE_INIT_KMEANS",
      [LATHE_INIT_RANDOM] = "LATHE_INIT_RANDOM",
  };
  emit(e, "/* What the runtime knows of $model. */\n"
          "#include \"$header\"\n"
          "#include <lathe/built_for.h>\n");
  if (blas)
    emit(e, "#include <cblas.h>\n");
  emit(e,
       "\n#ifndef LATHE_CFLAGS\n"
       "#define LATHE_CFLAGS NULL /* a string, when the build says how it calls the compiler */\n"
       "#endif\n\n");
  emit_tables(e, c);
  if (blas)
    emit(e, "static const struct lathe_blas blas = {openblas_set_num_threads, "
            "openblas_get_config};\n\n");

  emit(e, "const struct lathe_model ${model}_model = {\n"
          ".name = \"$model\",\n");
  struct text *o = &e->out;
  text_printf(o, "  .fingerprint = \"%s\",\n  .source = source,\n", model_fingerprint(c));
  text_printf(o, "  .precision = \"%s\",\n", m->float64 ? "float64" : "float32");
  text_printf(o, "  .flags = LATHE_CFLAGS,\n  .target = &lathe_built_for,\n");
  if (blas)
    text_printf(o, "  .blas = &blas,\n");
  if (m->kind != LATHE_VARIATIONAL)
    text_printf(o, "  .kind = %s,\n", m->kind == LATHE_PLAIN ? "LATHE_PLAIN" : "LATHE_ALONE");
  text_printf(o, "  .input_rank = %d,\n  .input_shape = {%s},\n", m->input.rank,
              emit_list(e, m->input.dim, m->input.rank));
  emit(e, ".input_size = ${MODEL}_INPUT,\n");
  text_printf(o, "  .bounded = %s,\n", m->bounded ? "true" : "false");
  text_printf(o, "  .range = {%s, ", emit_double(e, m->range[0]));
  text_printf(o, "%s},\n", emit_double(e, m->range[1]));
  if (m->kind == LATHE_ALONE)
    emit(e, ".latent = ${MODEL}_INPUT,\n.em_doubles = ${MODEL}_EM_DOUBLES,\n");
  else
    emit_network(e, c);
  emit(e, ".training = {\n");
  if (m->kind == LATHE_ALONE)
    emit_fitting(e, t);
  else
    emit_training(e, t);
  emit(e, "},\n.mixing = {\n");
  text_printf(o, "    .components = %d,\n", x->components);
  text_printf(o, "    .covariance = %s,\n", covariances[x->covariance]);
  text_printf(o, "    .init = %s,\n", inits[x->init]);
  text_printf(o, "    .floor = %s,\n", emit_double(e, x->floor));
  text_printf(o, "    .tolerance = %s,\n", emit_double(e, x->tolerance));
  text_printf(o, "    .iterations = %d,\n    .restarts = %d,\n", x->iterations, x->restarts);
  emit(e, "},\n");
  if (m->kind != LATHE_ALONE)
    emit(e, ".encode = ${model}_encode,\n"
            ".decode = ${model}_decode,\n"
            ".evaluate = ${model}_evaluate,\n"
            ".train_step = ${model}_train_step,\n");
  emit(e, ".em_step = ${model}_em_step,\n"
          ".responsibilities = ${model}_responsibilities,\n"
          "};\n\n");
  emit_classify(e);
}
