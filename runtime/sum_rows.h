/* Products c [m, n] = a [m, k] b [k, n] for few rows of a: each row of c is the sum of b's rows,
 * times the numbers in a's row. Rows that meet a 0 are left out, unread: most pixels of a drawn
 * digit are 0, and half of what a ReLU leaves. b is read where it lies, in rows from end to end.
 * Every result is one chain of multiply-adds over k from 0 on, the same that lathe_product forms.
 */
#ifndef LATHE_SUM_ROWS_H
#define LATHE_SUM_ROWS_H

#include "product.h"

/* Rows of b that are added at a time, so that c is read and written less often; numbers of a that
 * are looked at before; and rows of a from which on blocks in registers are faster. */
enum { LATHE_SUM_AT_ONCE = 8, LATHE_SUM_LOOK = 64, LATHE_SUM_MANY = 4 };

struct lathe_sum_terms {
  int count;
  int row[LATHE_SUM_LOOK + LATHE_SUM_AT_ONCE];
  lathe_real factor[LATHE_SUM_LOOK + LATHE_SUM_AT_ONCE];
};

/* c += LATHE_SUM_AT_ONCE terms from `first` on. */
static inline void lathe_sum_some(int n, const struct lathe_sum_terms *terms, int first,
                                  const lathe_real *b, ptrdiff_t b_row, lathe_real *restrict c)
{
  const lathe_real *const factor = terms->factor + first;
  const lathe_real *row[LATHE_SUM_AT_ONCE];
  for (int i = 0; i < LATHE_SUM_AT_ONCE; i++)
    row[i] = b + terms->row[first + i] * b_row;
  int j = 0;
  for (; j + LATHE_LANES <= n; j += LATHE_LANES) {
    lathe_vector sum = lathe_load(c + j);
    LATHE_UNROLL
    for (int i = 0; i < LATHE_SUM_AT_ONCE; i++)
      sum += factor[i] * lathe_load(row[i] + j);
    lathe_store(c + j, sum);
  }
  for (; j < n; j++) {
    lathe_real sum = c[j];
    for (int i = 0; i < LATHE_SUM_AT_ONCE; i++)
      sum += factor[i] * row[i][j];
    c[j] = sum;
  }
}

/* One row of c. */
static inline void lathe_sum_row(int n, int k, const lathe_real *a, const lathe_real *b,
                                 ptrdiff_t b_row, lathe_real *restrict c)
{
  struct lathe_sum_terms terms = {.count = 0};
  for (int j = 0; j < n; j++)
    c[j] = 0;
  for (int at = 0; at < k;) {
    const int end = k - at < LATHE_SUM_LOOK ? k : at + LATHE_SUM_LOOK;
    for (; at < end; at++) { /* without branches: whether a pixel is 0 is not to be guessed */
      terms.row[terms.count] = at;
      terms.factor[terms.count] = a[at];
      terms.count += a[at] != 0;
    }
    int done = 0;
    for (; done + LATHE_SUM_AT_ONCE <= terms.count; done += LATHE_SUM_AT_ONCE)
      lathe_sum_some(n, &terms, done, b, b_row, c);
    terms.count -= done;
    for (int i = 0; i < terms.count; i++) {
      terms.row[i] = terms.row[done + i];
      terms.factor[i] = terms.factor[done + i];
    }
  }
  if (terms.count > 0) {
    for (int i = terms.count; i < LATHE_SUM_AT_ONCE; i++) {
      terms.row[i] = terms.row[0];
      terms.factor[i] = 0;
    }
    lathe_sum_some(n, &terms, 0, b, b_row, c);
  }
}

/* c [m, n] = a b; rows of a, b and c are a_row, b_row and c_row apart. */
static LATHE_ONCE void lathe_sum_rows(int m, int n, int k, const lathe_real *a, ptrdiff_t a_row,
                                      const lathe_real *b, ptrdiff_t b_row, lathe_real *c,
                                      ptrdiff_t c_row)
{
  if (m >= LATHE_SUM_MANY && n % LATHE_LANES == 0) {
    lathe_product(m, n, k, (struct lathe_rows){a, a_row, 1},
                  (struct lathe_panels){b, LATHE_PANEL, b_row}, 0, c, c_row);
    return;
  }
  for (int i = 0; i < m; i++)
    lathe_sum_row(n, k, a + i * a_row, b, b_row, c + i * c_row);
}

#endif
