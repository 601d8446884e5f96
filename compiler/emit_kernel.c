#include "emit_kernel.h"
#include "op.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The i-th of the space-separated names. */
static const char *nth_name(struct mem *mem, const char *names, int i)
{
  while (i-- > 0)
    names = strchr(names, ' ') + 1;
  return mem_string(mem, names, strcspn(names, " "));
}

/* Whether a function is given the value itself, rather than where it lies. */
static bool by_value(const struct node *node)
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
      const char *name = nth_name(mem, op_table[node->op].operands, k);
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

/* How elements are walked by an epilogue: rows of `width` elements; per-channel tables are indexed
 * by the column, or hold one channel only. */
struct walk {
  int64_t width;
  int64_t channels;
};

/* An entry of a per-channel table. */
static void render_table(struct emitter *e, struct text *out, const struct node *table, int64_t row,
                         const struct walk *walk)
{
  const char *name = operand_name(e, table);
  if (walk->channels == 1)
    text_printf(out, "%s[%lld]", name, (long long)row);
  else if (row == 0)
    text_printf(out, "%s[c]", name);
  else
    text_printf(out, "%s[%lld + c]", name, (long long)(row * walk->channels));
}

/* An operand's value at the element at hand. */
static const char *element(struct emitter *e, const struct node *operand)
{
  const char *form = by_value(operand) ? "%s" : "%s_row[c]";
  struct text text = {.mem = e->mem};
  text_printf(&text, form, operand_name(e, operand));
  return text.data;
}

/* Reads a value into a local of its own, before a conditional expression that might not need it:
 * gcc 12 miscompiles some loops that load under a condition (masked loads, rows of 12 or 16
 * values). */
static const char *emit_load(struct emitter *e, const struct node *node, const char *value)
{
  const char *local =
      mem_printf(e->mem, "%s_value", nth_name(e->mem, op_table[node->op].operands, 0));
  emit_bind(e, "local", "%s", local);
  emit_bind(e, "value", "%s", value);
  emit(e, "const $real $local = $value;\n");
  return local;
}

/* $0, $1@2, #0.5, %exp and {0} of an elementwise expression, as C. `first` is what $0 is called,
 * and `previous` the chain's value so far. */
static void render(struct emitter *e, struct text *out, const struct node *node,
                   const struct node *chained, const char *first, const char *previous,
                   const struct walk *walk)
{
  const char *f = e->model->float64 ? "" : "f";
  for (const char *p = op_table[node->op].expression; *p != '\0';) {
    size_t length = 1; /* of the piece at hand */
    if (*p == '$') {
      const struct node *in = node->in[p[1] - '0'];
      bool table = p[2] == '@';
      length = table ? 4 : 2;
      if (table)
        render_table(e, out, in, p[3] - '0', walk);
      else if (p[1] == '0')
        text_printf(out, "%s", first);
      else
        text_printf(out, "%s", in == chained ? previous : element(e, in));
    } else if (*p == '#') {
      length += strspn(p + 1, "0123456789.");
      text_printf(out, "%s", emit_number(e, strtod(p + 1, NULL)));
    } else if (*p == '{') {
      length = 3;
      text_printf(out, "%s", emit_number(e, node->constant[p[1] - '0']));
    } else if (*p == '%') {
      size_t word = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_0123456789");
      length += word;
      if (strncmp(p + 1, "count", word) == 0)
        text_printf(out, "(%s)(n * %lld)", e->model->float64 ? "double" : "float",
                    (long long)(node_size(node) / walk->channels));
      else if (strncmp(p + 1, "sqrt", word) == 0)
        text_printf(out, "sqrt%s", f);
      else
        text_printf(out, "lathe_%.*s%s", (int)word, p + 1, f);
    } else {
      text_add(out, p, 1);
    }
    p += length;
  }
}

static bool uses_table(const struct kernel *kernel, int from)
{
  for (int i = from; i < kernel->length; i++)
    if (strchr(op_table[kernel->chain[i]->op].expression, '@') != NULL)
      return true;
  return false;
}

/* Row pointers, then the loop over columns with the chain's expressions. */
static void emit_rows(struct emitter *e, const struct kernel *kernel, int from,
                      const struct walk *walk)
{
  const struct kernel_function *f = e->function;
  struct node *result = kernel_result(kernel);
  const char *out = operand_name(e, result);
  emit_bind_int(e, "width", walk->width);
  emit(e, "for (int r = $row0; r < $row1; r++) {\n");
  for (int i = 0; i < f->operand_count; i++) {
    const struct operand *o = &f->operands[i];
    bool row = o->written;
    for (int k = from; k < kernel->length && !row; k++)
      for (int a = 0; a < kernel->chain[k]->in_count && !row; a++)
        row = node_storage(kernel->chain[k]->in[a]) == o->node && o->node->per_image;
    if (!row)
      continue;
    emit_bind(e, "operand", "%s", o->name);
    emit(e, o->written ? "$real *const ${operand}_row = $operand + r * $width;\n"
                       : "const $real *const ${operand}_row = $operand + r * $width;\n");
  }
  emit(e, "for (int c = $column0; c < $column1; c++) {\n");
  const char *previous = mem_printf(e->mem, "%s_row[c]", out);
  const struct node *chained = from > 0 ? kernel->chain[from - 1] : NULL;
  for (int i = from; i < kernel->length; i++) {
    const struct node *node = kernel->chain[i];
    struct text expression = {.mem = e->mem};
    const char *first = node->in[0] == chained ? previous : element(e, node->in[0]);
    if (strchr(op_table[node->op].expression, '?') != NULL && strchr(first, '[') != NULL)
      first = emit_load(e, node, first);
    render(e, &expression, node, chained, first, previous, walk);
    bool last = i == kernel->length - 1;
    previous = last ? mem_printf(e->mem, "%s_row[c]", out)
                    : mem_printf(e->mem, "%s%d", op_table[node->op].name, i);
    emit_bind(e, "to", "%s", previous);
    emit_bind(e, "expression", "%s", expression.data);
    emit(e, last ? "$to = $expression;\n" : "const $real $to = $expression;\n");
    chained = node;
  }
  emit(e, "}\n}\n");
}

void emit_epilogue_images(struct emitter *e, const struct kernel *kernel, int from)
{
  if (from == kernel->length)
    return;
  const struct node *node = kernel->chain[from];
  int64_t size = node_size(node);
  int64_t channels = node_channels(node);
  bool by_channel = uses_table(kernel, from) && channels > 1;
  struct walk walk = {.width = by_channel ? channels : size, .channels = channels};
  int count = e->binding_count;
  int64_t rows = size / walk.width;
  if (rows == 1) {
    emit_bind(e, "row0", "begin");
    emit_bind(e, "row1", "end");
  } else {
    emit_bind(e, "row0", "begin * %lld", (long long)rows);
    emit_bind(e, "row1", "end * %lld", (long long)rows);
  }
  emit_bind(e, "column0", "0");
  emit_bind_int(e, "column1", walk.width);
  emit_rows(e, kernel, from, &walk);
  e->binding_count = count;
}

void emit_epilogue_columns(struct emitter *e, const struct kernel *kernel, int from, int64_t width)
{
  if (from == kernel->length)
    return;
  struct walk walk = {.width = width, .channels = width};
  int count = e->binding_count;
  emit_bind(e, "row0", "0");
  emit_bind(e, "row1", "n");
  const char *begin = kernel->tasks > 1 ? "begin" : "0";
  emit_bind(e, "column0", "%s", begin);
  if (kernel->tasks > 1)
    emit_bind(e, "column1", "end");
  else
    emit_bind_int(e, "column1", width);
  emit_rows(e, kernel, from, &walk);
  e->binding_count = count;
}

static bool has_task(const struct kernel *kernel)
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
  if (!has_task(kernel)) {
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
    emit_bind(e, nth_name(e->mem, op_table[root->op].operands, k), "%s",
              operand_name(e, root->in[k]));
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
  if (has_task(kernel)) {
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

static const char *title(struct mem *mem, const struct kernel *kernel)
{
  struct text text = {.mem = mem};
  const struct layer *layer = kernel->chain[0]->layer;
  if (layer != NULL) {
    text_printf(&text, "%s: %s", layer->name, layer->text);
    for (int i = 1; i < kernel->length; i++) {
      const struct layer *next = kernel->chain[i]->layer;
      if (next != NULL && next != layer)
        text_printf(&text, "; %s", next->text);
      layer = next != NULL ? next : layer;
    }
    const struct layer *first = kernel->chain[0]->layer;
    text_printf(&text, "   (%s:%d)", first->file, first->line);
  } else {
    text_printf(&text, "%s", kernel->chain[0]->name);
  }
  return text.data;
}

/* A tensor's shape in the order in which its memory lies. */
static const char *shaped(struct mem *mem, const struct node *node)
{
  struct text text = {.mem = mem};
  if (node->op == OP_PARAMETER || node->op == OP_BUFFER) {
    const struct lathe_tensor *t = &node->parameter->tensor;
    for (int i = 0; i < t->axes; i++)
      text_printf(&text, "%s%lld", i > 0 ? ", " : "[", (long long)t->extent[t->order[i]]);
    text_printf(&text, "]");
    return text.data;
  }
  struct shape shape = node->shape;
  for (int i = 0; node->interleave != 0 && i < shape.rank; i++) /* channels last */
    shape.dim[i] = node->shape.dim[(i + 1) % shape.rank];
  const char *one = shape_text(mem, &shape);
  return node->per_image ? mem_printf(mem, "[n, %s", one + 1) : one;
}

/* Appends `piece` to a list that is broken before column 100, with `indent` after the break. */
static void append_wrapped(struct text *out, size_t *column, const char *piece, const char *indent)
{
  size_t length = strlen(piece);
  if (*column + length > 97 && *piece == ' ') { /* room for a mark behind it */
    text_printf(out, "\n%s", indent);
    *column = strlen(indent);
    piece++;
  }
  text_printf(out, "%s", piece);
  *column += length;
}

/* The comment above a kernel: where it comes from, its ops, the shapes in memory order, its cost.
 */
static const char *banner(struct emitter *e, const struct kernel_function *f)
{
  const struct kernel *kernel = f->kernel;
  struct text text = {.mem = e->mem};
  text_printf(&text, "/* %s\n *", title(e->mem, kernel));
  size_t column = 2;
  for (int i = 0; i < kernel->length; i++)
    append_wrapped(&text, &column,
                   mem_printf(e->mem, i > 0 ? " + %s" : " %s", op_table[kernel->chain[i]->op].name),
                   " * ");
  const char *mark = ":"; /* what stands before the next piece */
  for (int i = 0; i < f->operand_count; i++) {
    const struct operand *o = &f->operands[i];
    if (by_value(o->node))
      continue;
    append_wrapped(&text, &column, mark, " * ");
    append_wrapped(&text, &column, mem_printf(e->mem, " %s%s", o->name, shaped(e->mem, o->node)),
                   " * ");
    mark = ",";
  }
  double flops = kernel_flops(kernel);
  if (flops >= 1e3) {
    append_wrapped(&text, &column, ";", " * ");
    append_wrapped(&text, &column,
                   flops >= 1e6 ? mem_printf(e->mem, " %.1f MFLOP an image", flops / 1e6)
                                : mem_printf(e->mem, " %.1f kFLOP an image", flops / 1e3),
                   " * ");
  }
  text_printf(&text, " */\n");
  return text.data;
}

enum { NAME_ROOM = 40 }; /* columns left for "static void NAME" */

static const char *signature(struct emitter *e, const struct kernel_function *f)
{
  struct text out = {.mem = e->mem};
  size_t column = NAME_ROOM;
  const char *real = e->model->float64 ? "double" : "float";
  append_wrapped(&out, &column, "(int n", "    ");
  if (has_task(f->kernel))
    append_wrapped(&out, &column, ", int task", "    ");
  if (f->kernel->scratch > 0)
    append_wrapped(&out, &column, mem_printf(e->mem, ", %s *restrict scratch", real), "    ");
  for (int i = 0; i < f->operand_count; i++) {
    const struct operand *o = &f->operands[i];
    const char *type = o->node->op == OP_DRAW ? "struct lathe_draw" : o->wide ? "double" : real;
    const char *form = by_value(o->node) ? " %s %s"
                       : o->written      ? " %s *restrict %s"
                                         : " const %s *restrict %s";
    text_printf(&out, ",");
    column++;
    struct text piece = {.mem = e->mem};
    text_printf(&piece, form, type, o->name);
    append_wrapped(&out, &column, piece.data, "    ");
  }
  if (f->kernel->updates != NULL) {
    text_printf(&out, ",");
    column++;
    append_wrapped(&out, &column,
                   mem_printf(e->mem, " const struct %s_update *update", e->model->name), "    ");
  }
  text_printf(&out, ")");
  return out.data;
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
  f->title = banner(e, f);

  f->signature = signature(e, f);

  f->body = emit_body(e, kernel);
  f->helpers = e->helpers;
  f->helper_count = e->helper_count;
  return f;
}
