#include "dice.h"
#include "philox.h"
#include <math.h>

double dice_uniform(struct dice *dice, double low, double high)
{
  uint32_t counter[4] = {dice->drawn++, (uint32_t)dice->index, (uint32_t)(dice->index >> 32),
                         dice->set};
  uint32_t key[2] = {(uint32_t)dice->seed, (uint32_t)(dice->seed >> 32)};
  uint32_t word[4];
  lathe_philox4x32(counter, key, word);
  return low + (high - low) * ((double)word[0] + 0.5) / 4294967296.0;
}

double dice_normal(struct dice *dice, double deviation)
{
  double radius = sqrt(-2 * log(dice_uniform(dice, 0, 1)));
  return deviation * radius * sin(4 * acos(0.0) * dice_uniform(dice, 0, 1));
}
