#include "emit_kernel.h"
#include "op.h"
#include <string.h>

const char *operand_role(struct mem *mem, const struct node *node, int i)
{
  const char *names = op_table[node->op].operands;
  while (i-- > 0)
    names = strchr(names, ' ') + 1;
  return mem_string(mem, names, strcspn(names, " "));
}

bool operand_by_value(const struct node *node)
{
  return node->op == OP_SEED || node->op == OP_DRAW;
}

static struct operand *find_operand(struct kernel_function *f, const struct node *node)
{
  for (int i = 0; i < f->operand_count; i++)
    if (f->operands[i].node == node)
      return &f->operands[i];
  return NULL;
}

static const char *unused_name(struct mem *mem, const struct kernel_function *f, const char *name)
{
  const char *candidate = name;
  for (int suffix = 2, i = 0; i < f->operand_count; i++) {
    if (strcmp(f->operands[i].name, candidate) == 0) {
      candidate = mem_printf(mem, "%s%d", name, suffix++);
      i = -1;
    }
  }
  return candidate;
}

static bool in_chain(const struct kernel *kernel, const struct node *node, int before)
{
  for (int i = 0; i < before; i++)
    if (kernel->chain[i] == node)
      return true;
  return false;
}

static void collect_operands(struct mem *mem, struct kernel_function *f)
{
  const struct kernel *kernel = f->kernel;
  for (int i = 0; i < kernel->length; i++) {
    const struct node *node = kernel->chain[i];
    for (int k = 0; k < node->in_count; k++) {
      const struct node *storage = node_storage(node->in[k]);
      if (in_chain(kernel, node->in[k], i) || find_operand(f, storage) != NULL)
        continue;
      const char *name = operand_role(mem, node, k);
      name = unused_name(mem, f, name);
      f->operands[f->operand_count++] = (struct operand){
          .node = storage,
          .name = name,
          .wide = storage->wide,
          .written = node->op == OP_RUNNING_UPDATE && storage->op == OP_BUFFER,
      };
    }
  }
  struct node *result = kernel_result(kernel);
  if (result == NULL)
    return;
  const struct slot *to = schedule_slot(f->schedule, result);
  for (int i = 0; i < f->operand_count && kernel->in_place; i++) {
    const struct slot *from = &f->schedule->slots[f->operands[i].node->id];
    if (from->storage == STORED_BATCH && from->offset == to->offset) {
      f->operands[i].written = true; /* one stretch of memory, one parameter */
      return;
    }
  }
  const char *name = unused_name(mem, f, op_table[result->op].result);
  f->operands[f->operand_count++] = (struct operand){
      .node = result,
      .name = name,
      .wide = result->wide,
      .written = true,
  };
}

const char *operand_name(const struct emitter *e, const struct node *of)
{
  const struct kernel_function *f = e->function;
  const struct node *node = node_storage(of);
  struct node *result = kernel_result(f->kernel);
  for (int i = 0; i < f->operand_count; i++)
    if (f->operands[i].node == node)
      return f->operands[i].name;
  if (result == node || in_chain(f->kernel, node, f->kernel->length))
    for (int i = 0; i < f->operand_count; i++)
      if (f->operands[i].written)
        return f->operands[i].name;
  return "?";
}

bool kernel_has_task(const struct kernel *kernel)
{
  return kernel->domain == DOMAIN_IMAGES || kernel->tasks > 1;
}

/* What a task covers, as `begin` and `end`: images, or part of something else. A kernel of a
 * single task has constants there. */
static void bind_cut(struct emitter *e, const struct kernel *kernel)
{
  int64_t block = kernel->domain == DOMAIN_IMAGES ? kernel->chunk : kernel->block;
  bool even = kernel->domain == DOMAIN_FIXED && kernel->extent % kernel->block == 0;
  emit_bind_int(e, "block", block);
  if (kernel->domain == DOMAIN_IMAGES)
    emit_bind(e, "extent", "n");
  else
    emit_bind_int(e, "extent", kernel->extent);
  if (!kernel_has_task(kernel)) {
    emit_bind(e, "begin", "0");
    emit_bind_int(e, "end", kernel->extent);
    emit_bind_int(e, "length", kernel->extent);
    return;
  }
  emit_bind(e, "begin", "begin");
  emit_bind(e, "end", "end");
  if (even)
    emit_bind_int(e, "length", block);
  else
    emit_bind(e, "length", "(end - begin)");
}

/* The loops of a kernel, then what they need of `begin` and `end` before them. */
static const char *emit_body(struct emitter *e, const struct kernel *kernel)
{
  bind_cut(e, kernel);
  const struct node *root = kernel->chain[0];
  for (int k = 0; k < root->in_count; k++)
    emit_bind(e, operand_role(e->mem, root, k), "%s", operand_name(e, root->in[k]));
  if (op_table[root->op].result[0] != '\0')
    emit_bind(e, op_table[root->op].result, "%s", operand_name(e, kernel_result(kernel)));

  e->out = (struct text){.mem = e->mem};
  e->depth = 1;
  if (op_table[root->op].emit != NULL)
    op_table[root->op].emit(e, kernel);
  else
    emit_epilogue_images(e, kernel, 0);
  const char *loops = e->out.data;

  e->out = (struct text){.mem = e->mem};
  e->depth = 0;
  emit(e, "{\n");
  if (kernel_has_task(kernel)) {
    int64_t block = kernel->domain == DOMAIN_IMAGES ? kernel->chunk : kernel->block;
    emit_bind(e, "begin_value", block > 1 ? "task * %d" : "task", (int)block);
    emit(e, "const int begin = $begin_value;\n");
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): every kernel has loops */
    if (strstr(loops, "end") == NULL)
      ;
    else if (kernel->domain == DOMAIN_FIXED && kernel->extent % kernel->block == 0)
      emit(e, "const int end = begin + $block;\n");
    else
      emit(e, "const int end = begin + $block < $extent ? begin + $block : $extent;\n");
  }
  text_printf(&e->out, "%s}\n", loops);
  return e->out.data;
}

struct kernel_function *kernel_function(struct mem *mem, const struct schedule *schedule,
                                        const struct kernel *kernel)
{
  struct kernel_function *f = mem_alloc(mem, sizeof *f);
  f->schedule = schedule;
  f->kernel = kernel;
  collect_operands(mem, f);

  struct emitter *e = emitter_new(mem, schedule->graph->model);
  e->function = f;
  f->title = kernel_banner(e, f);
  f->signature = kernel_signature(e, f);
  f->body = emit_body(e, kernel);
  f->helpers = e->helpers;
  f->helper_count = e->helper_count;
  return f;
}
