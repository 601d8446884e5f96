#include "graph_dot.h"
#include "op.h"
#include <string.h>

enum { LARGE = 120 }; /* nodes beyond which Graphviz would take minutes over the best layout */

/* What a node is, by which it is drawn. */
enum kind { KIND_DATA, KIND_PARAMETER, KIND_FORWARD, KIND_LOSS, KIND_BACKWARD, KIND_GRADIENT };

static const struct {
  const char *shape, *style, *fill, *line;
} looks[] = {
    [KIND_DATA] = {"box", "filled,rounded", "#e9e4f5", "#6a51a3"},
    [KIND_PARAMETER] = {"cylinder", "filled", "#eeeeee", "#666666"},
    [KIND_FORWARD] = {"box", "filled", "#dce9f7", "#2166ac"},
    [KIND_LOSS] = {"doubleoctagon", "filled", "#f7e1ea", "#b0306a"},
    [KIND_BACKWARD] = {"box", "filled,dashed", "#fdebd3", "#b35806"},
    [KIND_GRADIENT] = {"cylinder", "filled,dashed", "#dcf0dc", "#1b7837"},
};

static enum kind kind_of(const struct graph *g, const struct node *node)
{
  if (node->op == OP_PARAMETER || node->op == OP_BUFFER)
    return KIND_PARAMETER;
  if (op_table[node->op].class == CLASS_LEAF && node->id < g->forward_count)
    return KIND_DATA;
  if (node->id >= g->forward_count)
    return KIND_BACKWARD;
  for (int i = 0; i < g->output_count; i++)
    if (g->outputs[i].node == node && node->wide)
      return KIND_LOSS;
  return KIND_FORWARD;
}

/* A text between double quotes. */
static void print_quoted(FILE *out, const char *text)
{
  fputc('"', out);
  for (; *text != '\0'; text++) {
    if (*text == '"' || *text == '\\')
      fputc('\\', out);
    fputc(*text, out);
  }
  fputc('"', out);
}

/* The shape of a value, of a parameter as its tensor has it. */
static const char *value_shape(const struct graph *g, const struct node *node)
{
  const char *shape = shape_text(g->mem, &node->shape);
  if (node->parameter != NULL) {
    const struct lathe_tensor *t = &node->parameter->tensor;
    shape = "[";
    for (int i = 0; i < t->rank; i++)
      shape = mem_printf(g->mem, "%s%s%lld", shape, i > 0 ? ", " : "", (long long)t->shape[i]);
    return mem_printf(g->mem, "%s]", shape);
  }
  return node->per_image ? mem_printf(g->mem, "[N, %s", shape + 1) : shape;
}

static void print_look(FILE *out, enum kind kind)
{
  fprintf(out, ", shape=%s, style=\"%s\", fillcolor=\"%s\", color=\"%s\"];\n", looks[kind].shape,
          looks[kind].style, looks[kind].fill, looks[kind].line);
}

static void print_node(FILE *out, const struct graph *g, const struct node *node)
{
  fprintf(out, "    n%d [label=", node->id);
  if (op_table[node->op].class == CLASS_LEAF)
    print_quoted(out, node->name);
  else
    print_quoted(out, op_table[node->op].name);
  fputs(", tooltip=", out);
  print_quoted(out, mem_printf(g->mem, "%s %s", node->name, value_shape(g, node)));
  print_look(out, kind_of(g, node));
}

/* The nodes of one layer and pass, in a frame; those of no layer stand free. */
static void print_part(FILE *out, const struct graph *g, const struct layer *layer, int begin,
                       int end, bool backward)
{
  bool open = false;
  for (int i = begin; i < end; i++) {
    const struct node *node = g->nodes[i];
    if (node->layer != layer || !node->alive)
      continue;
    if (!open && layer != NULL) {
      const char *title = mem_printf(g->mem, "%s: %s", layer->name, layer->text);
      fprintf(out, "  subgraph \"cluster_%s%s\" {\n    label=", layer->name,
              backward ? "_backward" : "");
      print_quoted(out, backward ? mem_printf(g->mem, "%s, backward", title) : title);
      fprintf(out, ";\n    style=rounded;\n    color=\"%s\";\n",
              looks[backward ? KIND_BACKWARD : KIND_FORWARD].line);
    }
    open = true;
    print_node(out, g, node);
  }
  if (open && layer != NULL)
    fputs("  }\n", out);
}

static void print_parts(FILE *out, const struct graph *g, int begin, int end, bool backward)
{
  print_part(out, g, NULL, begin, end, backward);
  for (int i = begin; i < end; i++) {
    const struct layer *layer = g->nodes[i]->layer;
    bool first = layer != NULL;
    for (int k = begin; first && k < i; k++)
      first = g->nodes[k]->layer != layer;
    if (first)
      print_part(out, g, layer, begin, end, backward);
  }
}

static void print_edges(FILE *out, const struct graph *g, int end)
{
  for (int i = 0; i < end; i++) {
    const struct node *node = g->nodes[i];
    for (int k = 0; node->alive && k < node->in_count; k++) {
      fprintf(out, "  n%d -> n%d [label=", node->in[k]->id, i);
      print_quoted(out, value_shape(g, node->in[k]));
      enum kind kind = i < g->forward_count ? KIND_FORWARD : KIND_BACKWARD;
      fprintf(out, ", color=\"%s\", fontcolor=\"%s\"%s];\n", looks[kind].line, looks[kind].line,
              kind == KIND_BACKWARD ? ", style=dashed" : "");
    }
  }
}

/* Each parameter's gradient, as what the value that it is given becomes. */
static void print_gradients(FILE *out, const struct graph *g)
{
  for (int i = 0; i < g->output_count; i++) {
    const struct output *o = &g->outputs[i];
    if (o->gradient_of == NULL)
      continue;
    fprintf(out, "  g%d [label=", i);
    print_quoted(out, mem_printf(g->mem, "d.%s", o->gradient_of->tensor.name));
    print_look(out, KIND_GRADIENT);
    const struct node as_parameter = {.parameter = o->gradient_of};
    fprintf(out, "  n%d -> g%d [label=", o->node->id, i);
    print_quoted(out, value_shape(g, &as_parameter));
    fprintf(out, ", color=\"%s\", fontcolor=\"%s\", style=bold];\n", looks[KIND_GRADIENT].line,
            looks[KIND_GRADIENT].line);
  }
}

void graph_dot(FILE *out, const struct graph *g, bool backward)
{
  fputs("digraph ", out);
  print_quoted(out, g->model->name);
  fputs(" {\n  label=", out);
  print_quoted(
      out,
      mem_printf(g->mem, "%s: %s; [N, ...] is one for each of a batch of N images", g->model->name,
                 backward ? "forward (blue), backward (orange), gradients (green)" : "forward"));
  /* newrank: the older ranking fails on some graphs whose frames depend on each other. */
  fputs(";\n  labelloc=t;\n  rankdir=TB;\n  newrank=true;\n  fontname=\"sans-serif\";\n"
        "  node [fontname=\"sans-serif\", fontsize=11];\n"
        "  edge [fontname=\"sans-serif\", fontsize=9];\n",
        out);
  if ((backward ? g->count : g->forward_count) > LARGE)
    fputs("  splines=line;\n  nslimit=2;\n  nslimit1=2;\n", out);
  print_parts(out, g, 0, g->forward_count, false);
  if (backward)
    print_parts(out, g, g->forward_count, g->count, true);
  print_edges(out, g, backward ? g->count : g->forward_count);
  if (backward)
    print_gradients(out, g);
  fputs("}\n", out);
}
