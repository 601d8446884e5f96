/* Fixtures under tests/reference that are tensors: their generated numbers, and how they are
 * stored. tests/reference/fixture.py does the same in Python and says what it is. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "runtime/safetensors.h"
#include "tolerances.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { IMAGES_STREAM = 0, NOISE_STREAM = 1, SIGNS_STREAM = 2, WEIGHTS_STREAM = 100 };
enum { FULL = 128, SUMS = 64, DIGEST = 1 + SUMS };

static inline uint64_t fixture_whole(uint64_t stream, uint64_t index)
{
  uint64_t z = ((stream << 32) + index + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

static inline double fixture_uniform(uint64_t stream, uint64_t index)
{
  return (double)(fixture_whole(stream, index) >> 11) * 0x1p-53;
}

static inline struct lathe_tensors fixture_read(const char *path)
{
  struct lathe_tensors tensors;
  struct lathe_error err;
  ck_assert_msg(lathe_tensors_read(&tensors, path, &err), "%s", err.text);
  return tensors;
}

static inline const struct lathe_array *fixture_array(const struct lathe_tensors *tensors,
                                                      const char *prefix, const char *name)
{
  char full[160];
  snprintf(full, sizeof full, "%s%s", prefix, name);
  const struct lathe_array *array = lathe_tensors_find(tensors, full);
  ck_assert_msg(array != NULL, "%s is not in the fixture", full);
  return array;
}

/* The doubles of "prefix.name", `count` of them (any number when 0). */
static inline const double *fixture_values(const struct lathe_tensors *tensors, const char *prefix,
                                           const char *name, int64_t count)
{
  const struct lathe_array *array = fixture_array(tensors, prefix, name);
  ck_assert_int_eq(array->dtype, LATHE_F64);
  if (count > 0)
    ck_assert_msg(array->count == count, "%s%s has %d values, not %d", prefix, name,
                  (int)array->count, (int)count);
  return array->data;
}

static inline const int64_t *fixture_integers(const struct lathe_tensors *tensors, const char *name,
                                              int64_t count)
{
  const struct lathe_array *array = fixture_array(tensors, "", name);
  ck_assert_int_eq(array->dtype, LATHE_I64);
  if (count > 0)
    ck_assert_int_eq(array->count, count);
  return array->data;
}

static inline double norm_of(const double *values, int64_t count)
{
  double sum = 0;
  for (int64_t i = 0; i < count; i++)
    sum += values[i] * values[i];
  return sqrt(sum);
}

static inline double distance_of(const double *a, const double *b, int64_t count)
{
  double sum = 0;
  for (int64_t i = 0; i < count; i++)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt(sum);
}

/* Fails unless `off` is within `tolerance` x `scale`; a NaN fails. */
static inline void within(const char *what, const char *name, double off, double scale,
                          double tolerance)
{
  if (getenv("LATHE_SHOW_ERRORS"))
    fprintf(stderr, "%.2e\t%s\t%s\n", off / scale, what, name);
  ck_assert_msg(off <= tolerance * scale, "%s, %s: off by %.3g of its norm %g (allowed %g)", what,
                name, off / scale, scale, tolerance);
}

static inline void digest_of(const double *values, int64_t count, double digest[DIGEST])
{
  double *sums = digest + 1;
  digest[0] = norm_of(values, count);
  for (int j = 0; j < SUMS; j++)
    sums[j] = 0;
  for (int64_t i = 0; i < count; i++) {
    uint64_t signs = fixture_whole(SIGNS_STREAM, (uint64_t)i);
    for (int j = 0; j < SUMS; j++)
      sums[j] += signs >> j & 1 ? -values[i] : values[i];
  }
}

/* The norm of the fixture's "prefix.name", `count` values or their digest. */
static inline double fixture_norm(const struct lathe_tensors *tensors, const char *prefix,
                                  const char *name, int64_t count)
{
  if (fixture_array(tensors, prefix, name)->count == count)
    return norm_of(fixture_values(tensors, prefix, name, count), count);
  return fixture_values(tensors, prefix, name, DIGEST)[0];
}

/* `count` values against the fixture's "prefix.name": themselves, or where that is a digest the
 * estimate of the difference's norm. Norms below `least` count as that. */
static inline void near_fixture(const char *what, const struct lathe_tensors *tensors,
                                const char *prefix, const char *name, const double *values,
                                int64_t count, double least, double tolerance)
{
  double norm = fixture_norm(tensors, prefix, name, count), digest[DIGEST];
  double scale = norm > least ? norm : least;
  if (fixture_array(tensors, prefix, name)->count == count) {
    const double *want = fixture_values(tensors, prefix, name, count);
    within(what, name, distance_of(values, want, count), scale, tolerance);
    return;
  }
  ck_assert_int_gt(count, FULL);
  const double *want = fixture_values(tensors, prefix, name, DIGEST);
  digest_of(values, count, digest);
  within(what, name, distance_of(digest + 1, want + 1, SUMS) / sqrt(SUMS), scale, tolerance);
  within(what, name, fabs(digest[0] - want[0]), scale, tolerance);
}

#endif
