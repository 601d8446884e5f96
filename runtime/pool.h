/* Threads. Work is cut into tasks by the caller, always the same way whatever the number of
 * threads, and each task writes its own outputs: so results have the same bits for any number. */
#ifndef LATHE_POOL_H
#define LATHE_POOL_H

struct lathe_pool;

/* One task: `task` is 0 .. tasks-1, `thread` is 0 .. threads-1 (for scratch memory). */
typedef void lathe_task(void *arg, int task, int thread);

/* Starts threads-1 workers (threads <= 0: one for each processor this process may run on, at most
 * 64). NULL when the system gives no thread or memory. The caller's thread is the remaining one. */
struct lathe_pool *lathe_pool_new(int threads);
void lathe_pool_free(struct lathe_pool *pool);

/* Threads that work, the caller's included; 1 for a NULL pool. */
int lathe_pool_threads(const struct lathe_pool *pool);

/* Runs task(arg, 0..tasks-1) on the pool and returns when all have finished. A NULL pool runs them
 * in order on the caller's thread. Calls may not nest. */
void lathe_parallel(struct lathe_pool *pool, int tasks, lathe_task *task, void *arg);

#endif
