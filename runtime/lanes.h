/* Vectors of doubles as wide as the machine's registers, written with the vector extensions of gcc
 * and clang. They are passed by address: by value, how is another matter on each machine. */
#ifndef LATHE_LANES_H
#define LATHE_LANES_H

#include "vector.h"
#include <stdint.h>

enum { LATHE_DOUBLES = LATHE_VECTOR_BYTES / 8 };

typedef double lathe_lanes __attribute__((vector_size(LATHE_VECTOR_BYTES)));
typedef uint64_t lathe_lane_bits __attribute__((vector_size(LATHE_VECTOR_BYTES)));

/* The sum of all lanes: halves are added until two are left. */
static inline double lathe_lanes_sum(const lathe_lanes *x)
{
#if defined __AVX__
  typedef double pair __attribute__((vector_size(16)));
  pair part[LATHE_DOUBLES / 2];
  memcpy(part, x, sizeof part);
#if defined __AVX512F__
  part[0] += part[2];
  part[1] += part[3];
#endif
  part[0] += part[1];
  return part[0][0] + part[0][1];
#else
  return (*x)[0] + (*x)[1];
#endif
}

/* most = the larger of most and x, lane by lane; most where x is not a number. */
static inline void lathe_lanes_raise(lathe_lanes *most, const lathe_lanes *x)
{
  const lathe_lane_bits larger = (lathe_lane_bits)(*x > *most);
  *most = (lathe_lanes)(((lathe_lane_bits)*x & larger) | ((lathe_lane_bits)*most & ~larger));
}

/* x = 2^x for x <= 0 (or not a number, which it stays), within 2 ULP; 0 where x < -1021, before
 * results lose digits. x = k + r with k whole and |r| <= 1/2; 2^r is a polynomial whose greatest
 * relative error is least (by Remez's algorithm: 1.8e-17), exactly 1 at 0; k goes into the
 * exponent. */
static inline void lathe_lanes_exp2(lathe_lanes *x)
{
  const lathe_lanes shifted = *x + 0x1.8p52; /* rounds to a whole number, in the lowest bits */
  const lathe_lanes r = *x - (shifted - 0x1.8p52);
  lathe_lanes p = r * 4.078071929588337e-10 + 7.072570412814423e-09;
  p = p * r + 1.0180647659234139e-07;
  p = p * r + 1.3215442675329823e-06;
  p = p * r + 1.5252727385193868e-05;
  p = p * r + 0.0001540353044157213;
  p = p * r + 0.0013333558153439966;
  p = p * r + 0.009618129107607003;
  p = p * r + 0.05550410866479039;
  p = p * r + 0.24022650695910097;
  p = p * r + 0.6931471805599457;
  p = p * r + 1.0;
  const lathe_lane_bits power = (lathe_lane_bits)p + ((lathe_lane_bits)shifted << 52);
  *x = (lathe_lanes)(power & ~(lathe_lane_bits)(*x < -1021.0));
}

#endif
