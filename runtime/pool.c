#define _GNU_SOURCE /* sched_getaffinity */
#include "pool.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
  CACHE_LINE = 64,
  MAX_DEFAULT_THREADS = 64,
  SPIN_NANOSECONDS = 40000, /* about what it costs to put a thread to sleep and wake it */
  PAUSES_PER_LOOK = 32,
};

/* `tasks`, `task` and `arg` are plain: the caller writes them before it publishes `unclaimed`, and
 * a worker reads them only while it holds a claimed task, so before the call can return. A worker
 * that comes late to a call finds nothing to claim, or claims from the next call: both are right.
 */
struct lathe_pool {
  _Alignas(CACHE_LINE) atomic_int unclaimed;  /* tasks of this call not yet begun */
  _Alignas(CACHE_LINE) atomic_int unfinished; /* tasks of this call not yet done */
  _Alignas(CACHE_LINE) atomic_int sleepers;   /* workers waiting on `work` */
  atomic_bool caller_sleeps;                  /* the caller waits on `done` */
  atomic_bool stop;
  int tasks;
  lathe_task *task;
  void *arg;
  int threads;
  bool spin;
  pthread_mutex_t lock;
  pthread_cond_t work, done;
  pthread_t *workers; /* [threads - 1] */
};

struct worker {
  struct lathe_pool *pool;
  int thread;
};

static int processors(void)
{
  int count = 0;
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    count = CPU_COUNT(&set);
#endif
  if (count < 1)
    count = (int)sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : count;
}

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

static long long nanoseconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool has_work(struct lathe_pool *pool)
{
  return atomic_load(&pool->unclaimed) > 0 || atomic_load(&pool->stop);
}

static bool all_done(struct lathe_pool *pool)
{
  return atomic_load(&pool->unfinished) == 0;
}

/* Looks for `ready` for a short while; returns whether it came. */
static bool spin_until(struct lathe_pool *pool, bool (*ready)(struct lathe_pool *))
{
  if (!pool->spin)
    return ready(pool);
  long long end = nanoseconds() + SPIN_NANOSECONDS;
  do {
    for (int i = 0; i < PAUSES_PER_LOOK; i++) {
      if (ready(pool))
        return true;
      pause_briefly();
    }
  } while (nanoseconds() < end);
  return false;
}

static void run_tasks(struct lathe_pool *pool, int thread)
{
  while (atomic_load(&pool->unclaimed) > 0) {
    int left = atomic_fetch_sub(&pool->unclaimed, 1);
    if (left <= 0)
      return;
    pool->task(pool->arg, pool->tasks - left, thread);
    if (atomic_fetch_sub(&pool->unfinished, 1) == 1 && atomic_load(&pool->caller_sleeps)) {
      pthread_mutex_lock(&pool->lock);
      pthread_cond_signal(&pool->done);
      pthread_mutex_unlock(&pool->lock);
    }
  }
}

/* A sleeper announces itself before its last look, and the caller publishes before it looks for
 * sleepers; all sequentially consistent, so one of the two sees the other and no wake-up is lost.
 */
static void sleep_until_work(struct lathe_pool *pool)
{
  pthread_mutex_lock(&pool->lock);
  atomic_fetch_add(&pool->sleepers, 1);
  while (!has_work(pool))
    pthread_cond_wait(&pool->work, &pool->lock);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->lock);
}

static void *work(void *arg)
{
  struct worker worker = *(struct worker *)arg;
  free(arg);
  while (!atomic_load(&worker.pool->stop)) {
    if (!spin_until(worker.pool, has_work))
      sleep_until_work(worker.pool);
    run_tasks(worker.pool, worker.thread);
  }
  return NULL;
}

static void stop_workers(struct lathe_pool *pool, int count)
{
  atomic_store(&pool->stop, true);
  pthread_mutex_lock(&pool->lock);
  pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->lock);
  for (int i = 0; i < count; i++)
    pthread_join(pool->workers[i], NULL);
}

static void release(struct lathe_pool *pool)
{
  pthread_cond_destroy(&pool->work);
  pthread_cond_destroy(&pool->done);
  pthread_mutex_destroy(&pool->lock);
  free(pool->workers);
  free(pool);
}

static bool start_worker(struct lathe_pool *pool, int thread)
{
  struct worker *worker = malloc(sizeof *worker);
  if (!worker)
    return false;
  *worker = (struct worker){pool, thread};
  if (pthread_create(&pool->workers[thread - 1], NULL, work, worker) != 0) {
    free(worker);
    return false;
  }
  return true;
}

struct lathe_pool *lathe_pool_new(int threads)
{
  int available = processors();
  if (threads <= 0)
    threads = available < MAX_DEFAULT_THREADS ? available : MAX_DEFAULT_THREADS;

  struct lathe_pool *pool = aligned_alloc(CACHE_LINE, sizeof *pool);
  if (!pool)
    return NULL;
  *pool = (struct lathe_pool){.threads = threads, .spin = threads <= available};
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->work, NULL);
  pthread_cond_init(&pool->done, NULL);
  pool->workers = calloc((size_t)threads, sizeof *pool->workers);
  if (!pool->workers) {
    release(pool);
    return NULL;
  }

  /* Signals are for the caller's thread: workers are started with all of them blocked. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int started = 0;
  while (started < threads - 1 && start_worker(pool, started + 1))
    started++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (started < threads - 1) {
    stop_workers(pool, started);
    release(pool);
    return NULL;
  }
  return pool;
}

void lathe_pool_free(struct lathe_pool *pool)
{
  if (!pool)
    return;
  stop_workers(pool, pool->threads - 1);
  release(pool);
}

int lathe_pool_threads(const struct lathe_pool *pool)
{
  return pool ? pool->threads : 1;
}

static void wake_workers(struct lathe_pool *pool, int wanted)
{
  int sleepers = atomic_load(&pool->sleepers);
  if (sleepers == 0)
    return;
  pthread_mutex_lock(&pool->lock);
  for (int i = 0; i < sleepers && i < wanted; i++)
    pthread_cond_signal(&pool->work);
  pthread_mutex_unlock(&pool->lock);
}

static void sleep_until_done(struct lathe_pool *pool)
{
  pthread_mutex_lock(&pool->lock);
  atomic_store(&pool->caller_sleeps, true);
  while (!all_done(pool))
    pthread_cond_wait(&pool->done, &pool->lock);
  atomic_store(&pool->caller_sleeps, false);
  pthread_mutex_unlock(&pool->lock);
}

void lathe_parallel(struct lathe_pool *pool, int tasks, lathe_task *task, void *arg)
{
  if (!pool || pool->threads == 1 || tasks <= 1) {
    for (int i = 0; i < tasks; i++)
      task(arg, i, 0);
    return;
  }
  pool->tasks = tasks;
  pool->task = task;
  pool->arg = arg;
  atomic_store(&pool->unfinished, tasks);
  atomic_store(&pool->unclaimed, tasks);
  wake_workers(pool, tasks - 1);
  run_tasks(pool, 0);
  if (!spin_until(pool, all_done))
    sleep_until_done(pool);
}
