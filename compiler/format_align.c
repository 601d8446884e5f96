/* Columns: the second words of a model's statements, and comments behind code. */
#include "format.h"
#include "text.h"
#include <string.h>

enum { GAP = 2 }; /* spaces before a comment */

/* The characters of UTF-8 text. */
static int width_of(const char *text)
{
  int width = 0;
  for (; *text != '\0'; text++)
    width += ((unsigned char)*text & 0xC0) != 0x80;
  return width;
}

/* The line after the last of a run: lines that follow one another and go on as `first` begins. */
static int run_end(const struct line *lines, int count, int first, bool words)
{
  int end = first + 1;
  while (end < count && !lines[end].apart &&
         (words ? lines[end].word > 0 && lines[end].block == lines[first].block
                : *lines[end].code != '\0'))
    end++;
  return end;
}

/* How many spaces follow the first word of each line, beyond the one. */
static void pad_words(const struct line *lines, int count, int *pad)
{
  for (int i = 0, end; i < count; i = end) {
    int most = 0;
    end = run_end(lines, count, i, true);
    for (int k = i; k < end; k++)
      most = lines[k].word > most ? lines[k].word : most;
    for (int k = i; k < end; k++)
      pad[k] = lines[k].word > 0 ? most - lines[k].word : 0;
  }
}

static int code_width(const struct line *line, int pad)
{
  return line->indent + pad + width_of(line->code);
}

/* The column of the comment behind each line of code. */
static void place_comments(const struct line *lines, int count, const int *pad, int *column)
{
  for (int i = 0, end; i < count; i = end) {
    int most = 0;
    end = run_end(lines, count, i, false);
    for (int k = i; k < end; k++)
      if (lines[k].comment != NULL && code_width(&lines[k], pad[k]) > most)
        most = code_width(&lines[k], pad[k]);
    for (int k = i; k < end; k++)
      column[k] = most + GAP;
  }
}

static void add_line(struct text *text, const struct line *line, int pad, int column)
{
  bool alone = *line->code == '\0';
  text_printf(text, "%s%*s%.*s", line->apart ? "\n" : "", line->indent, "", line->word, line->code);
  text_printf(text, "%*s%s", pad, "", line->code + line->word);
  if (line->comment != NULL)
    text_printf(text, "%*s%s", alone ? 0 : column - code_width(line, pad), "", line->comment);
  text_add(text, "\n", 1);
}

const char *format_lines(struct mem *mem, const struct line *lines, int count)
{
  struct text text = {.mem = mem};
  int *pad = mem_alloc(mem, (size_t)count * sizeof *pad);
  int *column = mem_alloc(mem, (size_t)count * sizeof *column);
  pad_words(lines, count, pad);
  place_comments(lines, count, pad, column);
  text_add(&text, "", 0);
  for (int i = 0; i < count; i++)
    add_line(&text, &lines[i], pad[i], column[i]);
  return text.data;
}
