#include "emit_tables.h"
#include "cost.h"
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

const char *emit_list(struct emitter *e, const int64_t *values, int count)
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
                  emit_list(e, t->shape, t->rank), t->axes, emit_list(e, t->extent, t->axes),
                  emit_list(e, order, t->axes), t->offset);
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
                shape->rank, emit_list(e, shape->dim, shape->rank));
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

void emit_tables(struct emitter *e, const struct compilation *c)
{
  emit_source(e, c->model->source);
  if (c->model->kind == LATHE_ALONE)
    return;
  emit_tensors(e, c);
  emit_values(e, c);
  emit_layers(e, c);
  emit_kernel_costs(e, c);
}
