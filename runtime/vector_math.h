/* Exponentials, and activations made of them, that a compiler can turn into vector code: no
 * branches, no calls. The float versions stay within a few ULP of the exact result (exp: 2, for
 * arguments in [-87, 88], where it is a normal number; beyond, its value at that end), tested
 * against double; the double versions are the library's. */
#ifndef LATHE_VECTOR_MATH_H
#define LATHE_VECTOR_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* x = k log 2 + r with |r| <= log(2) / 2, log 2 in two parts (Cody & Waite 1980, chapter 6): 2^k,
 * and exp(r) - 1 by a polynomial (Taylor's, whose error there is below float's rounding). */
struct lathe_reduced {
  float power, expm1;
};

static inline struct lathe_reduced lathe_reduce(float x)
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
  uint32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits - 0x4B400000U + 127U) << 23;
  struct lathe_reduced reduced = {.expm1 = p * (r * r) + r};
  memcpy(&reduced.power, &bits, sizeof bits);
  return reduced;
}

static inline float lathe_expf(float x)
{
  const struct lathe_reduced e = lathe_reduce(x);
  return e.power * (e.expm1 + 1.0F);
}

/* exp(x) - 1, without the loss of digits near 0. */
static inline float lathe_expm1f(float x)
{
  const struct lathe_reduced e = lathe_reduce(x);
  return e.power * e.expm1 + (e.power - 1.0F);
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

static inline float lathe_tanhf(float x)
{
  const float a = x < 0 ? -x : x;
  const float m = lathe_expm1f(-2.0F * a);
  const float t = -m / (2.0F + m);
  return x < 0 ? -t : t;
}

/* log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)). */
static inline float lathe_softplusf(float x)
{
  return (x > 0 ? x : 0) + lathe_log1p_expf(x < 0 ? -x : x);
}

/* x sigmoid(x). Below -88 its value there: nearly 0, where the product would not be. */
static inline float lathe_siluf(float x)
{
  return (x < -88.0F ? -88.0F : x) * lathe_sigmoidf(x);
}

/* And its derivative. */
static inline float lathe_silu_slopef(float x)
{
  const float s = lathe_sigmoidf(x);
  x = x < -88.0F ? -88.0F : x > 88.0F ? 88.0F : x;
  return s + x * s * lathe_sigmoidf(-x);
}

/* exp(-a^2 / 2) for 0 <= a <= 13: a^2 is taken apart, for its rounding would be multiplied by the
 * exponential. h^2 is exact, and what is left to a^2 so small that a cubic is enough. */
static inline float lathe_exp_squaref(float a)
{
  const float h = (a + 49152.0F) - 49152.0F; /* rounded to a multiple of 1 / 256 */
  const float d = -0.5F * (a - h) * (a + h);
  return lathe_expf(-0.5F * h * h) * (1.0F + d + d * d * (0.5F + d * (1.0F / 6.0F)));
}

/* The normal distribution's weight beyond a, over exp(-a^2 / 2), for 0 <= a <= 13: t = 1 / (1 +
 * 0.34 a) times a polynomial in u = 1 - t, fitted to a relative error of 3e-8. */
static inline float lathe_mills_ratiof(float a)
{
  const float t = 1.0F / (1.0F + 0.34F * a);
  const float u = 0.34F * a * t;
  float p = -0.02656089827F;
  p = p * u + 0.07093801015F;
  p = p * u - 0.03003410283F;
  p = p * u - 0.02865877944F;
  p = p * u - 0.07735226064F;
  p = p * u + 0.0847474347F;
  p = p * u + 0.3158989467F;
  p = p * u - 0.67335981F;
  p = p * u + 0.5F;
  return p * t;
}

/* x Phi(x), Phi the distribution function of N(0, 1) (Hendrycks & Gimpel 2016). */
static inline float lathe_geluf(float x)
{
  float a = x < 0 ? -x : x;
  a = a > 13.0F ? 13.0F : a;
  const float beyond = lathe_exp_squaref(a) * lathe_mills_ratiof(a);
  return x < 0 ? -a * beyond : x * (1.0F - beyond);
}

/* And its derivative: Phi(x) + x phi(x). */
static inline float lathe_gelu_slopef(float x)
{
  float a = x < 0 ? -x : x;
  a = a > 13.0F ? 13.0F : a;
  const float e = lathe_exp_squaref(a);
  const float beyond = e * (lathe_mills_ratiof(a) - a * 0.398942280401432678F);
  return x < 0 ? beyond : 1.0F - beyond;
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

static inline double lathe_expm1(double x)
{
  return expm1(x);
}

static inline double lathe_tanh(double x)
{
  return tanh(x);
}

static inline double lathe_softplus(double x)
{
  return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static inline double lathe_silu(double x)
{
  return (x < -700 ? -700 : x) * lathe_sigmoid(x);
}

static inline double lathe_silu_slope(double x)
{
  const double s = lathe_sigmoid(x);
  x = x < -700 ? -700 : x > 700 ? 700 : x;
  return s + x * s * lathe_sigmoid(-x);
}

static inline double lathe_gelu(double x)
{
  const double a = x < -38 ? -38 : x;
  return (x < 0 ? a : x) * 0.5 * erfc(a * -0.70710678118654752440);
}

static inline double lathe_gelu_slope(double x)
{
  const double a = x < -38 ? -38 : x > 38 ? 38 : x;
  return 0.5 * erfc(a * -0.70710678118654752440) + a * exp(-0.5 * a * a) * 0.39894228040143267794;
}

#endif
