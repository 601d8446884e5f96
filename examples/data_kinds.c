#include "data_kinds.h"
#include <math.h>

/* ---- blobs: points of a plane from five Gaussians, some of which overlap ---- */

static void make_blob(int label, struct dice *dice, float *values)
{
  static const struct {
    double x, y, length, width, angle; /* deviations along and across; radians */
  } BLOBS[] = {
      {-4, -3, 1.5, 0.4, 0.6}, {-3, 3, 0.7, 0.7, 0},     {0.5, 0, 2.0, 0.3, -1.1},
      {4, 3, 1.2, 0.5, 2.4},   {4.5, -2, 0.5, 0.3, 0.2},
  };
  double along = dice_normal(dice, BLOBS[label].length);
  double across = dice_normal(dice, BLOBS[label].width);
  double c = cos(BLOBS[label].angle), s = sin(BLOBS[label].angle);
  values[0] = (float)(BLOBS[label].x + c * along - s * across);
  values[1] = (float)(BLOBS[label].y + s * along + c * across);
}

/* ---- sensors: what twelve sensors of a machine say in four states ---- */

enum { SENSORS = 12 };

/* A fixed number between low and high, the same for all data: a trait of the machine. */
static double trait(uint32_t which, int state, int sensor, double low, double high)
{
  struct dice dice = {12, which, (uint64_t)(state * SENSORS + sensor), 0};
  return dice_uniform(&dice, low, high);
}

/* The load and the warmth of the machine move all sensors, each in its own way, and each sensor has
 * noise of its own: a deviation of 0.05, 0.1, 0.2 or 0.4. */
static void make_sensors(int state, struct dice *dice, float *values)
{
  enum { PLACE, SWING, PHASE, DRIFT };
  double load = dice_normal(dice, 0.8), warmth = dice_normal(dice, 0.8);
  for (int j = 0; j < SENSORS; j++)
    values[j] = (float)(trait(PLACE, state, j, -1, 1) + dice_normal(dice, 0.05 * (1 << j % 4)) +
                        trait(SWING, 0, j, 0.3, 1) * sin(load + trait(PHASE, 0, j, 0, 6)) +
                        trait(DRIFT, 0, j, -0.6, 0.6) * tanh(warmth));
}

/* ---- answers: twenty questions, answered on a scale from 0 to 4 by four kinds of people ---- */

enum { QUESTIONS = 20 };

static void make_answers(int label, struct dice *dice, float *values)
{
  double mood = dice_normal(dice, 0.4);
  for (int j = 0; j < QUESTIONS; j++) {
    struct dice opinion = {20, (uint32_t)label, (uint64_t)j, 0};
    double answer = dice_uniform(&opinion, 0.3, 3.7) + mood + dice_normal(dice, 0.9);
    values[j] = (float)fmin(fmax(round(answer), 0), 4);
  }
}

/* ---- beats: heartbeats as two leads of an electrocardiogram see them ---- */

enum { LEADS = 2, BEAT = 96, WAVES = 6 };

/* A wave of a beat: where its middle is, how wide it is (in samples), and how high in each lead. */
struct wave {
  double middle, width, height[LEADS];
};

static const struct wave BEATS[][WAVES] = {
    /* Normal: P, Q, R, S, T. */
    {{24, 3.5, {0.15, 0.1}},
     {36, 1.2, {-0.1, -0.15}},
     {40, 1.6, {1.0, 0.6}},
     {44, 1.4, {-0.25, -0.4}},
     {66, 6, {0.3, 0.2}}},
    /* Early, from the ventricle: no P, a wide R, a T that points down. */
    {{33, 5, {0.9, 0.75}}, {44, 4, {-0.4, -0.2}}, {62, 7, {-0.35, -0.3}}},
    /* Bundle branch block: a split R, a deep S. */
    {{24, 3.5, {0.15, 0.1}},
     {38, 1.8, {0.6, 0.4}},
     {45, 2.2, {0.75, -0.3}},
     {51, 2.5, {-0.35, 0.5}},
     {69, 6, {-0.2, 0.2}}},
};

/* Hearts differ in pace, strength and waves; leads wander, and have noise. */
static void make_beat(int label, struct dice *dice, float *values)
{
  double shift = dice_normal(dice, 1.5), pace = dice_uniform(dice, 0.92, 1.08);
  double strength = dice_uniform(dice, 0.7, 1.1);
  double wander = dice_normal(dice, 0.06), phase = dice_uniform(dice, 0, 6.28);
  struct wave waves[WAVES];
  for (int k = 0; k < WAVES; k++) {
    waves[k] = BEATS[label][k];
    double own = strength * dice_uniform(dice, 0.85, 1.15);
    waves[k].middle = 40 + shift + pace * (waves[k].middle - 40) + dice_normal(dice, 0.5);
    waves[k].width *= dice_uniform(dice, 0.9, 1.1);
    for (int lead = 0; lead < LEADS; lead++)
      waves[k].height[lead] *= own;
  }
  for (int lead = 0; lead < LEADS; lead++)
    for (int t = 0; t < BEAT; t++) {
      double sum = wander * sin(phase + lead + 0.05 * t) + dice_normal(dice, 0.03);
      for (int k = 0; k < WAVES && waves[k].width > 0; k++)
        sum += waves[k].height[lead] * exp(-pow((t - waves[k].middle) / waves[k].width, 2) / 2);
      values[lead * BEAT + t] = (float)sum;
    }
}

/* ---- All of them ---- */

const struct data_kind data_kinds[] = {
    {"blobs", "points of a plane, from 5 Gaussians", 1, {2}, 5, {3, 2, 4, 2, 1}, make_blob},
    {"sensors",
     "12 sensors of a machine that is in one of 4 states",
     1,
     {SENSORS},
     4,
     {4, 3, 2, 1},
     make_sensors},
    {"answers",
     "answers 0 to 4 to 20 questions, of 4 kinds of people",
     1,
     {QUESTIONS},
     4,
     {1, 1, 1, 1},
     make_answers},
    {"beats",
     "heartbeats of 3 kinds, in 2 leads of 96 values",
     2,
     {LEADS, BEAT},
     3,
     {2, 1, 1},
     make_beat},
    {0},
};

int data_kind_values(const struct data_kind *kind)
{
  return kind->shape[0] * (kind->rank > 1 ? kind->shape[1] : 1);
}
