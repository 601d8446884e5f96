/* Every task once, on the threads there are, whatever state the workers are in. */
#include "runtime/pool.h"
#include <check.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TASKS = 500 };

struct tally {
  int runs[TASKS];
  int threads;
  atomic_bool bad_thread;
};

static void count(void *arg, int task, int thread)
{
  struct tally *tally = arg;
  tally->runs[task]++; /* plain: each task has its own */
  if (thread < 0 || thread >= tally->threads)
    atomic_store(&tally->bad_thread, true);
}

/* A microsecond or so, in which the others look for work. */
static void count_slowly(void *arg, int task, int thread)
{
  for (volatile int i = 0; i < 300; i++)
    ;
  count(arg, task, thread);
}

static void sleep_a_little(long nanoseconds)
{
  struct timespec time = {0, nanoseconds};
  nanosleep(&time, NULL);
}

static const int THREADS[] = {1, 2, 3, 8, 33};

START_TEST(each_task_once)
{
  struct lathe_pool *pool = lathe_pool_new(THREADS[_i]);
  ck_assert_ptr_nonnull(pool);
  ck_assert_int_eq(lathe_pool_threads(pool), THREADS[_i]);
  static const int COUNTS[] = {0, 1, 2, 3, 7, TASKS};
  for (size_t c = 0; c < sizeof COUNTS / sizeof *COUNTS; c++) {
    struct tally tally = {.threads = THREADS[_i]};
    lathe_parallel(pool, COUNTS[c], count, &tally);
    for (int i = 0; i < TASKS; i++)
      ck_assert_int_eq(tally.runs[i], i < COUNTS[c]);
    ck_assert(!atomic_load(&tally.bad_thread));
  }
  lathe_pool_free(pool);
}
END_TEST

/* Calls one on another's heels, where a worker late for one meets the next. */
START_TEST(many_short_calls)
{
  struct lathe_pool *pool = lathe_pool_new(THREADS[_i]);
  struct tally tally = {.threads = THREADS[_i]};
  const int calls = 5000;
  for (int c = 0; c < calls; c++)
    lathe_parallel(pool, 1 + c % 5, count_slowly, &tally);
  for (int i = 0; i < TASKS; i++)
    ck_assert_int_eq(tally.runs[i], i < 5 ? calls * (5 - i) / 5 : 0);
  lathe_pool_free(pool);
}
END_TEST

/* Long enough apart for the workers to have gone to sleep. */
START_TEST(sleepers_wake)
{
  struct lathe_pool *pool = lathe_pool_new(THREADS[_i]);
  struct tally tally = {.threads = THREADS[_i]};
  for (int c = 0; c < 20; c++) {
    sleep_a_little(c % 2 ? 2000000 : 50000);
    lathe_parallel(pool, 40, count, &tally);
  }
  for (int i = 0; i < 40; i++)
    ck_assert_int_eq(tally.runs[i], 20);
  lathe_pool_free(pool);
}
END_TEST

struct order {
  int next;
  bool in_order;
};

static void check_order(void *arg, int task, int thread)
{
  struct order *order = arg;
  if (task != order->next++ || thread != 0)
    order->in_order = false;
}

START_TEST(no_pool_runs_in_order)
{
  struct order order = {0, true};
  lathe_parallel(NULL, TASKS, check_order, &order);
  ck_assert_int_eq(order.next, TASKS);
  ck_assert(order.in_order);
  ck_assert_int_eq(lathe_pool_threads(NULL), 1);
  lathe_pool_free(NULL);
}
END_TEST

/* Two tasks that can only end together: so two threads must be at work. */
struct meeting {
  atomic_int arrived;
  atomic_bool met;
};

static void meet(void *arg, int task, int thread)
{
  (void)task;
  (void)thread;
  struct meeting *meeting = arg;
  atomic_fetch_add(&meeting->arrived, 1);
  for (int i = 0; i < 20000 && atomic_load(&meeting->arrived) < 2; i++)
    sleep_a_little(100000);
  if (atomic_load(&meeting->arrived) == 2)
    atomic_store(&meeting->met, true);
}

START_TEST(tasks_run_at_the_same_time)
{
  struct lathe_pool *pool = lathe_pool_new(2);
  for (int c = 0; c < 5; c++) {
    struct meeting meeting = {0};
    lathe_parallel(pool, 2, meet, &meeting);
    ck_assert(atomic_load(&meeting.met));
    sleep_a_little(5000000); /* next time the worker sleeps */
  }
  lathe_pool_free(pool);
}
END_TEST

/* The caller is done first, and has to sleep until the worker is. */
struct slow_worker {
  atomic_int begun;
  bool done[2];
};

static void slow_in_worker(void *arg, int task, int thread)
{
  struct slow_worker *work = arg;
  if (thread == 0) {
    for (int i = 0; i < 20000 && atomic_load(&work->begun) == 0; i++)
      sleep_a_little(100000);
  } else {
    atomic_fetch_add(&work->begun, 1);
    sleep_a_little(20000000);
  }
  work->done[task] = true;
}

START_TEST(caller_waits_for_the_slowest)
{
  struct lathe_pool *pool = lathe_pool_new(2);
  for (int c = 0; c < 5; c++) {
    struct slow_worker work = {0};
    lathe_parallel(pool, 2, slow_in_worker, &work);
    ck_assert(work.done[0] && work.done[1]);
    ck_assert_int_eq(atomic_load(&work.begun), 1);
  }
  lathe_pool_free(pool);
}
END_TEST

START_TEST(default_threads)
{
  struct lathe_pool *pool = lathe_pool_new(0);
  ck_assert_ptr_nonnull(pool);
  int threads = lathe_pool_threads(pool);
  ck_assert(threads >= 1 && threads <= 64);
  lathe_pool_free(pool);
  for (int i = 0; i < 50; i++) { /* freed at once, its workers hardly begun */
    pool = lathe_pool_new(4);
    ck_assert_ptr_nonnull(pool);
    lathe_pool_free(pool);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pool");
  TCase *cases = tcase_create("pool");
  tcase_set_timeout(cases, 60);
  const int counts = sizeof THREADS / sizeof *THREADS;
  tcase_add_loop_test(cases, each_task_once, 0, counts);
  tcase_add_loop_test(cases, many_short_calls, 0, counts);
  tcase_add_loop_test(cases, sleepers_wake, 0, counts);
  tcase_add_test(cases, no_pool_runs_in_order);
  tcase_add_test(cases, tasks_run_at_the_same_time);
  tcase_add_test(cases, caller_waits_for_the_slowest);
  tcase_add_test(cases, default_threads);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
