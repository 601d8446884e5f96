#include "aside.h"
#include <signal.h>
#include <stddef.h>

static void *run(void *arg)
{
  struct lathe_aside *aside = arg;
  aside->failed = !aside->work(aside->arg, &aside->why);
  return NULL;
}

void lathe_aside_start(struct lathe_aside *aside, bool (*work)(void *arg, struct lathe_error *err),
                       void *arg)
{
  sigset_t all, before;
  *aside = (struct lathe_aside){.work = work, .arg = arg};
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  aside->running = pthread_create(&aside->thread, NULL, run, aside) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!aside->running)
    run(aside);
}

bool lathe_aside_wait(struct lathe_aside *aside, struct lathe_error *err)
{
  if (aside->running)
    pthread_join(aside->thread, NULL);
  aside->running = false;
  return !aside->failed || lathe_fail(err, "%s", aside->why.text);
}
