/* What the machine itself can do: what the models' speed is held against.
 *
 *   machine peak THREADS SECONDS           floating-point operations a second: float32 FMAs in
 * registers machine triad THREADS SECONDS          bytes a second of a = b + s c, from and to
 * memory (McCalpin's STREAM: three arrays, write-allocation not counted) machine read KIB SECONDS
 * bytes a second that one thread reads of a block of that size again and again: from the cache
 * where it fits machine sgemm THREADS SECONDS M N K... seconds of OpenBLAS's product [M x K] [K x
 * N], for each shape
 *
 * One number a line. Each is the best (peak) or the median (the others) of several rounds. */
#include "runtime/clock.h"
#include "runtime/peak.h"
#include "runtime/pool.h"
#include <cblas.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 7, TRIAD_VALUES = 16 << 20, CHUNKS = 64, LANES = 16, STREAMS = 8 };

typedef float lanes __attribute__((vector_size(4 * LANES)));

/* What is timed: `run` is called with `arg`. */
struct work {
  void (*run)(void *arg);
  void *arg;
};

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Seconds a call: the median of rounds that together take about `seconds`. */
static double measure(struct work work, double seconds)
{
  work.run(work.arg); /* meets cold caches */
  double start = lathe_now();
  work.run(work.arg);
  double once = lathe_now() - start, took[ROUNDS];
  double fit = seconds / ROUNDS / (once > 1e-8 ? once : 1e-8);
  int64_t calls = fit < 1 ? 1 : (int64_t)fit;
  for (int round = 0; round < ROUNDS; round++) {
    start = lathe_now();
    for (int64_t i = 0; i < calls; i++)
      work.run(work.arg);
    took[round] = (lathe_now() - start) / (double)calls;
  }
  qsort(took, ROUNDS, sizeof took[0], compare);
  return took[ROUNDS / 2];
}

/* Values that are neither zero nor denormal. */
static float *new_values(size_t count)
{
  float *values = aligned_alloc(64, (count * sizeof *values + 63) / 64 * 64);
  if (!values) {
    fprintf(stderr, "machine: no memory for %zu values\n", count);
    exit(1);
  }
  for (size_t i = 0; i < count; i++)
    values[i] = 0.5f + (float)(i % 1024) / 2048;
  return values;
}

struct triad {
  struct lathe_pool *pool;
  float *a, *b, *c;
};

static void triad_chunk(void *arg, int chunk, int thread)
{
  (void)thread;
  struct triad *triad = arg;
  const size_t size = TRIAD_VALUES / CHUNKS, first = (size_t)chunk * size;
  float *restrict a = triad->a + first;
  const float *restrict b = triad->b + first, *restrict c = triad->c + first;
  for (size_t i = 0; i < size; i++)
    a[i] = b[i] + 3 * c[i];
}

static void triad_run(void *arg)
{
  struct triad *triad = arg;
  lathe_parallel(triad->pool, CHUNKS, triad_chunk, triad);
}

static double triad_bandwidth(struct lathe_pool *pool, double seconds)
{
  struct triad triad = {pool, new_values(TRIAD_VALUES), new_values(TRIAD_VALUES),
                        new_values(TRIAD_VALUES)};
  double took = measure((struct work){triad_run, &triad}, seconds);
  free(triad.a);
  free(triad.b);
  free(triad.c);
  return 3.0 * sizeof(float) * TRIAD_VALUES / took;
}

struct block {
  const float *values;
  size_t count; /* a multiple of LANES x STREAMS */
  lanes sum[STREAMS];
};

/* Several sums side by side, so that it is loads that are waited for, not additions. */
static void read_run(void *arg)
{
  struct block *block = arg;
  lanes sum[STREAMS];
  memcpy(sum, block->sum, sizeof sum);
  for (size_t i = 0; i < block->count; i += LANES * STREAMS)
    for (size_t j = 0; j < STREAMS; j++)
      sum[j] += *(const lanes *)(const void *)(block->values + i + j * LANES);
  memcpy(block->sum, sum, sizeof sum);
}

static double read_bandwidth(size_t kib, double seconds)
{
  const size_t step = LANES * STREAMS;
  struct block block = {.count = (kib * 1024 / sizeof(float) + step - 1) / step * step};
  float *values = new_values(block.count);
  block.values = values;
  double took = measure((struct work){read_run, &block}, seconds);
  if (block.sum[0][0] < 0) /* keeps the sums, and so the loads, from being left out */
    puts("");
  free(values);
  return (double)block.count * sizeof(float) / took;
}

struct product {
  int m, n, k;
  float *a, *b, *c;
};

static void product_run(void *arg)
{
  struct product *p = arg;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, p->m, p->n, p->k, 1, p->a, p->k, p->b,
              p->n, 0, p->c, p->n);
}

static double product_seconds(int m, int n, int k, double seconds)
{
  struct product p = {m,
                      n,
                      k,
                      new_values((size_t)m * (size_t)k),
                      new_values((size_t)k * (size_t)n),
                      new_values((size_t)m * (size_t)n)};
  double took = measure((struct work){product_run, &p}, seconds);
  free(p.a);
  free(p.b);
  free(p.c);
  return took;
}

static int usage(void)
{
  fprintf(stderr, "usage: machine peak|triad THREADS SECONDS | read KIB SECONDS | "
                  "sgemm THREADS SECONDS M N K...\n");
  return 2;
}

int main(int argc, char **argv)
{
  if (argc < 4)
    return usage();
  const char *what = argv[1];
  int first = atoi(argv[2]);
  double seconds = atof(argv[3]);
  bool peak = strcmp(what, "peak") == 0;
  if (peak || strcmp(what, "triad") == 0) {
    struct lathe_pool *pool = lathe_pool_new(first);
    printf("%.6g\n", peak ? lathe_peak_flops(pool, seconds) : triad_bandwidth(pool, seconds));
    lathe_pool_free(pool);
  } else if (strcmp(what, "read") == 0 && first > 0) {
    printf("%.6g\n", read_bandwidth((size_t)first, seconds));
  } else if (strcmp(what, "sgemm") == 0 && argc % 3 == 1) {
    openblas_set_num_threads(first);
    for (int i = 4; i < argc; i += 3)
      printf("%.6g\n",
             product_seconds(atoi(argv[i]), atoi(argv[i + 1]), atoi(argv[i + 2]), seconds));
  } else {
    return usage();
  }
  return 0;
}
