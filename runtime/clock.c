#include "clock.h"
#include <stdio.h>
#include <time.h>

double lathe_now(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

const char *lathe_duration(char *text, double seconds)
{
  long long whole = seconds >= 0 && seconds < 1e15 ? (long long)(seconds + 0.5) : 0;
  long long hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
  if (hours > 0)
    snprintf(text, LATHE_DURATION, "%lld:%02lld:%02lld", hours, minutes, rest);
  else
    snprintf(text, LATHE_DURATION, "%lld:%02lld", minutes, rest);
  return text;
}
