#include "decimal.h"
#include <stdint.h>
#include <stdlib.h>

/* Digits that a uint64_t surely holds, and powers of ten that a double holds exactly. */
enum { DIGITS = 19, EXACT_POWER = 22, LARGEST_EXPONENT = 100000 };

static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

struct decimal {
  uint64_t digits; /* the first DIGITS of them, leading zeros aside */
  int count;       /* of those */
  int exponent;    /* the value is digits x 10^exponent, */
  bool more;       /* and a little more */
};

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static void add_digit(struct decimal *d, char c, bool behind_point)
{
  if (d->count == DIGITS) {
    d->more |= c != '0';
    d->exponent += !behind_point && d->exponent < LARGEST_EXPONENT;
    return;
  }
  d->digits = 10 * d->digits + (uint64_t)(c - '0');
  d->count += d->digits > 0;
  d->exponent -= behind_point && d->exponent > -LARGEST_EXPONENT;
}

/* What follows the sign; where it ends, or NULL when it is no number. */
static const char *read_digits(const char *at, struct decimal *d)
{
  const char *first = at;
  int seen = 0;
  for (; is_digit(*at); at++, seen++)
    add_digit(d, *at, false);
  if (*at == '.')
    for (at++; is_digit(*at); at++, seen++)
      add_digit(d, *at, true);
  if (seen == 0 || at == first)
    return NULL;
  if (*at != 'e' && *at != 'E')
    return at;
  bool negative = *++at == '-';
  at += *at == '-' || *at == '+';
  if (!is_digit(*at))
    return NULL;
  int exponent = 0;
  for (; is_digit(*at); at++)
    if (exponent < LARGEST_EXPONENT)
      exponent = 10 * exponent + (*at - '0');
  d->exponent += negative ? -exponent : exponent;
  return at;
}

/* Where digits and power of ten are doubles, their product or quotient is rounded once, so it is
 * the nearest (Clinger, "How to read floating point numbers accurately", 1990): a tenth of strtod's
 * time. Nothing else sets the locale, so strtod goes by the point. */
bool lathe_decimal_read(const char *text, double *value)
{
  struct decimal d = {0};
  const char *digits = text + (*text == '-' || *text == '+');
  const char *end = read_digits(digits, &d);
  if (!end || *end != '\0')
    return false;
  bool exact = !d.more && d.digits <= UINT64_C(1) << 53 && d.exponent >= -EXACT_POWER &&
               d.exponent <= EXACT_POWER;
  double size = !exact            ? strtod(digits, NULL)
                : d.exponent >= 0 ? (double)d.digits * powers[d.exponent]
                                  : (double)d.digits / powers[-d.exponent];
  *value = *text == '-' ? -size : size;
  return true;
}
