#include "peak.h"
#include "clock.h"
#include "real.h"
#include <math.h>
#include <stdint.h>

/* Enough independent chains to hide the latency of a multiply-add in two pipes, few enough for 16
 * registers. */
enum { CHAINS = 12, ROUNDS = 5, THREADS_MOST = 64 };

/* Multiply-adds are contracted here, and nowhere else, by request. */
#ifdef __clang__
#define FAST __attribute__((noinline))
#else
#define FAST __attribute__((noinline, optimize("O3", "fp-contract=fast")))
#endif

/* A function that runs the chains on vectors of `bytes` and returns a value that depends on all.
 * They start from values that the compiler cannot know: equal chains would become one. */
#define CHAINS_OF(name, bytes, attributes)                                                         \
  attributes static lathe_real name(int64_t iterations, const lathe_real *start)                   \
  {                                                                                                \
    typedef lathe_real vector __attribute__((vector_size(bytes)));                                 \
    vector chain[CHAINS], sum = {0};                                                               \
    vector factor = (vector){0} + (lathe_real)0.75, term = (vector){0} + (lathe_real)0.25;         \
    for (int j = 0; j < CHAINS; j++)                                                               \
      chain[j] = (vector){0} + start[j];                                                           \
    for (int64_t i = 0; i < iterations; i++)                                                       \
      for (int j = 0; j < CHAINS; j++)                                                             \
        chain[j] = chain[j] * factor + term;                                                       \
    for (int j = 0; j < CHAINS; j++)                                                               \
      sum += chain[j];                                                                             \
    return sum[0];                                                                                 \
  }

CHAINS_OF(generic, 16, FAST)
#if defined __x86_64__ && defined __GNUC__
CHAINS_OF(avx2, 32, FAST __attribute__((target("avx2,fma"))))
CHAINS_OF(avx512, 64, FAST __attribute__((target("avx512f"))))
#endif

struct kind {
  const char *name;
  lathe_real (*run)(int64_t iterations, const lathe_real *start);
  int bytes;
};

static struct kind best_kind(void)
{
#if defined __x86_64__ && defined __GNUC__
  if (__builtin_cpu_supports("avx512f"))
    return (struct kind){"avx512", avx512, 64};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return (struct kind){"avx2", avx2, 32};
#endif
  return (struct kind){"generic", generic, 16};
}

const char *lathe_peak_vectors(void)
{
  return best_kind().name;
}

struct work {
  struct kind kind;
  int64_t iterations;
  lathe_real start[CHAINS];
  lathe_real results[THREADS_MOST]; /* kept, so that nothing is optimised away */
};

static void run_chains(void *arg, int task, int thread)
{
  (void)thread;
  struct work *work = arg;
  work->results[task] = work->kind.run(work->iterations, work->start);
}

static double time_round(struct lathe_pool *pool, int threads, struct work *work)
{
  double start = lathe_now();
  lathe_parallel(pool, threads, run_chains, work);
  return lathe_now() - start;
}

double lathe_peak_flops(struct lathe_pool *pool, double seconds)
{
  int threads = lathe_pool_threads(pool);
  if (threads > THREADS_MOST)
    threads = THREADS_MOST;
  struct work work = {.kind = best_kind(), .iterations = 100000};
  for (int j = 0; j < CHAINS; j++)
    work.start[j] = (lathe_real)j;
  double took = time_round(pool, threads, &work);
  double wanted = seconds / ROUNDS / (took > 1e-9 ? took : 1e-9);
  work.iterations = (int64_t)(1e5 * (wanted < 1 ? 1 : wanted > 1e6 ? 1e6 : wanted));

  double best = INFINITY;
  for (int round = 0; round < ROUNDS; round++)
    best = fmin(best, time_round(pool, threads, &work));
  double lanes = (double)work.kind.bytes / (double)sizeof(lathe_real);
  return 2 * lanes * CHAINS * (double)work.iterations * threads / best;
}
