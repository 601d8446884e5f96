/* The description as one file: the text as it was written, comments and all, but with the included
 * files in place of the statements that include them, and the command line's values in place of
 * those that they replace. */
#include "expand_parts.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

void flatten_edit(struct expander *x, struct span at, const struct source_file *file,
                  const char *text)
{
  x->edits = mem_grow(x->mem, x->edits, &x->edit_capacity, x->edit_count + 1, sizeof *x->edits);
  x->edits[x->edit_count++] = (struct edit){at, file, text};
}

static int by_begin(const void *a, const void *b)
{
  const struct edit *x = a, *y = b;
  return (x->at.begin > y->at.begin) - (x->at.begin < y->at.begin);
}

static void add_file(const struct expander *x, const struct source_file *file, struct text *text);

static void add_edit(const struct expander *x, const struct edit *edit, struct text *text)
{
  if (edit->file == NULL) {
    text_printf(text, "%s", edit->text);
    return;
  }
  text_printf(text, "# from %s\n", edit->file->name);
  add_file(x, edit->file, text);
  if (text->data[text->length - 1] != '\n')
    text_printf(text, "\n"); /* its last line may be a comment */
  text_printf(text, "# end of %s\n", edit->file->name);
}

static void add_file(const struct expander *x, const struct source_file *file, struct text *text)
{
  const char *all = x->source->text;
  bool mark = text->length > 0 && strncmp(all + file->begin, "\xEF\xBB\xBF", 3) == 0;
  int at = file->begin + (mark ? 3 : 0); /* a byte order mark is one at the beginning alone */
  for (int i = 0; i < x->edit_count; i++) {
    const struct edit *edit = &x->edits[i];
    if (edit->at.begin < at || edit->at.begin >= file->end)
      continue;
    text_add(text, all + at, (size_t)(edit->at.begin - at));
    add_edit(x, edit, text);
    at = edit->at.end;
    if (edit->file != NULL && all[at] == '\n')
      at++; /* the file has ended its line */
  }
  text_add(text, all + at, (size_t)(file->end - at));
}

const char *flatten(struct expander *x)
{
  struct text text = {.mem = x->mem};
  if (x->edit_count > 0)
    qsort(x->edits, (size_t)x->edit_count, sizeof *x->edits, by_begin);
  text_add(&text, "", 0);
  add_file(x, &x->source->files[0], &text);
  return text.data;
}
