/* Diagnostics for programs: one JSON object a line. */
#include "diag.h"
#include <jansson.h>

static const char *const severities[] = {
    [DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};

/* JSON is UTF-8, which what is quoted from a file that is none may not be. */
static json_t *text_json(const char *text)
{
  json_t *json = json_string(text);
  return json != NULL ? json : json_string("(not UTF-8)");
}

static json_t *place_json(const struct source *source, struct span span, const char *message)
{
  struct place begin = source_place(source, span.begin), end = source_place(source, span.end);
  return json_pack("{s:o, s:i, s:i, s:i, s:i, s:o}", "file", text_json(begin.file->path), "line",
                   begin.line, "col", begin.column, "end_line", end.line, "end", end.column,
                   "message", text_json(message));
}

/* Its notes and, behind them, how the text came to hold where it does. */
static json_t *notes_json(const struct diags *diags, const struct diag *diag)
{
  json_t *notes = json_array();
  const struct source *source = diags->source;
  struct span span = diag->span;
  for (const struct diag *d = diag->details; d != NULL; d = d->next)
    if (d->kind == DIAG_NOTE)
      json_array_append_new(notes, place_json(source, d->span, d->message));
  for (; span.in != NULL; span = span.in->call) {
    const char *message = mem_printf(diags->mem, "in expansion of %s here", span.in->what);
    json_array_append_new(notes, place_json(source, span.in->call, message));
  }
  const struct source_file *file = source_file(source, span.begin);
  for (; file->included != NULL; file = source_file(source, file->included->begin))
    json_array_append_new(notes, place_json(source, *file->included, "included here"));
  return notes;
}

void diag_print_json(FILE *out, const struct diags *diags, const struct diag *diag)
{
  json_t *json = place_json(diags->source, diag->span, diag->message), *help = json_array();
  json_object_set_new(json, "code", json_string(diagnostic_of(diag->code)->code));
  json_object_set_new(json, "severity", json_string(severities[diag->kind]));
  for (const struct diag *d = diag->details; d != NULL; d = d->next)
    if (d->kind != DIAG_NOTE)
      json_array_append_new(help, text_json(d->message));
  json_object_set_new(json, "help", help);
  json_object_set_new(json, "notes", notes_json(diags, diag));
  json_object_set_new(json, "suggestion",
                      diag->suggestion != NULL ? text_json(diag->suggestion) : json_null());
  json_dumpf(json, out, JSON_COMPACT);
  json_decref(json);
  fputc('\n', out);
}
