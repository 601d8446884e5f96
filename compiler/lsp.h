/* The language server: `lathe lsp` speaks the Language Server Protocol (3.17) with an editor. */
#ifndef LSP_H
#define LSP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Serves until `exit` or the end of `in`; the exit status: 0 only after `shutdown`. */
int lsp_serve(FILE *in, FILE *out);

/* ---- lsp_message.c: messages as they go over a stream ---- */

enum { LSP_MESSAGE_MOST = 16 << 20 }; /* bytes */

enum lsp_read { LSP_MESSAGE, LSP_END, LSP_BROKEN };

/* Reads one message into *body (NUL-terminated, to be freed by the caller). LSP_BROKEN when what
 * comes has no header that says how long it is, or is cut off or too long. */
enum lsp_read lsp_read(FILE *in, char **body, size_t *length);

/* Writes one and releases it. */
void lsp_write(FILE *out, json_t *message);

/* ---- lsp_answers.c: what is said of a text ---- */

struct lsp_document {
  char *uri, *text;
  size_t length;
  struct lsp_document *next;
};

/* A place in a text: lines from 0, and UTF-16 code units from the line's beginning. */
struct lsp_position {
  size_t line, character;
};

/* Beyond the end of a line or of the text is that end. */
size_t lsp_offset(const char *text, struct lsp_position position);
struct lsp_position lsp_position(const char *text, size_t offset);

json_t *lsp_diagnostics(const struct lsp_document *document);
json_t *lsp_hover(const struct lsp_document *document, size_t offset); /* null: nothing to say */

/* ---- lsp_completion.c ---- */

json_t *lsp_completion(const char *text, size_t offset);

#endif
