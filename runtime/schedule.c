#include "schedule.h"
#include <math.h>
#include <string.h>

static const char *const names[] = {[LATHE_CONSTANT] = "constant", [LATHE_STEP] = "step"};
enum { SCHEDULES = sizeof names / sizeof names[0] };

double lathe_learning_rate(const struct lathe_training *training, int epoch)
{
  if (training->schedule == LATHE_CONSTANT || training->every <= 0)
    return training->rate;
  /* NOLINTNEXTLINE(bugprone-integer-division): so many times, whole, as it has fallen by then */
  return training->rate * pow(training->gamma, epoch / training->every);
}

const char *lathe_schedule_name(enum lathe_schedule schedule)
{
  return names[schedule];
}

bool lathe_schedule_named(const char *name, enum lathe_schedule *schedule)
{
  for (int i = 0; i < SCHEDULES; i++)
    if (strcmp(names[i], name) == 0) {
      *schedule = (enum lathe_schedule)i;
      return true;
    }
  return false;
}
