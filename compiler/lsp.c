#include "lsp.h"
#include "../runtime/version.h"
#include <stdlib.h>
#include <string.h>

/* JSON-RPC's and the protocol's own. */
enum {
  PARSE_ERROR = -32700,
  INVALID_REQUEST = -32600,
  METHOD_NOT_FOUND = -32601,
  INVALID_PARAMS = -32602,
  NOT_INITIALIZED = -32002,
};

struct server {
  FILE *out;
  struct lsp_document *documents;
  bool initialized, shut_down, ended;
};

/* ---- Documents ---- */

static struct lsp_document *find_document(const struct server *s, const char *uri)
{
  struct lsp_document *d = s->documents;
  while (d != NULL && (uri == NULL || strcmp(d->uri, uri) != 0))
    d = d->next;
  return d;
}

static void publish(const struct server *s, const char *uri, json_t *diagnostics)
{
  lsp_write(s->out, json_pack("{s:s, s:s, s:{s:s, s:o}}", "jsonrpc", "2.0", "method",
                              "textDocument/publishDiagnostics", "params", "uri", uri,
                              "diagnostics", diagnostics));
}

/* Takes a text on as a document's, and says what is wrong with it. */
static void set_text(struct server *s, const char *uri, const json_t *text)
{
  if (uri == NULL || !json_is_string(text))
    return;
  struct lsp_document *d = find_document(s, uri);
  if (d == NULL) {
    d = calloc(1, sizeof *d);
    if (d == NULL || (d->uri = strdup(uri)) == NULL) {
      free(d);
      return;
    }
    d->next = s->documents;
    s->documents = d;
  }
  char *copy = strdup(json_string_value(text));
  if (copy == NULL)
    return;
  free(d->text);
  d->text = copy;
  d->length = strlen(copy);
  publish(s, uri, lsp_diagnostics(d));
}

static void close_document(struct server *s, const char *uri)
{
  for (struct lsp_document **at = &s->documents; *at != NULL; at = &(*at)->next) {
    struct lsp_document *d = *at;
    if (uri != NULL && strcmp(d->uri, uri) != 0)
      continue;
    *at = d->next;
    free(d->uri);
    free(d->text);
    free(d);
    return;
  }
}

/* ---- Messages ---- */

static void answer(const struct server *s, json_t *id, json_t *result)
{
  lsp_write(s->out, json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id, "result", result));
}

static void refuse(const struct server *s, json_t *id, int code, const char *why)
{
  json_t *error = json_pack("{s:i, s:s}", "code", code, "message", why);
  json_t *to = id != NULL ? json_incref(id) : json_null();
  lsp_write(s->out, json_pack("{s:s, s:o, s:o}", "jsonrpc", "2.0", "id", to, "error", error));
}

static const char *uri_of(const json_t *params)
{
  return json_string_value(json_object_get(json_object_get(params, "textDocument"), "uri"));
}

typedef void handler(struct server *s, json_t *id, const json_t *params);

static void initialize(struct server *s, json_t *id, const json_t *params)
{
  (void)params;
  if (s->initialized) {
    refuse(s, id, INVALID_REQUEST, "initialize comes once");
    return;
  }
  s->initialized = true;
  answer(s, id,
         json_pack("{s:{s:s, s:{s:b, s:i}, s:b, s:{s:[s, s]}}, s:{s:s, s:s}}", "capabilities",
                   "positionEncoding", "utf-16", "textDocumentSync", "openClose", 1, "change", 1,
                   "hoverProvider", 1, "completionProvider", "triggerCharacters", " ", ",",
                   "serverInfo", "name", "lathe", "version", LATHE_VERSION));
}

static void shut_down(struct server *s, json_t *id, const json_t *params)
{
  (void)params;
  s->shut_down = true;
  answer(s, id, json_null());
}

static void did_open(struct server *s, json_t *id, const json_t *params)
{
  (void)id;
  set_text(s, uri_of(params), json_object_get(json_object_get(params, "textDocument"), "text"));
}

/* Changes come as whole texts, of which the last holds. */
static void did_change(struct server *s, json_t *id, const json_t *params)
{
  (void)id;
  const json_t *changes = json_object_get(params, "contentChanges");
  size_t count = json_array_size(changes);
  if (count > 0 && find_document(s, uri_of(params)) != NULL)
    set_text(s, uri_of(params), json_object_get(json_array_get(changes, count - 1), "text"));
}

static void did_close(struct server *s, json_t *id, const json_t *params)
{
  (void)id;
  const char *uri = uri_of(params);
  if (find_document(s, uri) == NULL)
    return;
  close_document(s, uri);
  publish(s, uri, json_array());
}

/* The document and the byte that a request is about; NULL when there is none. */
static const struct lsp_document *find_place(const struct server *s, const json_t *params,
                                             size_t *offset)
{
  const struct lsp_document *d = find_document(s, uri_of(params));
  const json_t *position = json_object_get(params, "position");
  json_int_t line = json_integer_value(json_object_get(position, "line"));
  json_int_t character = json_integer_value(json_object_get(position, "character"));
  if (d == NULL || !json_is_object(position) || line < 0 || character < 0)
    return NULL;
  *offset = lsp_offset(d->text, (struct lsp_position){(size_t)line, (size_t)character});
  return d;
}

static void hover(struct server *s, json_t *id, const json_t *params)
{
  size_t offset;
  const struct lsp_document *d = find_place(s, params, &offset);
  if (d == NULL)
    refuse(s, id, INVALID_PARAMS, "no open document, or no position in it");
  else
    answer(s, id, lsp_hover(d, offset));
}

static void completion(struct server *s, json_t *id, const json_t *params)
{
  size_t offset;
  const struct lsp_document *d = find_place(s, params, &offset);
  if (d == NULL)
    refuse(s, id, INVALID_PARAMS, "no open document, or no position in it");
  else
    answer(s, id, lsp_completion(d->text, offset));
}

static void leave(struct server *s, json_t *id, const json_t *params)
{
  (void)id;
  (void)params;
  s->ended = true;
}

static const struct {
  const char *method;
  bool request; /* has an id, and wants an answer */
  handler *handle;
} methods[] = {
    {"initialize", true, initialize},
    {"shutdown", true, shut_down},
    {"exit", false, leave},
    {"textDocument/didOpen", false, did_open},
    {"textDocument/didChange", false, did_change},
    {"textDocument/didClose", false, did_close},
    {"textDocument/hover", true, hover},
    {"textDocument/completion", true, completion},
};

static void dispatch(struct server *s, json_t *message)
{
  json_t *id = json_object_get(message, "id");
  const char *method = json_string_value(json_object_get(message, "method"));
  const json_t *params = json_object_get(message, "params");
  if (method == NULL) {
    if (!json_is_object(message) ||
        (json_object_get(message, "result") == NULL && json_object_get(message, "error") == NULL))
      refuse(s, id, INVALID_REQUEST, "a message has a method");
    return; /* an answer, to what was never asked */
  }
  bool leaving = strcmp(method, "exit") == 0;
  if (!s->initialized && !leaving && strcmp(method, "initialize") != 0) {
    if (id != NULL)
      refuse(s, id, NOT_INITIALIZED, "initialize comes first");
    return;
  }
  if (s->shut_down && !leaving) {
    if (id != NULL)
      refuse(s, id, INVALID_REQUEST, "nothing comes after shutdown but exit");
    return;
  }
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (strcmp(methods[i].method, method) == 0) {
      if (methods[i].request == (id != NULL))
        methods[i].handle(s, id, params);
      else if (id != NULL)
        refuse(s, id, INVALID_REQUEST, "this is a notification");
      return;
    }
  if (id != NULL)
    refuse(s, id, METHOD_NOT_FOUND, "no such method");
}

int lsp_serve(FILE *in, FILE *out)
{
  struct server s = {.out = out};
  char *body;
  size_t length;
  enum lsp_read got = LSP_END;
  while (!s.ended && (got = lsp_read(in, &body, &length)) == LSP_MESSAGE) {
    json_t *message = json_loadb(body, length, 0, NULL);
    free(body);
    if (message == NULL)
      refuse(&s, NULL, PARSE_ERROR, "not JSON");
    else
      dispatch(&s, message);
    json_decref(message);
  }
  if (got == LSP_BROKEN)
    refuse(&s, NULL, PARSE_ERROR, "a message without a length, cut off, or too long");
  while (s.documents != NULL)
    close_document(&s, NULL);
  return s.shut_down && s.ended ? 0 : 1;
}
