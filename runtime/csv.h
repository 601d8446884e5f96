/* Text in cells, as spreadsheets and pandas write it (RFC 4180 and what is common besides): cells
 * parted by commas, semicolons or tabs, a row a line; what stands between quotation marks may hold
 * any of these, and marks doubled. Line ends are LF, CRLF or CR. A byte order mark is passed over.
 */
#ifndef LATHE_CSV_H
#define LATHE_CSV_H

#include "reader.h"
#include <stdbool.h>
#include <stdint.h>

enum { LATHE_CELL = 1024, LATHE_CSV_BLOCK = 1 << 16 };

struct lathe_csv {
  struct lathe_reader *reader;
  char separator;       /* ';' or a tab where the first line has one, else ',' */
  int64_t line, column; /* of the next character, from 1 */
  bool ended;           /* the file has no more */
  size_t at, size;      /* in `block` */
  unsigned char block[LATHE_CSV_BLOCK];
};

struct lathe_csv_cell {
  char text[LATHE_CELL]; /* without blanks around it and without its quotation marks */
  int64_t line, column;  /* where it begins */
  bool quoted;
  bool last; /* of its row */
};

/* Whether `size` first bytes of a file, at most 8, can be those of text. */
bool lathe_csv_detect(const unsigned char *bytes, size_t size);

/* Begins to read; false, with a message, when the file cannot be read. */
bool lathe_csv_start(struct lathe_csv *csv, struct lathe_reader *reader, struct lathe_error *err);

/* The next cell; *found is false at the end. Lines of nothing but blanks are passed over. Fails for
 * a cell of LATHE_CELL bytes, quotation marks that are not closed or that something follows,
 * control characters, and a damaged file. */
bool lathe_csv_next(struct lathe_csv *csv, struct lathe_csv_cell *cell, bool *found,
                    struct lathe_error *err);

/* Fails with "FILE:LINE:COLUMN: " and the message. */
bool lathe_csv_fail(const struct lathe_csv *csv, int64_t line, int64_t column,
                    struct lathe_error *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
