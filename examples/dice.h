/* Random numbers for made-up data. */
#ifndef DICE_H
#define DICE_H

#include <stdint.h>

/* They depend on (seed, set, index) and on how many were drawn, and on nothing else: so example
 * `index` of a set is the same whatever was drawn before it. */
struct dice {
  uint64_t seed;
  uint32_t set;
  uint64_t index;
  uint32_t drawn;
};

double dice_uniform(struct dice *dice, double low, double high);
double dice_normal(struct dice *dice, double deviation);

#endif
