/* Vectors of the model's precision, as wide as the machine that is compiled for has them, in the
 * notation that gcc and clang share: + - * work on all lanes, and a * b + c becomes one operation
 * where there is one. */
#ifndef LATHE_VECTOR_H
#define LATHE_VECTOR_H

#include "real.h"
#include <string.h>

/* LATHE_PRODUCT_ROWS: rows of a register block of products (product.h) with two vectors a row; with
 * the two of the right operand and one for the left they fill the registers there are. */
#if defined __AVX512F__
#define LATHE_VECTOR_BYTES 64
#define LATHE_PRODUCT_ROWS 14 /* 32 registers */
#elif defined __AVX__
#define LATHE_VECTOR_BYTES 32
#define LATHE_PRODUCT_ROWS 6 /* 16 registers */
#elif defined __aarch64__
#define LATHE_VECTOR_BYTES 16
#define LATHE_PRODUCT_ROWS 14 /* 32 registers */
#else
#define LATHE_VECTOR_BYTES 16
#define LATHE_PRODUCT_ROWS 6
#endif

/* The loop that follows, of a few constant steps, becomes straight code. */
#ifdef __clang__
#define LATHE_UNROLL _Pragma("clang loop unroll(full)")
#else
#define LATHE_UNROLL _Pragma("GCC unroll 16")
#endif

/* A function that a file holds one copy of. gcc would add copies for constant arguments, as large
 * again, which take seconds to compile and are no faster. */
#ifdef __clang__
#define LATHE_ONCE __attribute__((noinline, unused))
#else
#define LATHE_ONCE __attribute__((noinline, noclone, unused))
#endif

enum { LATHE_LANES = LATHE_VECTOR_BYTES / (int)sizeof(lathe_real) };

typedef lathe_real lathe_vector __attribute__((vector_size(LATHE_VECTOR_BYTES)));

/* Any address will do. */
static inline lathe_vector lathe_load(const lathe_real *from)
{
  lathe_vector v;
  memcpy(&v, from, sizeof v);
  return v;
}

static inline void lathe_store(lathe_real *to, lathe_vector v)
{
  memcpy(to, &v, sizeof v);
}

#endif
