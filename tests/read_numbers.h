/* Numbers out of the text fixtures under tests/reference. */
#ifndef READ_NUMBERS_H
#define READ_NUMBERS_H

#include <check.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

static inline FILE *open_numbers(const char *path)
{
  FILE *in = fopen(path, "r");
  ck_assert_msg(in != NULL, "%s: cannot be read; run from the root of the repository", path);
  return in;
}

static inline void read_doubles(FILE *in, int count, double *out)
{
  for (int i = 0; i < count; i++)
    ck_assert_int_eq(fscanf(in, "%lf", &out[i]), 1);
}

static inline void read_integers(FILE *in, int count, int64_t *out)
{
  for (int i = 0; i < count; i++)
    ck_assert_int_eq(fscanf(in, "%" SCNd64, &out[i]), 1);
}

#endif
