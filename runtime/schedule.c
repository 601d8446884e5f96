#include "schedule.h"
#include <math.h>

double lathe_learning_rate(const struct lathe_training *training, int epoch)
{
  if (training->schedule == LATHE_CONSTANT || training->every <= 0)
    return training->rate;
  /* NOLINTNEXTLINE(bugprone-integer-division): so many times, whole, as it has fallen by then */
  return training->rate * pow(training->gamma, epoch / training->every);
}
