#include "csv.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { END = -1 };

static const unsigned char mark[] = {0xef, 0xbb, 0xbf};

bool lathe_csv_detect(const unsigned char *bytes, size_t size)
{
  for (size_t i = 0; i < size; i++)
    if ((bytes[i] < ' ' && !strchr("\t\r\n", bytes[i])) || bytes[i] == 0x7f || bytes[i] > 0xf4 ||
        bytes[i] == 0)
      return false;
  return size > 0 && (bytes[0] & 0xc0) != 0x80; /* no character begins so */
}

bool lathe_csv_fail(const struct lathe_csv *csv, int64_t line, int64_t column,
                    struct lathe_error *err, const char *format, ...)
{
  char text[768];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return lathe_fail(err, "%s:%lld:%lld: %s", lathe_reader_name(csv->reader), (long long)line,
                    (long long)column, text);
}

/* The next character, without taking it; END behind the last. A reading that fails looks like the
 * end, and is found in lathe_csv_next. */
static int peek(struct lathe_csv *csv)
{
  if (csv->at == csv->size && !csv->ended) {
    csv->at = 0;
    csv->size = lathe_reader_some(csv->reader, csv->block, sizeof csv->block);
    csv->ended = csv->size == 0;
  }
  return csv->at < csv->size ? csv->block[csv->at] : END;
}

static int take(struct lathe_csv *csv)
{
  int c = peek(csv);
  csv->at += c != END;
  csv->column += c != END && (c & 0xc0) != 0x80; /* a character of UTF-8 counts once */
  return c;
}

/* Takes a line's end, if there is one here. */
static bool take_line_end(struct lathe_csv *csv)
{
  int c = peek(csv);
  if (c != '\n' && c != '\r')
    return false;
  take(csv);
  if (c == '\r' && peek(csv) == '\n')
    take(csv);
  csv->line++;
  csv->column = 1;
  return true;
}

/* Of the first line that says anything, as far as the first block has it. */
static char find_separator(const struct lathe_csv *csv)
{
  bool quoted = false, tab = false, begun = false;
  for (size_t i = csv->at; i < csv->size; i++) {
    unsigned char c = csv->block[i];
    quoted ^= c == '"';
    if (quoted)
      continue;
    if (c == ';')
      return ';';
    if ((c == '\n' || c == '\r') && begun)
      break;
    tab |= c == '\t' && begun;
    begun |= c > ' ';
  }
  return tab ? '\t' : ',';
}

bool lathe_csv_start(struct lathe_csv *csv, struct lathe_reader *reader, struct lathe_error *err)
{
  csv->reader = reader;
  csv->line = csv->column = 1;
  csv->ended = false;
  csv->separator = ',';
  csv->at = csv->size = 0;
  if (peek(csv) == END)
    return lathe_reader_end(reader, err);
  if (csv->size >= sizeof mark && memcmp(csv->block, mark, sizeof mark) == 0)
    csv->at = sizeof mark;
  csv->separator = find_separator(csv);
  return true;
}

static bool is_blank(const struct lathe_csv *csv, int c)
{
  return c == ' ' || (c == '\t' && csv->separator != '\t');
}

static void skip_blanks(struct lathe_csv *csv)
{
  while (is_blank(csv, peek(csv)))
    take(csv);
}

/* Whether the cell is over here. */
static bool at_end(struct lathe_csv *csv)
{
  int c = peek(csv);
  return c == END || c == csv->separator || c == '\n' || c == '\r';
}

/* Takes one character into the cell. */
static bool add(struct lathe_csv *csv, struct lathe_csv_cell *cell, size_t *length,
                struct lathe_error *err)
{
  int64_t line = csv->line, column = csv->column;
  int c = peek(csv);
  if (*length + 1 == sizeof cell->text)
    return lathe_csv_fail(csv, cell->line, cell->column, err,
                          "this cell has more than %d characters%s", LATHE_CELL - 1,
                          cell->quoted ? ": is a quotation mark missing at its end?"
                                       : ", too many for a number or a label");
  if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
    return lathe_csv_fail(csv, line, column, err,
                          "a control character, byte %d: this is no table; save it as CSV in UTF-8",
                          c);
  cell->text[(*length)++] = (char)c;
  if (!take_line_end(csv))
    take(csv);
  return true;
}

static bool read_quoted(struct lathe_csv *csv, struct lathe_csv_cell *cell, size_t *length,
                        struct lathe_error *err)
{
  cell->quoted = true;
  take(csv);
  while (peek(csv) != END) {
    if (peek(csv) == '"') {
      take(csv);
      if (peek(csv) != '"') {
        skip_blanks(csv);
        return at_end(csv) ||
               lathe_csv_fail(csv, csv->line, csv->column, err,
                              "more text behind a closing quotation mark; write \"\" for a mark "
                              "inside of a cell");
      }
    }
    if (!add(csv, cell, length, err))
      return false;
  }
  return lathe_csv_fail(csv, cell->line, cell->column, err,
                        "this quotation mark is not closed; write \" at the cell's end");
}

static bool read_plain(struct lathe_csv *csv, struct lathe_csv_cell *cell, size_t *length,
                       struct lathe_error *err)
{
  while (!at_end(csv))
    if (!add(csv, cell, length, err))
      return false;
  while (*length > 0 && is_blank(csv, (unsigned char)cell->text[*length - 1]))
    (*length)--;
  return true;
}

bool lathe_csv_next(struct lathe_csv *csv, struct lathe_csv_cell *cell, bool *found,
                    struct lathe_error *err)
{
  size_t length = 0;
  bool begins = csv->column == 1;
  *found = false;
  skip_blanks(csv);
  while (begins && take_line_end(csv))
    skip_blanks(csv);
  if (begins && peek(csv) == END)
    return lathe_reader_end(csv->reader, err);
  cell->line = csv->line;
  cell->column = csv->column;
  cell->quoted = false;
  bool good =
      peek(csv) == '"' ? read_quoted(csv, cell, &length, err) : read_plain(csv, cell, &length, err);
  cell->text[length] = '\0';
  if (!good)
    return false;
  cell->last = peek(csv) != csv->separator;
  if (!cell->last)
    take(csv);
  else if (!take_line_end(csv)) /* the last line has no end of its own */
    csv->column = 1;
  *found = true;
  return peek(csv) != END || lathe_reader_end(csv->reader, err);
}
