/* Exponentials that a compiler can turn into vector code: no branches, no calls. The float versions
 * stay within 3 ULP of the exact result (exp: 2, for arguments in [-87, 88], where it is a normal
 * number; beyond, its value at that end), tested against double; the double versions are the
 * library's. */
#ifndef LATHE_VECTOR_MATH_H
#define LATHE_VECTOR_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* exp(x): x = k log 2 + r with |r| <= log(2) / 2, log 2 in two parts (Cody & Waite 1980, chapter
 * 6), then a polynomial in r (Taylor's, whose error there is below float's rounding) times 2^k. */
static inline float lathe_expf(float x)
{
  x = x > 88.0F ? 88.0F : x;
  x = x < -87.0F ? -87.0F : x;
  /* Adding and taking away 1.5 x 2^23 rounds to the nearest whole number. */
  const float shifted = x * 1.44269504088896F + 12582912.0F;
  const float k = shifted - 12582912.0F;
  const float r = (x - k * 0.693359375F) + k * 2.12194440054690583e-4F;
  float p = 1.0F / 5040.0F;
  p = p * r + 1.0F / 720.0F;
  p = p * r + 1.0F / 120.0F;
  p = p * r + 1.0F / 24.0F;
  p = p * r + 1.0F / 6.0F;
  p = p * r + 0.5F;
  p = p * (r * r) + r + 1.0F;
  uint32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits - 0x4B400000U + 127U) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return p * power;
}

static inline float lathe_sigmoidf(float x)
{
  return 1.0F / (1.0F + lathe_expf(-x));
}

/* log(1 + exp(-a)) for a >= 0. With t = exp(-a) in (0, 1]: 2 atanh(t / (2 + t)), the odd series cut
 * where its error is below float's rounding (argument at most 1/3). */
static inline float lathe_log1p_expf(float a)
{
  const float t = lathe_expf(-a);
  const float s = t / (2.0F + t);
  const float q = s * s;
  float p = 1.0F / 15.0F;
  p = p * q + 1.0F / 13.0F;
  p = p * q + 1.0F / 11.0F;
  p = p * q + 1.0F / 9.0F;
  p = p * q + 1.0F / 7.0F;
  p = p * q + 1.0F / 5.0F;
  p = p * q + 1.0F / 3.0F;
  return 2.0F * (s + s * q * p);
}

static inline double lathe_exp(double x)
{
  return exp(x);
}

static inline double lathe_sigmoid(double x)
{
  return 1.0 / (1.0 + exp(-x));
}

static inline double lathe_log1p_exp(double a)
{
  return log1p(exp(-a));
}

#endif
