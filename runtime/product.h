/* Matrix products c [m, n] = a [m, k] b [k, n] of small matrices whose right side is walked in
 * panels of a few columns: as many results as the machine has registers for stay in them while k is
 * walked through, so that each step is all multiplications and hardly any loads (the inner kernel
 * of Goto & van de Geijn 2008, "Anatomy of high-performance matrix multiplication"; the loops
 * around it, which keep operands in cache, are those of the emitted kernel). Every result is one
 * chain of fused multiply-adds over k from 0 on, so it does not depend on how the work is cut or on
 * how wide the vectors are. */
#ifndef LATHE_PRODUCT_H
#define LATHE_PRODUCT_H

#include "packed.h"
#include "vector.h"
#include <stddef.h>
#include <stdint.h>

enum { LATHE_PANEL = 2 * LATHE_LANES }; /* columns */

/* The right operand: column j of row k is at data[j / LATHE_PANEL * panel + k * row +
 * j % LATHE_PANEL]. Rows can be read up to the next multiple of LATHE_PANEL columns. */
struct lathe_panels {
  const lathe_real *data;
  ptrdiff_t panel, row;
};

/* The left operand: element (i, k) is at data[i * row + k * column]. */
struct lathe_rows {
  const lathe_real *data;
  ptrdiff_t row, column;
};

enum {
  LATHE_TO_READ = 0, /* as __builtin_prefetch counts */
  LATHE_TO_WRITE = 1,
  LATHE_SECOND_CACHE = 2,
  LATHE_NEAREST_CACHE = 3,
  LATHE_STEPS_AHEAD = 32, /* of a transposed operand: some 800 cycles */
};

/* What the caller works on when the product is made: stretches of `bytes` each, NULL for none. */
struct lathe_next {
  const lathe_real *of[LATHE_NEXT];
  size_t bytes;
};

/* What is fetched into the second-level cache while a block is made, a line with each step over k,
 * so far apart: the left operand's next `rows`, since another kernel wrote them, so that they wait
 * in the third-level cache, and no processor foresees a dozen short rows by itself; and what the
 * caller asked for, from `begun` bytes on. An address, not a pointer: the last rows' next ones are
 * another array's. */
struct lathe_ahead {
  uintptr_t rows;
  ptrdiff_t step;
  size_t begun, next_step;
};

/* One register block: `rows` rows, `vectors` vectors of columns. The counts are constants where
 * this is called. The lines that will hold the results are fetched while they are summed up. */
static inline __attribute__((always_inline)) void
lathe_product_block(int rows, int vectors, int k, const lathe_real *a, ptrdiff_t a_row,
                    ptrdiff_t a_column, const lathe_real *b, ptrdiff_t b_row,
                    struct lathe_ahead ahead, const struct lathe_next *next, int add, lathe_real *c,
                    ptrdiff_t c_row)
{
  LATHE_UNROLL
  for (int i = 0; i < rows; i++)
    LATHE_UNROLL
  for (int v = 0; v < vectors; v++)
    __builtin_prefetch(c + i * c_row + v * LATHE_LANES, LATHE_TO_WRITE, LATHE_NEAREST_CACHE);
  lathe_vector sum[LATHE_PRODUCT_ROWS][2];
  LATHE_UNROLL
  for (int i = 0; i < rows; i++)
    LATHE_UNROLL
  for (int v = 0; v < vectors; v++)
    sum[i][v] = (lathe_vector){0};
  for (int step = 0; step < k; step++) {
    __builtin_prefetch((const void *)ahead.rows, LATHE_TO_READ, LATHE_SECOND_CACHE);
    ahead.rows += (uintptr_t)ahead.step;
    if (next != NULL) {
      LATHE_UNROLL
      for (int i = 0; i < LATHE_NEXT; i++)
        __builtin_prefetch((const char *)next->of[i] + ahead.begun, LATHE_TO_READ,
                           LATHE_SECOND_CACHE);
      ahead.begun += ahead.next_step;
    }
    lathe_vector right[2];
    LATHE_UNROLL
    for (int v = 0; v < vectors; v++)
      right[v] = lathe_load(b + v * LATHE_LANES);
    LATHE_UNROLL
    for (int i = 0; i < rows; i++) {
      const lathe_real left = a[i * a_row];
      LATHE_UNROLL
      for (int v = 0; v < vectors; v++)
        sum[i][v] += left * right[v];
    }
    a += a_column;
    b += b_row;
  }
  LATHE_UNROLL
  for (int i = 0; i < rows; i++) {
    lathe_real *const to = c + i * c_row;
    LATHE_UNROLL
    for (int v = 0; v < vectors; v++) {
      if (add)
        sum[i][v] += lathe_load(to + v * LATHE_LANES);
      lathe_store(to + v * LATHE_LANES, sum[i][v]);
    }
  }
}

/* A few rows of the product, `rows` of them: their share of the left operand stays in the nearest
 * cache while they meet one panel after the other, and an equal part of the next rows' share is
 * fetched with each. (A transposed operand's next rows lie in the same lines, or the next ones: of
 * it, what the steps to come will read is fetched, each from a line of its own.) What a last panel
 * has beyond column n is made as well, and left in `part`: one copy of the code serves whole panels
 * and others. */
static inline __attribute__((always_inline)) void
lathe_product_rows(int rows, int n, int k, const lathe_real *a, ptrdiff_t a_row, ptrdiff_t a_column,
                   struct lathe_panels b, int add, lathe_real *c, ptrdiff_t c_row,
                   struct lathe_next next)
{
  lathe_real part[LATHE_PRODUCT_ROWS * LATHE_PANEL];
  const int panels = (n + LATHE_PANEL - 1) / LATHE_PANEL;
  struct lathe_ahead ahead = {.rows = (uintptr_t)a};
  if (next.bytes > 0 && k > 0)
    ahead.next_step = next.bytes / ((size_t)panels * (size_t)k);
  const int in_rows = a_column == 1;
  if (in_rows) {
    ahead.rows = (uintptr_t)(a + rows * a_row);
    ahead.step = (ptrdiff_t)sizeof *a * rows / panels;
  } else if (next.bytes == 0) {
    ahead.rows = (uintptr_t)(a + LATHE_STEPS_AHEAD * a_column);
    ahead.step = (ptrdiff_t)sizeof *a * a_column;
  }
  for (int j = 0; j < n; j += LATHE_PANEL, b.data += b.panel) {
    const int columns = n - j, whole = columns >= LATHE_PANEL;
    if (columns == LATHE_LANES) {
      lathe_product_block(rows, 1, k, a, a_row, a_column, b.data, b.row, ahead, NULL, add, c + j,
                          c_row);
      return;
    }
    lathe_real *const to = whole ? c + j : part;
    const ptrdiff_t to_row = whole ? c_row : LATHE_PANEL;
    const int added = add && whole;
    /* Apart, for the sake of the registers: what nobody asked for takes none. */
    if (rows == LATHE_PRODUCT_ROWS && next.bytes > 0)
      lathe_product_block(rows, 2, k, a, a_row, a_column, b.data, b.row, ahead, &next, added, to,
                          to_row);
    else
      lathe_product_block(rows, 2, k, a, a_row, a_column, b.data, b.row, ahead, NULL, added, to,
                          to_row);
    ahead.rows += in_rows ? (uintptr_t)(ahead.step * k) : 0;
    ahead.begun += ahead.next_step * (size_t)k;
    for (int i = 0; i < rows && !whole; i++)
      for (int column = 0; column < columns; column++) {
        lathe_real *const result = &c[i * c_row + j + column];
        *result = (add ? *result : 0) + part[i * LATHE_PANEL + column];
      }
  }
}

/* c [m, n] = a b, or with `add` += a b. Rows of c are c_row apart; they are taken in blocks of
 * about equal height. `next` is fetched with the first of them. Not inlined: it is a lot of code,
 * and one copy serves all products of a file. */
static LATHE_ONCE void lathe_product_before(int m, int n, int k, struct lathe_rows a,
                                            struct lathe_panels b, int add, lathe_real *c,
                                            ptrdiff_t c_row, struct lathe_next next)
{
  int blocks = (m + LATHE_PRODUCT_ROWS - 1) / LATHE_PRODUCT_ROWS;
  for (int begin = 0; blocks > 0; blocks--) {
    const int rows = (m - begin + blocks - 1) / blocks;
    const lathe_real *const left = a.data + begin * a.row;
    lathe_real *const to = c + begin * c_row;
    switch (rows) {
#define LATHE_ROWS(height)                                                                         \
  case height:                                                                                     \
    lathe_product_rows(height, n, k, left, a.row, a.column, b, add, to, c_row, next);              \
    break;
      LATHE_ROWS(1)
      LATHE_ROWS(2)
      LATHE_ROWS(3)
      LATHE_ROWS(4)
      LATHE_ROWS(5)
      LATHE_ROWS(6)
#if LATHE_PRODUCT_ROWS > 6
      LATHE_ROWS(7)
      LATHE_ROWS(8)
      LATHE_ROWS(9)
      LATHE_ROWS(10)
      LATHE_ROWS(11)
      LATHE_ROWS(12)
      LATHE_ROWS(13)
      LATHE_ROWS(14)
#endif
#undef LATHE_ROWS
    default:
      break;
    }
    begin += rows;
    next = (struct lathe_next){0};
  }
}

/* The same, and nothing is known of what comes next. */
static inline void lathe_product(int m, int n, int k, struct lathe_rows a, struct lathe_panels b,
                                 int add, lathe_real *c, ptrdiff_t c_row)
{
  lathe_product_before(m, n, k, a, b, add, c, c_row, (struct lathe_next){0});
}

#endif
