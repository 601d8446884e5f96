/* The elementwise rest of a kernel's chain, applied in place to what its first op has made. */
#include "emit_kernel.h"
#include "op.h"
#include <stdlib.h>
#include <string.h>

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
  const char *form = operand_by_value(operand) ? "%s" : "%s_row[c]";
  struct text text = {.mem = e->mem};
  text_printf(&text, form, operand_name(e, operand));
  return text.data;
}

/* Reads a value into a local of its own, before a conditional expression that might not need it:
 * gcc 12 miscompiles some loops that load under a condition (masked loads, rows of 12 or 16
 * values). */
static const char *emit_load(struct emitter *e, const struct node *node, const char *value)
{
  const char *local = mem_printf(e->mem, "%s_value", operand_role(e->mem, node, 0));
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
