#include "lsp.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADER_MOST = 1024 };

/* One line of the header without its end; false at the end of the stream or when it is too long. */
static bool read_line(FILE *in, char line[HEADER_MOST], bool *any)
{
  size_t length = 0;
  for (int c; (c = getc(in)) != EOF;) {
    *any = true;
    if (c == '\n') {
      line[length - (length > 0 && line[length - 1] == '\r')] = '\0';
      return true;
    }
    if (length + 1 == HEADER_MOST)
      return false;
    line[length++] = (char)c;
  }
  return false;
}

/* The length that a header says; -1 when it says none, or one that is not taken. */
static long read_header(FILE *in, bool *any)
{
  static const char name[] = "Content-Length:";
  char line[HEADER_MOST];
  long length = -1;
  while (read_line(in, line, any)) {
    if (line[0] == '\0')
      return length <= LSP_MESSAGE_MOST ? length : -1;
    if (strncasecmp(line, name, sizeof name - 1) == 0) {
      char *end;
      length = strtol(line + sizeof name - 1, &end, 10);
      if (*end != '\0' || length < 0)
        return -1;
    }
  }
  return -1;
}

enum lsp_read lsp_read(FILE *in, char **body, size_t *length)
{
  bool any = false;
  long announced = read_header(in, &any);
  *body = NULL;
  if (announced < 0)
    return any ? LSP_BROKEN : LSP_END;
  *length = (size_t)announced;
  *body = malloc(*length + 1);
  if (*body != NULL && fread(*body, 1, *length, in) == *length) {
    (*body)[*length] = '\0';
    return LSP_MESSAGE;
  }
  free(*body);
  *body = NULL;
  return LSP_BROKEN;
}

void lsp_write(FILE *out, json_t *message)
{
  char *text = json_dumps(message, JSON_COMPACT);
  if (text != NULL)
    fprintf(out, "Content-Length: %zu\r\n\r\n%s", strlen(text), text);
  fflush(out);
  free(text);
  json_decref(message);
}
