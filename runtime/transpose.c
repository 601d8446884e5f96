#include "transpose.h"
#include <stdlib.h>
#include <string.h>

/* A matrix [m, n] in rows becomes its transpose, [n, m] in rows, in the same place. Element (i, j)
 * is to go to place j m + i, which seen as a place of an [m, n] matrix is in column (j m + i) mod
 * n. So the elements of each row are sent to their columns, and then those of each column to their
 * rows; only that with c = gcd(m, n) > 1 several elements of a row would go to one column, j and
 * j + n/c. Rotating column j up by j / (n/c) first makes the columns that each row sends to
 * different ones. */
struct matrix {
  unsigned char *values, *spare;
  int64_t m, n;
  int64_t a, b; /* m / c, n / c */
  size_t size;
};

/* Columns are moved so many bytes of each row at a time, a line of cache. */
enum { LINE = 64 };

static inline void copy_one(unsigned char *to, const unsigned char *from, size_t size)
{
  switch (size) { /* each of them one load and one store */
  case 1:
    *to = *from;
    break;
  case 2:
    memcpy(to, from, 2);
    break;
  case 4:
    memcpy(to, from, 4);
    break;
  default:
    memcpy(to, from, 8);
  }
}

static int64_t columns_at_once(const struct matrix *x)
{
  const int64_t most = LINE / (int64_t)x->size;
  return x->n < most ? x->n : most;
}

/* Copies columns first .. first + count - 1 to `spare`, [m, count]. */
static void set_aside(const struct matrix *x, int64_t first, int64_t count)
{
  const size_t bytes = (size_t)count * x->size;
  for (int64_t i = 0; i < x->m; i++)
    memcpy(x->spare + (size_t)i * bytes, x->values + (size_t)(i * x->n + first) * x->size, bytes);
}

/* Element (i, first + w) becomes what was in row `row` of that column. */
static inline void take(const struct matrix *x, int64_t i, int64_t first, int64_t w, int64_t count,
                        int64_t row)
{
  copy_one(x->values + (size_t)(i * x->n + first + w) * x->size,
           x->spare + (size_t)(row * count + w) * x->size, x->size);
}

/* Column j up by j / b, so (i, j) becomes what was in row (i + j / b) mod m. */
static void rotate_columns(const struct matrix *x, int64_t first, int64_t count)
{
  if ((first + count - 1) / x->b == 0)
    return;
  int64_t by[LINE] = {0};
  for (int64_t w = 0; w < count; w++)
    by[w] = (first + w) / x->b; /* below c, so below m */
  set_aside(x, first, count);
  for (int64_t i = 0; i < x->m; i++)
    for (int64_t w = 0; w < count; w++) {
      int64_t row = i + by[w];
      take(x, i, first, w, count, row < x->m ? row : row - x->m);
    }
}

/* Element j of row i, which was in row t = (i + j / b) mod m, goes to column (j m + t) mod n; no
 * product or quotient is computed for each. */
static void send_to_columns(const struct matrix *x, int64_t i)
{
  const int64_t step = x->m % x->n;
  unsigned char *row = x->values + (size_t)(i * x->n) * x->size;
  int64_t t = i, rest = i % x->n, to = 0; /* t, t mod n, j m mod n */
  for (int64_t j = 0, until = x->b; j < x->n; j++) {
    if (j == until) {
      until += x->b;
      rest = rest + 1 < x->n ? rest + 1 : 0;
      if (++t == x->m)
        t = rest = 0;
    }
    const int64_t column = to + rest < x->n ? to + rest : to + rest - x->n;
    copy_one(x->spare + (size_t)column * x->size, row + (size_t)j * x->size, x->size);
    to = to + step < x->n ? to + step : to + step - x->n;
  }
  memcpy(row, x->spare, (size_t)x->n * x->size);
}

/* Place l = i n + j must hold what began in row l mod m, and after the rotation is in row
 * (l - l / (m b)) mod m; l / (m b) = l / (n a) = i / a, as j < n. */
static void order_columns(const struct matrix *x, int64_t first, int64_t count)
{
  int64_t start = first % x->m; /* (first + i n - i / a) mod m */
  set_aside(x, first, count);
  for (int64_t i = 0, until = x->a; i < x->m; i++) {
    if (i == until) {
      until += x->a;
      start = start > 0 ? start - 1 : x->m - 1;
    }
    for (int64_t w = 0, row = start; w < count; w++) {
      take(x, i, first, w, count, row);
      row = row + 1 < x->m ? row + 1 : 0;
    }
    start = (start + x->n) % x->m;
  }
}

static int64_t common_divisor(int64_t a, int64_t b)
{
  while (b != 0) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static void transpose(struct matrix *x)
{
  const int64_t at_once = columns_at_once(x), c = common_divisor(x->m, x->n);
  x->a = x->m / c;
  x->b = x->n / c;
  for (int64_t j = 0; c > 1 && j < x->n; j += at_once)
    rotate_columns(x, j, x->n - j < at_once ? x->n - j : at_once);
  for (int64_t i = 0; i < x->m; i++)
    send_to_columns(x, i);
  for (int64_t j = 0; j < x->n; j += at_once)
    order_columns(x, j, x->n - j < at_once ? x->n - j : at_once);
}

static int64_t product(const int64_t *shape, int first, int end)
{
  int64_t count = 1;
  for (int i = first; i < end; i++)
    count *= shape[i];
  return count;
}

/* In such an array the first axis is the last of a matrix [all others, first], whose transpose has
 * an array of the others, in their Fortran order, for each index of the first. */
bool lathe_reverse_axes(void *values, int rank, const int64_t *shape, size_t size,
                        struct lathe_error *err)
{
  for (int axis = 0; axis + 1 < rank; axis++) {
    const int64_t outer = product(shape, 0, axis);
    struct matrix x = {.m = product(shape, axis + 1, rank), .n = shape[axis], .size = size};
    if (outer == 0 || x.m < 2 || x.n < 2)
      continue;
    const int64_t spare = x.m * columns_at_once(&x);
    x.spare = malloc((size_t)(spare > x.n ? spare : x.n) * size);
    if (!x.spare)
      return lathe_fail(err, "no memory to bring it from Fortran to C order; save "
                             "np.ascontiguousarray of it");
    for (int64_t i = 0; i < outer; i++) {
      x.values = (unsigned char *)values + (size_t)(i * x.m * x.n) * size;
      transpose(&x);
    }
    free(x.spare);
  }
  return true;
}
