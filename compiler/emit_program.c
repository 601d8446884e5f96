#include "emit_program.h"
#include "emit_kernel.h"
#include "op.h"
#include <string.h>

struct kernel_list {
  struct mem *mem;
  struct kernel_function **functions;
  const char **names;
  const char **helpers; /* names of those that stand in the file already */
  int helper_count, helper_capacity;
  int count, capacity, name_capacity;
};

struct kernel_list *kernel_list_new(struct mem *mem)
{
  struct kernel_list *list = mem_alloc(mem, sizeof *list);
  list->mem = mem;
  return list;
}

static bool name_taken(const struct kernel_list *list, const char *name)
{
  for (int i = 0; i < list->count; i++)
    if (strcmp(list->names[i], name) == 0)
      return true;
  return false;
}

/* "encoder_2_conv": the layer, and the op that begins the kernel. */
static const char *kernel_name(struct kernel_list *list, const struct kernel *kernel)
{
  const struct node *root = kernel->chain[0];
  const char *op = op_table[root->op].name;
  const char *base =
      root->layer == NULL
          ? op
          : mem_printf(list->mem, "%s_%s", emit_identifier(list->mem, root->layer->name), op);
  const char *name = base;
  for (int suffix = 2; name_taken(list, name); suffix++)
    name = mem_printf(list->mem, "%s_%d", base, suffix);
  return name;
}

static void add_helper(struct emitter *e, struct kernel_list *list, const struct helper *helper)
{
  for (int i = 0; i < list->helper_count; i++)
    if (strcmp(list->helpers[i], helper->name) == 0)
      return;
  list->helpers = mem_grow(list->mem, list->helpers, &list->helper_capacity, list->helper_count + 1,
                           sizeof *list->helpers);
  list->helpers[list->helper_count++] = helper->name;
  text_printf(&e->out, "%s\n", helper->text);
}

static const char *add_function(struct emitter *e, struct kernel_list *list,
                                struct kernel_function *f)
{
  for (int i = 0; i < list->count; i++) {
    const struct kernel_function *old = list->functions[i];
    if (old->kernel->chain[0]->layer == f->kernel->chain[0]->layer &&
        strcmp(old->signature, f->signature) == 0 && strcmp(old->body, f->body) == 0)
      return list->names[i];
  }
  const char *name = kernel_name(list, f->kernel);
  list->functions = mem_grow(list->mem, list->functions, &list->capacity, list->count + 1,
                             sizeof *list->functions);
  list->names =
      mem_grow(list->mem, list->names, &list->name_capacity, list->count + 1, sizeof *list->names);
  list->functions[list->count] = f;
  list->names[list->count++] = name;

  for (int i = 0; i < f->helper_count; i++)
    add_helper(e, list, &f->helpers[i]);
  text_printf(&e->out, "%s", f->title);
  text_printf(&e->out, "static void %s%s\n%s\n", name, f->signature, f->body);
  return name;
}

/* How a task function finds an operand: "c->batch + c->capacity * TRAIN_ENCODER_1". */
static const char *location(struct emitter *e, const struct schedule *s, const struct node *node)
{
  const struct slot *p = &s->slots[node->id];
  switch (p->storage) {
  case STORED_ARGUMENT:
    return mem_printf(e->mem, "c->%s", p->argument);
  case STORED_BATCH:
    return mem_printf(e->mem,
                      node->wide ? "(double *)(void *)(c->batch + c->capacity * %s)"
                                 : "c->batch + c->capacity * %s",
                      p->constant);
  case STORED_FIXED:
    return mem_printf(e->mem, "c->fixed + %s", p->constant);
  case STORED_SCALAR: {
    if (node->op == OP_DRAW)
      return "c->draw";
    const char *real = e->model->float64 ? "double" : "float";
    const char *weight = node->constant[1] != 0 ? mem_printf(e->mem, "(%s)c->kl_weight", real)
                                                : emit_number(e, node->constant[0]);
    return mem_printf(e->mem, "%s / (%s)c->n", weight, real);
  }
  case STORED_NOWHERE:
    break;
  }
  return "NULL";
}

static void emit_task(struct emitter *e, const struct schedule *s, const struct kernel_function *f,
                      const char *name, const char *prefix, int number)
{
  int count = e->binding_count;
  const struct kernel *kernel = f->kernel;
  emit_bind(e, "name", "%s", name);
  emit_bind(e, "prefix", "%s", prefix);
  emit_bind_int(e, "number", number);
  emit(e, "static void ${prefix}_$number(void *arg, int task, int thread)\n{\n"
          "const struct ${model}_call *const c = arg;\n");
  bool task = kernel->domain == DOMAIN_IMAGES || kernel->tasks > 1;
  if (!task)
    emit(e, "(void)task;\n");
  if (kernel->scratch == 0)
    emit(e, "(void)thread;\n");
  emit(e, "$name(c->n");
  if (task)
    emit(e, ", task");
  if (kernel->scratch > 0)
    emit(e, ", c->scratch + (size_t)thread * ${MODEL}_SCRATCH");
  for (int i = 0; i < f->operand_count; i++) {
    emit(e, ",\n");
    emit_bind(e, "location", "%s", location(e, s, f->operands[i].node));
    emit(e, "$location");
  }
  if (kernel->updates != NULL)
    emit(e, ",\nc->update");
  emit(e, ");\n}\n\n");
  e->binding_count = count;
}

void emit_kernels(struct emitter *e, struct kernel_list *list, const struct schedule *s, int begin,
                  int end, const char *prefix)
{
  const char **names = mem_alloc(e->mem, (size_t)s->count * sizeof *names);
  struct kernel_function **functions = mem_alloc(e->mem, (size_t)s->count * sizeof *functions);
  for (int i = begin; i < end; i++) {
    functions[i] = kernel_function(e->mem, s, &s->kernels[i]);
    names[i] = add_function(e, list, functions[i]);
  }
  for (int i = begin; i < end; i++)
    emit_task(e, s, functions[i], names[i], prefix, i - begin);
}

static void emit_kernel_call(struct emitter *e, const struct schedule *s, int kernel, int number)
{
  const struct kernel *k = &s->kernels[kernel];
  bool training = s->forward_count < s->count; /* its kernels can be watched */
  int count = e->binding_count;
  emit_bind_int(e, "number", number);
  if (k->domain == DOMAIN_FIXED)
    emit_bind_int(e, "tasks", k->tasks);
  else if (k->chunk == 1)
    emit_bind(e, "tasks", "n");
  else
    emit_bind(e, "tasks", "(n + %d) / %d", k->chunk - 1, k->chunk);
  emit_bind_int(e, "kernel", kernel);
  emit(e, training ? "lathe_kernel(state, $kernel, $tasks, ${prefix}_$number, &call);\n"
                   : "lathe_parallel(state->pool, $tasks, ${prefix}_$number, &call);\n");
  e->binding_count = count;
}

/* Tables of the weights are made by the first call after the weights have changed. */
static void emit_tables(struct emitter *e, const struct schedule *s, int begin, int end)
{
  int tables = 0;
  for (int i = begin; i < end; i++)
    tables += kernel_prepares(&s->kernels[i]);
  if (tables == 0)
    return;
  emit_bind(e, "tables", "LATHE_%s_TABLES", emit_upper(e->mem, s->graph->name));
  emit(e, "if ((state->tables & $tables) == 0) {\n");
  for (int i = begin; i < end; i++)
    if (kernel_prepares(&s->kernels[i]))
      emit_kernel_call(e, s, i, i - begin);
  emit(e, "state->tables |= $tables;\n}\n");
}

/* The next statement is for callers alone who give that argument. */
static void emit_if_given(struct emitter *e, const char *argument)
{
  int count = e->binding_count;
  emit_bind(e, "argument", "%s", argument);
  emit(e, "if ($argument != NULL)\n  ");
  e->binding_count = count;
}

void emit_calls(struct emitter *e, const struct schedule *s, int begin, int end, const char *prefix)
{
  int count = e->binding_count;
  emit_bind(e, "prefix", "%s", prefix);
  emit_tables(e, s, begin, end);
  for (int i = begin; i < end; i++) {
    if (kernel_prepares(&s->kernels[i]))
      continue;
    if (s->kernels[i].only_for != NULL)
      emit_if_given(e, s->kernels[i].only_for);
    emit_kernel_call(e, s, i, i - begin);
  }
  e->binding_count = count;
}

/* One constant: name, value, and the shape that lies there. */
static void emit_constant(struct emitter *e, const char *name, int64_t value, const char *comment)
{
  int count = e->binding_count;
  emit_bind(e, "name", "%s", name);
  emit_bind_int(e, "value", value);
  emit_bind(e, "comment", "%s", comment);
  emit(e, comment[0] != '\0' ? "$name = $value, /* $comment */\n" : "$name = $value,\n");
  e->binding_count = count;
}

/* "TRAIN_ENCODER_1"; in a model of the program's own name, whose sizes begin with that name, too,
 * "AT_TRAIN_ENCODER_1". */
static const char *place_name(struct emitter *e, const struct schedule *s, const char *label)
{
  const char *program = emit_upper(e->mem, s->graph->name);
  bool taken = strcmp(emit_upper(e->mem, e->model->name), program) == 0;
  return mem_printf(e->mem, "%s%s_%s", taken ? "AT_" : "", program, emit_upper(e->mem, label));
}

/* Names a slot after its node, with a number where others of that name came before it. (As C
 * constants `encoder.0` and `ENCODER_0` are the same.) */
static void name_slot(struct emitter *e, const struct schedule *s, const struct node *node)
{
  const char *label = node->name;
  const char *constant = place_name(e, s, label);
  int suffix = 2;
  for (int i = 0; i < node->id; i++)
    if (s->slots[i].label != NULL && strcmp(s->slots[i].constant, constant) == 0) {
      label = mem_printf(e->mem, "%s.%d", node->name, suffix++);
      constant = place_name(e, s, label);
      i = -1;
    }
  s->slots[node->id].label = label;
  s->slots[node->id].constant = constant;
}

void emit_offsets(struct emitter *e, struct schedule *s)
{
  for (int i = 0; i < s->graph->count; i++) {
    const struct node *node = s->graph->nodes[i];
    struct slot *p = &s->slots[i];
    const char *shape = shape_text(e->mem, &node->shape);
    const char *comment = mem_printf(e->mem, "%s%s", shape, node->wide ? " double" : "");
    if (op_table[node->op].class == CLASS_VIEW && node->alive) {
      name_slot(e, s, node); /* another name for its operand's place */
    } else if (node->parameter != NULL) {
      p->constant = emit_upper(e->mem, node->parameter->tensor.name);
    } else if (p->storage == STORED_BATCH) {
      name_slot(e, s, node);
      emit_constant(e, p->constant, p->offset, comment);
    } else if (p->storage == STORED_FIXED && node->alive) {
      name_slot(e, s, node);
      emit_constant(e, p->constant, p->offset, mem_printf(e->mem, "fixed, %s", shape));
    }
  }
}

void emit_parameter_offsets(struct emitter *e, const struct compilation *c)
{
  for (int i = 0; i < c->parameters->count; i++) {
    const struct lathe_tensor *t = &c->parameters->items[i]->tensor;
    if (t->role == LATHE_COUNTER)
      continue;
    struct text shape = {.mem = e->mem};
    for (int k = 0; k < t->axes; k++)
      text_printf(&shape, "%s%lld", k > 0 ? ", " : "[", (long long)t->extent[t->order[k]]);
    text_printf(&shape, "]");
    emit_constant(e, emit_upper(e->mem, t->name), (int64_t)t->offset, shape.data);
  }
}
