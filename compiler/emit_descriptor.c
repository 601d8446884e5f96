#include "emit_descriptor.h"
#include "cost.h"
#include "emit_model.h"
#include "emit_optimiser.h"
#include <string.h>

/* Writes text as the inside of a C string literal. */
static void quoted(struct text *out, const char *data, size_t length)
{
  for (size_t i = 0; i < length; i++) {
    unsigned char ch = (unsigned char)data[i];
    if (ch == '"' || ch == '\\')
      text_printf(out, "\\%c", ch);
    else if (ch == '\n')
      text_add(out, "\\n", 2);
    else if (ch < 0x20 || ch == 0x7F || ch == '?') /* ?: no trigraphs */
      text_printf(out, "\\%03o", ch);
    else
      text_add(out, (const char *)&ch, 1);
  }
}

static const char *quote(struct emitter *e, const char *text)
{
  struct text out = {.mem = e->mem};
  text_printf(&out, "\"");
  quoted(&out, text, strlen(text));
  text_printf(&out, "\"");
  return out.data;
}

/* How much of a line goes into one string: a strictly conforming program has none of more than 4095
 * characters (C11, 5.2.4.1), adjacent ones included. Characters of several bytes stay whole. */
static size_t piece(const char *line, size_t length)
{
  enum { MOST = 2000 };
  size_t size = length;
  if (size > MOST)
    for (size = MOST; ((unsigned char)line[size] & 0xC0) == 0x80;)
      size--;
  return size;
}

static void emit_source(struct emitter *e, const char *source)
{
  emit(e, "/* The description that this was compiled from. */\n"
          "static const char *const source[] = {\n");
  while (*source != '\0') {
    size_t length = strcspn(source, "\n"), done = 0;
    size_t visible = length > 0 && source[length - 1] == '\r' ? length - 1 : length;
    do {
      size_t size = piece(source + done, visible - done);
      text_printf(&e->out, "  \"");
      quoted(&e->out, source + done, size);
      done += size;
      text_printf(&e->out, done < visible ? "\",\n" : "\\n\",\n");
    } while (done < visible);
    source += length + (source[length] == '\n' ? 1 : 0);
  }
  emit(e, "NULL,\n};\n\n");
}

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

static const char *list(struct emitter *e, const int64_t *values, int count)
{
  struct text out = {.mem = e->mem};
  for (int i = 0; i < count; i++)
    text_printf(&out, "%s%lld", i > 0 ? ", " : "", (long long)values[i]);
  return out.data;
}

/* "input_mean" of input.mean: the array of a tensor's initial values. */
static const char *array_name(struct emitter *e, const struct lathe_tensor *t)
{
  char *name = mem_string(e->mem, t->name, strlen(t->name));
  for (char *p = strchr(name, '.'); p != NULL; p = strchr(p, '.'))
    *p = '_';
  return name;
}

static void emit_initial_values(struct emitter *e, const struct lathe_tensor *t)
{
  enum { A_LINE = 8 };
  int64_t count = 1;
  for (int i = 0; i < t->rank; i++)
    count *= t->shape[i];
  text_printf(&e->out, "static const double %s[] = {", array_name(e, t));
  for (int64_t i = 0; i < count; i++)
    text_printf(&e->out, "%s%s",
                i == 0            ? ""
                : i % A_LINE == 0 ? ",\n  "
                                  : ", ",
                emit_double(e, t->values[i]));
  text_printf(&e->out, "};\n\n");
}

static void emit_tensors(struct emitter *e, const struct compilation *c)
{
  static const char *const roles[] = {
      [LATHE_PARAMETER] = "LATHE_PARAMETER",
      [LATHE_BUFFER] = "LATHE_BUFFER",
      [LATHE_COUNTER] = "LATHE_COUNTER",
  };
  for (int i = 0; i < c->parameters->count; i++)
    if (c->parameters->items[i]->tensor.values != NULL)
      emit_initial_values(e, &c->parameters->items[i]->tensor);
  emit(e, "static const struct lathe_tensor tensors[] = {\n");
  for (int i = 0; i < c->parameters->count; i++) {
    const struct lathe_tensor *t = &c->parameters->items[i]->tensor;
    int64_t order[LATHE_MAX_AXES];
    for (int k = 0; k < t->axes; k++)
      order[k] = t->order[k];
    text_printf(&e->out, "  {.name = %s, .role = %s, .rank = %d", quote(e, t->name), roles[t->role],
                t->rank);
    if (t->rank > 0)
      text_printf(&e->out,
                  ", .shape = {%s},\n   .axes = %d, .extent = {%s}, .order = {%s}, .offset = %zu",
                  list(e, t->shape, t->rank), t->axes, list(e, t->extent, t->axes),
                  list(e, order, t->axes), t->offset);
    if (t->bound > 0)
      text_printf(&e->out, ",\n   .bound = %s", emit_double(e, t->bound));
    else if (t->fill != 0)
      text_printf(&e->out, ",\n   .fill = %s", emit_double(e, t->fill));
    if (t->values != NULL)
      text_printf(&e->out, ",\n   .values = %s", array_name(e, t));
    text_printf(&e->out, "},\n");
  }
  emit(e, "};\n\n");
}

/* Every value of a training step that lies in memory for a while. */
static void emit_values(struct emitter *e, const struct compilation *c)
{
  const struct schedule *s = c->programs[PROGRAM_TRAIN];
  emit(e, "static const struct lathe_value values[] = {\n");
  for (int i = 0; i < s->graph->count; i++) {
    const struct node *node = s->graph->nodes[i];
    const struct slot *slot =
        &s->slots[node_storage(node)->id]; /* a view lies where its operand does */
    bool temporary = slot->storage == STORED_BATCH ||
                     (slot->storage == STORED_FIXED && slot->offset >= c->fixed_temporaries);
    if (s->slots[i].label == NULL || slot->first < 0 || !temporary || node->opaque)
      continue;
    const struct shape *shape = &node->shape;
    text_printf(&e->out, "  {.name = %s, .rank = %d, .shape = {%s}", quote(e, s->slots[i].label),
                shape->rank, list(e, shape->dim, shape->rank));
    if (node->interleave != 0)
      text_printf(&e->out, ", .interleave = %lld", (long long)node->interleave);
    text_printf(&e->out, "%s%s,\n   .offset = %s, .kernel = %d},\n",
                node->per_image ? ", .per_image = true" : "", node->wide ? ", .wide = true" : "",
                slot->constant, slot->first);
  }
  emit(e, "};\n\n");
}

static void emit_layer(struct emitter *e, const struct compilation *c, const struct layer *layer)
{
  text_printf(&e->out, "  {%s, %s, ", quote(e, layer->name), quote(e, layer->text));
  text_printf(&e->out, "\"%s\", %lld},\n", shape_text(e->mem, &layer->out),
              (long long)layer_parameters(c, layer));
}

static void emit_layers(struct emitter *e, const struct compilation *c)
{
  emit(e, "static const struct lathe_layer layers[] = {\n");
  for (int i = 0; i < c->model->encoder.count; i++)
    emit_layer(e, c, &c->model->encoder.layers[i]);
  for (int i = 0; i < c->model->decoder.count; i++)
    emit_layer(e, c, &c->model->decoder.layers[i]);
  emit(e, "};\n\n");
}

static void emit_kernel_costs(struct emitter *e, const struct compilation *c)
{
  static const char *const passes[] = {
      [LATHE_FORWARD] = "LATHE_FORWARD",
      [LATHE_BACKWARD] = "LATHE_BACKWARD",
      [LATHE_UPDATE] = "LATHE_UPDATE",
  };
  emit(e,
       "/* The kernels of a training step, in order: what they compute, how, and at what cost. */\n"
       "static const struct lathe_kernel_cost kernels[] = {\n");
  for (int i = 0; i < kernel_cost_count(c); i++) {
    const struct lathe_kernel_cost k = kernel_cost(c, i);
    text_printf(&e->out, "  {%s, %d, %s,\n   %s, %s,", quote(e, k.layer), k.line, passes[k.pass],
                quote(e, k.ops), quote(e, k.algorithm));
    text_printf(&e->out, " %.0f, %.0f, %.0f, %.0f},\n", k.image_flops, k.image_bytes, k.step_flops,
                k.step_bytes);
  }
  emit(e, "};\n\n");
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
  emit_source(e, m->source);
  if (m->kind != LATHE_ALONE) {
    emit_tensors(e, c);
    emit_values(e, c);
    emit_layers(e, c);
    emit_kernel_costs(e, c);
  }
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
              list(e, m->input.dim, m->input.rank));
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
