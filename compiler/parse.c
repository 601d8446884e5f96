/* One file through the lexer and the parser. */
#include "scan.h"

/* Whether it is text: no NUL byte, valid UTF-8. */
static bool is_text(const struct source *source, const struct source_file *file,
                    struct diags *diags)
{
  for (int i = file->begin; i < file->end;) {
    int length = utf8_length(source->text + i);
    if (length == 0 || source->text[i] == '\0') {
      struct span byte = {.begin = i, .end = i + 1};
      diag_report(diags, CODE_NOT_TEXT, byte,
                  "this is not a text file in UTF-8: byte 0x%02X at offset %d",
                  (unsigned)(unsigned char)source->text[i], i - file->begin);
      return false;
    }
    i += length;
  }
  return true;
}

struct ast_model *parse(struct mem *mem, const struct source *source,
                        const struct source_file *file, struct diags *diags)
{
  struct ast_model *model = mem_alloc(mem, sizeof *model);
  struct scan scan;
  model->source = source;
  model->incomplete = true;
  if (!is_text(source, file, diags))
    return model;
  scan_begin(&scan, mem, source, file, diags);
  model->incomplete = lathe_yyparse(&scan, model) != 0 || scan.incomplete;
  lexer_close(&scan);
  if (model->items == NULL && diags->errors == 0 && file->included == NULL)
    diag_report(diags, CODE_EMPTY, (struct span){0},
                "the description is empty: expected `model NAME {`");
  return model;
}
