#include "check.h"
#include "check_memory.h"
#include "cost.h"
#include "lsp.h"
#include "text.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- Places ---- */

/* UTF-16 code units of the character that begins `text`, and its bytes; what is no UTF-8 counts
 * byte by byte. */
static size_t units(const char *text, size_t *bytes)
{
  int length = utf8_length(text);
  *bytes = length > 0 ? (size_t)length : 1;
  return length == 4 ? 2 : 1;
}

size_t lsp_offset(const char *text, struct lsp_position position)
{
  const char *at = text;
  size_t bytes;
  for (size_t line = 0; line < position.line; line++) {
    const char *end = strchr(at, '\n');
    if (end == NULL)
      return strlen(text);
    at = end + 1;
  }
  for (size_t left = position.character; left > 0 && *at != '\0' && *at != '\n'; at += bytes) {
    size_t wide = units(at, &bytes);
    if (wide > left)
      break; /* in the middle of a pair */
    left -= wide;
  }
  return (size_t)(at - text);
}

struct lsp_position lsp_position(const char *text, size_t offset)
{
  struct lsp_position position = {0, 0};
  size_t bytes;
  for (size_t i = 0; i < offset && text[i] != '\0'; i += bytes) {
    size_t wide = units(text + i, &bytes);
    position.character += wide;
    if (text[i] == '\n')
      position = (struct lsp_position){position.line + 1, 0};
  }
  return position;
}

static json_t *position_json(const char *text, size_t offset)
{
  const struct lsp_position p = lsp_position(text, offset);
  return json_pack("{s:I, s:I}", "line", (json_int_t)p.line, "character", (json_int_t)p.character);
}

static json_t *range_json(const char *text, int begin, int end)
{
  return json_pack("{s:o, s:o}", "start", position_json(text, (size_t)begin), "end",
                   position_json(text, (size_t)end));
}

/* ---- A document through the front end ---- */

struct analysis {
  struct mem *mem;
  struct source *source;
  struct diags *diags;
  struct expanded *expanded;
  struct model *model; /* NULL when it is rejected */
};

/* The path that a URI names, so that `include` finds its files: file:///a%20b -> /a b. */
static const char *path_of(struct mem *mem, const char *uri)
{
  static const char scheme[] = "file://";
  if (strncmp(uri, scheme, sizeof scheme - 1) != 0)
    return uri;
  struct text path = {.mem = mem};
  text_add(&path, "", 0);
  for (const char *c = uri + sizeof scheme - 1; *c != '\0'; c++) {
    char byte = *c;
    if (byte == '%' && isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2])) {
      const char digits[] = {c[1], c[2], '\0'};
      byte = (char)strtol(digits, NULL, 16);
      c += 2;
    }
    text_add(&path, &byte, 1);
  }
  return path.data;
}

static struct analysis analyse(const struct lsp_document *document)
{
  struct analysis a = {.mem = mem_new()};
  a.source =
      source_from_text(a.mem, path_of(a.mem, document->uri), document->text, document->length);
  a.diags = diags_new(a.mem, a.source);
  struct ast_model *ast = parse(a.mem, a.source, &a.source->files[0], a.diags);
  a.expanded = expand(a.mem, ast, a.source, NULL, 0, a.diags);
  a.model = check(a.mem, a.expanded, a.diags);
  if (a.model != NULL && !check_memory(a.mem, a.model, a.diags))
    a.model = NULL;
  return a;
}

/* ---- Diagnostics ---- */

static bool in_document(const struct analysis *a, struct span span)
{
  return source_file(a->source, span.begin) == &a->source->files[0];
}

static json_t *diagnostic_json(const struct analysis *a, const struct diag *d,
                               const struct lsp_document *document)
{
  struct text message = {.mem = a->mem};
  json_t *related = json_array();
  struct span span = d->span;
  if (!in_document(a, span)) { /* shown where the other file comes in */
    const struct place place = source_place(a->source, span.begin);
    text_printf(&message, "%s:%d: ", place.file->path, place.line);
    span.begin = span.end = source_root(a->source, span);
  }
  text_printf(&message, "%s", d->message);
  if (d->suggestion != NULL && d->asks)
    text_printf(&message, "; did you mean `%s`?", d->suggestion);
  for (const struct diag *detail = d->details; detail != NULL; detail = detail->next)
    if (detail->kind != DIAG_NOTE)
      text_printf(&message, "\n%s", detail->message);
    else if (in_document(a, detail->span))
      json_array_append_new(
          related, json_pack("{s:{s:s, s:o}, s:s}", "location", "uri", document->uri, "range",
                             range_json(document->text, detail->span.begin, detail->span.end),
                             "message", detail->message));
  /* A quotation that is cut may end within a character. */
  json_t *words = json_string(message.data);
  if (words == NULL)
    words = json_string(diagnostic_of(d->code)->title);
  return json_pack("{s:o, s:i, s:s, s:s, s:o, s:o}", "range",
                   range_json(document->text, span.begin, span.end), "severity",
                   d->kind == DIAG_ERROR ? 1 : 2, "code", diagnostic_of(d->code)->code, "source",
                   "lathe", "message", words, "relatedInformation", related);
}

json_t *lsp_diagnostics(const struct lsp_document *document)
{
  json_t *all = json_array();
  if (document->length > SOURCE_MAX_BYTES) {
    json_array_append_new(all, json_pack("{s:o, s:i, s:s, s:s}", "range",
                                         range_json(document->text, 0, 0), "severity", 1, "source",
                                         "lathe", "message", "a description has at most 1 MiB"));
    return all;
  }
  const struct analysis a = analyse(document);
  for (const struct diag *d = a.diags->first; d != NULL; d = d->next)
    if (!d->repeated && (d->kind == DIAG_ERROR || a.diags->errors == 0))
      json_array_append_new(all, diagnostic_json(&a, d, document));
  mem_free(a.mem);
  return all;
}

/* ---- Hover ---- */

enum { LAYERS_MOST = 8 }; /* shown of a statement that stands for several */

/* The layers of a section, those within others as well, that the statement at `offset` stands for:
 * what each takes and gives. */
static void describe_layers(FILE *out, const struct analysis *a, const struct compilation *c,
                            const struct section *section, size_t offset)
{
  int shown = 0;
  for (int i = 0; i < section->count; i++) {
    const struct layer *layer = &section->layers[i];
    const struct span head = layer->node->head;
    const char *algorithm;
    bool here = in_document(a, head) && (size_t)head.begin <= offset && offset <= (size_t)head.end;
    if (!here || shown++ >= LAYERS_MOST)
      continue;
    double flops = layer_flops(c, layer, &algorithm);
    fprintf(out, "**%s** `%s`: %s → %s, %lld parameters, %.0f FLOP an image\n\n", layer->name,
            layer->text, shape_text(a->mem, layer->rule->holds_layers ? &layer->received : &layer->in),
            shape_text(a->mem, &layer->out), (long long)layer_parameters(c, layer), flops);
  }
  if (shown > LAYERS_MOST)
    fprintf(out, "and %d more\n\n", shown - LAYERS_MOST);
}

static void describe_place(FILE *out, const struct analysis *a, size_t offset)
{
  const struct compilation *c = compile(a->mem, a->model, STAGE_NONE, NULL);
  if (c == NULL)
    return;
  describe_layers(out, a, c, &a->model->encoder, offset);
  describe_layers(out, a, c, &a->model->decoder, offset);
}

static bool is_word(char c)
{
  return isalnum((unsigned char)c) || c == '_' || c == '+';
}

json_t *lsp_hover(const struct lsp_document *document, size_t offset)
{
  size_t begin = offset, end = offset;
  if (document->length > SOURCE_MAX_BYTES)
    return json_null();
  const struct analysis a = analyse(document);
  struct text text = {.mem = a.mem}, help = {.mem = a.mem};
  FILE *out = text_stream(&text), *helping = text_stream(&help);
  if (a.model != NULL)
    describe_place(out, &a, offset);
  while (begin > 0 && is_word(document->text[begin - 1]))
    begin--;
  while (is_word(document->text[end]))
    end++;
  const char *word = mem_string(a.mem, document->text + begin, end - begin);
  bool helped = *word != '\0' && rules_help(helping, word);
  fclose(helping);
  if (helped)
    fprintf(out, "```\n%s```\n", help.data);
  fclose(out);
  json_t *result = json_null();
  if (*text.data != '\0')
    result = json_pack("{s:{s:s, s:s}, s:o}", "contents", "kind", "markdown", "value", text.data,
                       "range", range_json(document->text, (int)begin, (int)end));
  mem_free(a.mem);
  return result;
}
