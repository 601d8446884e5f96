#include "schedule.h"
#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

static const char *const names[LATHE_SCHEDULES] = {
#define SCHEDULE(ID, name) [LATHE_##ID] = #name,
#include "schedules.def"
#undef SCHEDULE
};

/* Half a wave of a cosine, from the first rate to the least. */
static double cosine(const struct lathe_training *training, int epoch)
{
  int length = training->every > 0 ? training->every : training->epochs;
  double share = epoch < length ? (double)epoch / length : 1;
  return training->minimum + (training->rate - training->minimum) * (1 + cos(pi * share)) / 2;
}

double lathe_learning_rate(const struct lathe_training *training, int epoch)
{
  switch (training->schedule) {
  case LATHE_STEP:
    /* NOLINTNEXTLINE(bugprone-integer-division): so many times, whole, as it has fallen by then */
    return training->rate * pow(training->gamma, training->every > 0 ? epoch / training->every : 0);
  case LATHE_EXPONENTIAL:
    return training->rate * pow(training->gamma, epoch);
  case LATHE_COSINE:
    return cosine(training, epoch);
  default:
    return training->rate;
  }
}

struct lathe_course lathe_course_start(const struct lathe_training *training)
{
  return (struct lathe_course){
      .rate = lathe_learning_rate(training, 0), .least = INFINITY, .stop_least = INFINITY};
}

/* PyTorch's ReduceLROnPlateau, of a loss that is to become less by a share of itself. Of a loss
 * below 0 it takes that share upwards; here it is downwards, too. */
static void watch_plateau(struct lathe_course *course, const struct lathe_training *training,
                          double loss)
{
  static const double least_change = 1e-8; /* of the rate: less is none */
  course->waited++;
  if (loss < course->least - training->threshold * fabs(course->least) || isinf(course->least)) {
    course->least = loss;
    course->waited = 0;
  }
  if (course->resting > 0) {
    course->resting--;
    course->waited = 0;
  }
  if (course->waited <= training->patience)
    return;
  double lower = fmax(course->rate * training->gamma, training->minimum);
  if (course->rate - lower > least_change)
    course->rate = lower;
  course->resting = training->cooldown;
  course->waited = 0;
}

void lathe_course_add(struct lathe_course *course, const struct lathe_training *training,
                      double loss)
{
  course->epochs++;
  if (training->schedule == LATHE_PLATEAU)
    watch_plateau(course, training, loss);
  else
    course->rate = lathe_learning_rate(training, course->epochs);
  course->stop_waited++;
  if (loss < course->stop_least - training->stop_gain) {
    course->stop_least = loss;
    course->stop_waited = 0;
  }
}

double lathe_course_rate(const struct lathe_course *course, const struct lathe_training *training,
                         int64_t steps)
{
  int64_t done = training->warmup_steps ? steps : course->epochs;
  if (done >= training->warmup)
    return course->rate;
  double start = training->warmup_start;
  return course->rate * (start + (1 - start) * (double)done / training->warmup);
}

double lathe_kl_share(const struct lathe_training *training, int epochs, int64_t steps,
                      int64_t steps_an_epoch)
{
  double done = training->kl_steps ? (double)steps : epochs, all = training->epochs;
  if (training->kl_warmup > 0)
    return fmin(done / training->kl_warmup, 1);
  if (training->kl_cycles == 0)
    return 1;
  if (training->kl_steps)
    all *= (double)steps_an_epoch;
  double within = fmod(done * training->kl_cycles / all, 1); /* exactly 0 where a cycle begins */
  return fmin(within / training->kl_ramp, 1);
}

bool lathe_course_ended(const struct lathe_course *course, const struct lathe_training *training)
{
  return training->stop_patience > 0 && course->stop_waited >= training->stop_patience;
}

const char *lathe_schedule_name(enum lathe_schedule schedule)
{
  return names[schedule];
}

bool lathe_schedule_named(const char *name, enum lathe_schedule *schedule)
{
  for (int i = 0; i < LATHE_SCHEDULES; i++)
    if (strcmp(names[i], name) == 0) {
      *schedule = (enum lathe_schedule)i;
      return true;
    }
  return false;
}
