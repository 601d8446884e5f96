/* One piece of work done beside the main thread, on a thread of its own. */
#ifndef LATHE_ASIDE_H
#define LATHE_ASIDE_H

#include "error.h"
#include <pthread.h>
#include <stdbool.h>

/* Zeroed: nothing is being done. */
struct lathe_aside {
  bool (*work)(void *arg, struct lathe_error *err);
  void *arg;
  pthread_t thread;
  bool running, failed;
  struct lathe_error why;
};

/* Begins `work`; what it uses is not to be touched until lathe_aside_wait. Where no thread can be
 * had, it is done before this returns. Signals stay with the threads there are. */
void lathe_aside_start(struct lathe_aside *aside, bool (*work)(void *arg, struct lathe_error *err),
                       void *arg);

/* Waits for the end of the work, if any was begun, and says how it went, now and whenever asked. */
bool lathe_aside_wait(struct lathe_aside *aside, struct lathe_error *err);

#endif
