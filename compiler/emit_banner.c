/* What stands above a kernel's body: the comment, and the parameters. */
#include "emit_kernel.h"
#include "op.h"
#include <string.h>

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

const char *kernel_banner(struct emitter *e, const struct kernel_function *f)
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
    if (operand_by_value(o->node))
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

const char *kernel_signature(struct emitter *e, const struct kernel_function *f)
{
  struct text out = {.mem = e->mem};
  size_t column = NAME_ROOM;
  const char *real = e->model->float64 ? "double" : "float";
  append_wrapped(&out, &column, "(int n", "    ");
  if (kernel_has_task(f->kernel))
    append_wrapped(&out, &column, ", int task", "    ");
  if (f->kernel->scratch > 0)
    append_wrapped(&out, &column, mem_printf(e->mem, ", %s *restrict scratch", real), "    ");
  for (int i = 0; i < f->operand_count; i++) {
    const struct operand *o = &f->operands[i];
    const char *type = o->node->op == OP_DRAW ? "struct lathe_draw" : o->wide ? "double" : real;
    const char *form = operand_by_value(o->node) ? " %s %s"
                       : o->written              ? " %s *restrict %s"
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
