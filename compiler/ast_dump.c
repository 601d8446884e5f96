#include "ast_dump.h"

static void print_place(FILE *out, const struct source *source, struct span span, int depth)
{
  const struct place place = source_place(source, span.begin);
  char text[32];
  snprintf(text, sizeof text, "%d:%d", place.line, place.column);
  if (place.file != &source->files[0])
    fprintf(out, "%s:", place.file->name);
  fprintf(out, "%-8s%*s", text, 2 * depth, "");
}

static void print_value(FILE *out, const struct ast_value *value)
{
  const char *separator = value->kind == VALUE_CALL ? " " : "";
  switch (value->kind) {
  case VALUE_WORD:
    fprintf(out, "%s", value->text);
    if (value->constant != NULL) {
      fprintf(out, "=");
      print_value(out, value->constant);
    }
    return;
  case VALUE_NUMBER:
    fprintf(out, "%.17g", value->number);
    return;
  case VALUE_LIST:
    fprintf(out, "[");
    break;
  case VALUE_CALL:
    fprintf(out, "(%s", value->text);
    break;
  }
  for (const struct ast_value *item = value->items; item != NULL; item = item->next) {
    fprintf(out, "%s", separator);
    print_value(out, item);
    separator = value->kind == VALUE_CALL ? " " : ", ";
  }
  fprintf(out, value->kind == VALUE_CALL ? ")" : "]");
}

static void print_values(FILE *out, const char *name, const struct ast_value *values)
{
  fprintf(out, "%s", name);
  for (; values != NULL; values = values->next) {
    fprintf(out, " ");
    print_value(out, values);
  }
}

static void print_nodes(FILE *out, const struct source *source, const struct ast_node *node,
                        int depth)
{
  for (; node != NULL; node = node->next) {
    print_place(out, source, node->span, depth);
    print_values(out, node->name.text, node->values);
    fprintf(out, "\n");
    for (const struct ast_attribute *a = node->attributes; a != NULL; a = a->next) {
      print_place(out, source, a->span, depth + 1);
      fprintf(out, ", ");
      print_values(out, a->name.text, a->values);
      fprintf(out, "\n");
    }
    print_nodes(out, source, node->children, depth + 1);
  }
}

void ast_dump(FILE *out, const struct source *source, const struct ast_node *items)
{
  print_nodes(out, source, items, 0);
}
