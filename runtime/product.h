/* Matrix products c [m, n] = a [m, k] b [k, n] of small matrices whose right side is walked in
 * panels of a few columns: as many results as the machine has registers for stay in them while k is
 * walked through, so that each step is all multiplications and hardly any loads (the inner kernel
 * of Goto & van de Geijn 2008, "Anatomy of high-performance matrix multiplication"; the loops
 * around it, which keep operands in cache, are those of the emitted kernel). Every result is one
 * chain of fused multiply-adds over k from 0 on, so it does not depend on how the work is cut or on
 * how wide the vectors are. */
#ifndef LATHE_PRODUCT_H
#define LATHE_PRODUCT_H

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

/* Where the left operand's next rows lie, and how far from one step over k to the next they are
 * fetched: another kernel wrote them, so they wait in the third-level cache, and no processor
 * foresees a dozen short rows by itself. An address, not a pointer: the last rows' next ones are
 * another array's. */
struct lathe_ahead {
  uintptr_t address;
  ptrdiff_t step;
};

enum { LATHE_TO_READ, LATHE_TO_WRITE, LATHE_NEAREST_CACHE = 3, LATHE_SECOND_CACHE = 2 };

/* One register block: `rows` rows, `vectors` vectors of columns. The counts are constants where
 * this is called. The lines that will hold the results are fetched while they are summed up. */
static inline __attribute__((always_inline)) void
lathe_product_block(int rows, int vectors, int k, const lathe_real *a, ptrdiff_t a_row,
                    ptrdiff_t a_column, const lathe_real *b, ptrdiff_t b_row,
                    struct lathe_ahead ahead, int add, lathe_real *c, ptrdiff_t c_row)
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
    __builtin_prefetch((const void *)ahead.address, LATHE_TO_READ, LATHE_SECOND_CACHE);
    ahead.address += (uintptr_t)ahead.step;
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
 * cache while they meet one panel after the other, and the next rows' share is fetched: an equal
 * part with each panel, or, of a transposed operand, a line for each row of it with the first. What
 * a last panel has beyond column n is made as well, and left in `part`: one copy of the code serves
 * whole panels and others. */
static inline __attribute__((always_inline)) void
lathe_product_rows(int rows, int n, int k, const lathe_real *a, ptrdiff_t a_row, ptrdiff_t a_column,
                   struct lathe_panels b, int add, lathe_real *c, ptrdiff_t c_row)
{
  lathe_real part[LATHE_PRODUCT_ROWS * LATHE_PANEL];
  const ptrdiff_t size = sizeof(lathe_real), panels = (n + LATHE_PANEL - 1) / LATHE_PANEL;
  struct lathe_ahead ahead = {(uintptr_t)(a + rows * a_row),
                              a_column == 1 ? size * rows / panels : size * a_column};
  for (int j = 0; j < n; j += LATHE_PANEL, b.data += b.panel) {
    const int columns = n - j, whole = columns >= LATHE_PANEL;
    if (columns == LATHE_LANES) {
      lathe_product_block(rows, 1, k, a, a_row, a_column, b.data, b.row, ahead, add, c + j, c_row);
      return;
    }
    lathe_product_block(rows, 2, k, a, a_row, a_column, b.data, b.row, ahead, add && whole,
                        whole ? c + j : part, whole ? c_row : LATHE_PANEL);
    ahead.address += a_column == 1 ? (uintptr_t)(ahead.step * k) : 0;
    ahead.step = a_column == 1 ? ahead.step : 0;
    for (int i = 0; i < rows && !whole; i++)
      for (int column = 0; column < columns; column++) {
        lathe_real *const to = &c[i * c_row + j + column];
        *to = add ? *to + part[i * LATHE_PANEL + column] : part[i * LATHE_PANEL + column];
      }
  }
}

/* c [m, n] = a b, or with `add` += a b. Rows of c are c_row apart; they are taken in blocks of
 * about equal height. Not inlined: it is a lot of code, and one copy serves all products of a file.
 */
static LATHE_ONCE void lathe_product(int m, int n, int k, struct lathe_rows a,
                                     struct lathe_panels b, int add, lathe_real *c, ptrdiff_t c_row)
{
  int blocks = (m + LATHE_PRODUCT_ROWS - 1) / LATHE_PRODUCT_ROWS;
  for (int begin = 0; blocks > 0; blocks--) {
    const int rows = (m - begin + blocks - 1) / blocks;
    const lathe_real *const left = a.data + begin * a.row;
    lathe_real *const to = c + begin * c_row;
    switch (rows) {
#define LATHE_ROWS(height)                                                                         \
  case height:                                                                                     \
    lathe_product_rows(height, n, k, left, a.row, a.column, b, add, to, c_row);                    \
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
  }
}

#endif
