/* Right operands of products, copied into the panels in which lathe_product walks them. A packed
 * operand [k, n] takes LATHE_PACKED(k, n) elements at most, whatever the machine; columns that fill
 * up the last panel are zero. */
#ifndef LATHE_PACK_H
#define LATHE_PACK_H

#include "packed.h"
#include "product.h"

static inline struct lathe_panels lathe_packed(const lathe_real *packed, int k)
{
  return (struct lathe_panels){packed, (ptrdiff_t)k * LATHE_PANEL, LATHE_PANEL};
}

/* Rows ahead of the one that is copied: rows of a wide operand lie too far apart for the processor
 * to see what comes next. */
enum { LATHE_PACK_AHEAD = 8 };

/* From b [k, n], rows `row` apart. */
static inline struct lathe_panels lathe_pack(int k, int n, const lathe_real *b, ptrdiff_t row,
                                             lathe_real *packed)
{
  const ptrdiff_t panel = (ptrdiff_t)k * LATHE_PANEL;
  const int whole = n / LATHE_PANEL, rest = n % LATHE_PANEL;
  for (int i = 0; i < k; i++) {
    const lathe_real *from = b + i * row;
    const lathe_real *const ahead = b + (i + LATHE_PACK_AHEAD < k ? i + LATHE_PACK_AHEAD : i) * row;
    lathe_real *to = packed + (ptrdiff_t)i * LATHE_PANEL;
    for (int j = 0; j < whole; j++, from += LATHE_PANEL, to += panel) {
      __builtin_prefetch(ahead + (ptrdiff_t)j * LATHE_PANEL);
      __builtin_prefetch(ahead + (ptrdiff_t)j * LATHE_PANEL + LATHE_LANES);
      lathe_store(to, lathe_load(from));
      lathe_store(to + LATHE_LANES, lathe_load(from + LATHE_LANES));
    }
    if (rest > 0) {
      memset(to, 0, LATHE_PANEL * sizeof *to);
      memcpy(to, from, (size_t)rest * sizeof *to);
    }
  }
  return lathe_packed(packed, k);
}

/* The lower halves of two vectors, lane by lane in turn, and the upper halves. */
#define LATHE_LOWER2(n) 0, n
#define LATHE_LOWER4(n) LATHE_LOWER2(n), 1, n + 1
#define LATHE_LOWER8(n) LATHE_LOWER4(n), 2, n + 2, 3, n + 3
#define LATHE_LOWER16(n) LATHE_LOWER8(n), 4, n + 4, 5, n + 5, 6, n + 6, 7, n + 7
#define LATHE_UPPER2(n) n / 2, n + n / 2
#define LATHE_UPPER4(n) LATHE_UPPER2(n), n / 2 + 1, n + n / 2 + 1
#define LATHE_UPPER8(n) LATHE_UPPER4(n), n / 2 + 2, n + n / 2 + 2, n / 2 + 3, n + n / 2 + 3
#define LATHE_UPPER16(n)                                                                           \
  LATHE_UPPER8(n), n / 2 + 4, n + n / 2 + 4, n / 2 + 5, n + n / 2 + 5, n / 2 + 6, n + n / 2 + 6,   \
      n / 2 + 7, n + n / 2 + 7
#ifdef LATHE_FLOAT64
#define LATHE_HALVED (LATHE_VECTOR_BYTES / 8)
#else
#define LATHE_HALVED (LATHE_VECTOR_BYTES / 4)
#endif
#if LATHE_HALVED == 16
#define LATHE_LOWER(a, b) __builtin_shufflevector(a, b, LATHE_LOWER16(16))
#define LATHE_UPPER(a, b) __builtin_shufflevector(a, b, LATHE_UPPER16(16))
#elif LATHE_HALVED == 8
#define LATHE_LOWER(a, b) __builtin_shufflevector(a, b, LATHE_LOWER8(8))
#define LATHE_UPPER(a, b) __builtin_shufflevector(a, b, LATHE_UPPER8(8))
#elif LATHE_HALVED == 4
#define LATHE_LOWER(a, b) __builtin_shufflevector(a, b, LATHE_LOWER4(4))
#define LATHE_UPPER(a, b) __builtin_shufflevector(a, b, LATHE_UPPER4(4))
#else
#define LATHE_LOWER(a, b) __builtin_shufflevector(a, b, LATHE_LOWER2(2))
#define LATHE_UPPER(a, b) __builtin_shufflevector(a, b, LATHE_UPPER2(2))
#endif

/* Transposes a square of LATHE_LANES rows of `from` into rows of `to`: log2(LATHE_LANES) times, the
 * rows are dealt out like a pack of cards (Stone 1971, "Parallel processing with the perfect
 * shuffle"). */
static inline void lathe_transpose_square(const lathe_real *from, ptrdiff_t from_row,
                                          lathe_real *to, ptrdiff_t to_row)
{
  lathe_vector rows[LATHE_LANES], dealt[LATHE_LANES];
  LATHE_UNROLL
  for (int i = 0; i < LATHE_LANES; i++)
    rows[i] = lathe_load(from + i * from_row);
  LATHE_UNROLL
  for (int times = LATHE_LANES; times > 1; times /= 2) {
    LATHE_UNROLL
    for (int i = 0; i < LATHE_LANES / 2; i++) {
      dealt[2 * i] = LATHE_LOWER(rows[i], rows[i + LATHE_LANES / 2]);
      dealt[2 * i + 1] = LATHE_UPPER(rows[i], rows[i + LATHE_LANES / 2]);
    }
    LATHE_UNROLL
    for (int i = 0; i < LATHE_LANES; i++)
      rows[i] = dealt[i];
  }
  LATHE_UNROLL
  for (int i = 0; i < LATHE_LANES; i++)
    lathe_store(to + i * to_row, rows[i]);
}

/* From the transpose: b [n, k], rows `row` apart. */
static LATHE_ONCE struct lathe_panels lathe_pack_transposed(int k, int n, const lathe_real *b,
                                                            ptrdiff_t row, lathe_real *packed)
{
  for (int j = 0; j < n; j += LATHE_LANES) {
    lathe_real *const panel =
        packed + (ptrdiff_t)(j / LATHE_PANEL) * k * LATHE_PANEL + j % LATHE_PANEL;
    const int squares = j + LATHE_LANES <= n ? k / LATHE_LANES : 0;
    for (int i = 0; i < squares; i++)
      lathe_transpose_square(b + j * row + i * LATHE_LANES, row,
                             panel + (ptrdiff_t)i * LATHE_LANES * LATHE_PANEL, LATHE_PANEL);
    const lathe_real *from = b + j * row + squares * LATHE_LANES;
    lathe_real *to = panel + (ptrdiff_t)squares * LATHE_LANES * LATHE_PANEL;
    for (int i = squares * LATHE_LANES; i < k; i++, from++, to += LATHE_PANEL)
      for (int c = 0; c < LATHE_LANES; c++)
        to[c] = j + c < n ? from[c * row] : 0;
  }
  if ((n - 1) % LATHE_PANEL < LATHE_LANES) { /* the last panel is half empty */
    lathe_real *const half =
        packed + (ptrdiff_t)((n - 1) / LATHE_PANEL) * k * LATHE_PANEL + LATHE_LANES;
    for (int i = 0; i < k; i++)
      lathe_store(half + i * LATHE_PANEL, (lathe_vector){0});
  }
  return lathe_packed(packed, k);
}

#endif
