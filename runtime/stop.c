#include "stop.h"
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t noted;

static void note(int number)
{
  if (noted) {
    signal(number, SIG_DFL);
    raise(number); /* which is blocked until this handler returns */
    return;
  }
  noted = number;
}

void lathe_stop_watch(void)
{
  static const int signals[] = {SIGINT, SIGTERM};
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    struct sigaction before, action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
      sigaction(signals[i], &action, NULL);
  }
}

int lathe_stop_signal(void)
{
  return noted;
}
