/* Products c [m, n] = a [m, k] b^T of two operands whose rows both lie along k: every result is a
 * scalar product of two rows. Nothing is packed, and b is read once for every few rows of a: the
 * form for few rows (one image), and for long ones. Each lane sums every LATHE_LANES-th term, and
 * the lanes are added in one fixed order at the end; the result depends on how wide vectors are,
 * but not on m, n or how the work is cut. */
#ifndef LATHE_DOTS_H
#define LATHE_DOTS_H

#include "vector.h"
#include <stddef.h>

/* Rows of a block of c, and its columns: rows x columns sums stay in registers. */
#if LATHE_PRODUCT_ROWS > 6
enum { LATHE_DOTS_ROWS = 4, LATHE_DOTS_COLUMNS = 6 };
#else
enum { LATHE_DOTS_ROWS = 2, LATHE_DOTS_COLUMNS = 4 };
#endif

static inline lathe_real lathe_sum_lanes(lathe_vector v)
{
  lathe_real lane[LATHE_LANES];
  lathe_store(lane, v);
  for (int width = LATHE_LANES / 2; width > 0; width /= 2)
    LATHE_UNROLL
  for (int i = 0; i < width; i++)
    lane[i] += lane[i + width];
  return lane[0];
}

/* The first `count` values, then zeros. */
static inline lathe_vector lathe_load_part(const lathe_real *from, int count)
{
  lathe_real lane[LATHE_LANES] = {0};
  memcpy(lane, from, (size_t)count * sizeof *lane);
  return lathe_load(lane);
}

static inline __attribute__((always_inline)) void
lathe_dots_block(int rows, int columns, int k, const lathe_real *a, ptrdiff_t a_row,
                 const lathe_real *b, ptrdiff_t b_row, lathe_real *c, ptrdiff_t c_row)
{
  lathe_vector sum[LATHE_DOTS_ROWS][LATHE_DOTS_COLUMNS];
  LATHE_UNROLL
  for (int i = 0; i < rows; i++)
    LATHE_UNROLL
  for (int j = 0; j < columns; j++)
    sum[i][j] = (lathe_vector){0};
  int at = 0;
  for (; at + LATHE_LANES <= k; at += LATHE_LANES) {
    lathe_vector left[LATHE_DOTS_ROWS];
    LATHE_UNROLL
    for (int i = 0; i < rows; i++)
      left[i] = lathe_load(a + i * a_row + at);
    LATHE_UNROLL
    for (int j = 0; j < columns; j++) {
      const lathe_vector right = lathe_load(b + j * b_row + at);
      LATHE_UNROLL
      for (int i = 0; i < rows; i++)
        sum[i][j] += left[i] * right;
    }
  }
  if (at < k) {
    for (int j = 0; j < columns; j++) {
      const lathe_vector right = lathe_load_part(b + j * b_row + at, k - at);
      for (int i = 0; i < rows; i++)
        sum[i][j] += lathe_load_part(a + i * a_row + at, k - at) * right;
    }
  }
  LATHE_UNROLL
  for (int i = 0; i < rows; i++)
    LATHE_UNROLL
  for (int j = 0; j < columns; j++)
    c[i * c_row + j] = lathe_sum_lanes(sum[i][j]);
}

/* A few columns of c, for all m rows. */
static inline __attribute__((always_inline)) void
lathe_dots_columns(int columns, int m, int k, const lathe_real *a, ptrdiff_t a_row,
                   const lathe_real *b, ptrdiff_t b_row, lathe_real *c, ptrdiff_t c_row)
{
  int i = 0;
  for (; i + LATHE_DOTS_ROWS <= m; i += LATHE_DOTS_ROWS)
    lathe_dots_block(LATHE_DOTS_ROWS, columns, k, a + i * a_row, a_row, b, b_row, c + i * c_row,
                     c_row);
  for (; i < m; i++)
    lathe_dots_block(1, columns, k, a + i * a_row, a_row, b, b_row, c + i * c_row, c_row);
}

/* c [m, n] = a b^T; rows of a, b and c are a_row, b_row and c_row apart. */
static LATHE_ONCE void lathe_dots(int m, int n, int k, const lathe_real *a, ptrdiff_t a_row,
                                  const lathe_real *b, ptrdiff_t b_row, lathe_real *c,
                                  ptrdiff_t c_row)
{
  int j = 0;
  for (; j + LATHE_DOTS_COLUMNS <= n; j += LATHE_DOTS_COLUMNS)
    lathe_dots_columns(LATHE_DOTS_COLUMNS, m, k, a, a_row, b + j * b_row, b_row, c + j, c_row);
  for (; j < n; j++)
    lathe_dots_columns(1, m, k, a, a_row, b + j * b_row, b_row, c + j, c_row);
}

#endif
