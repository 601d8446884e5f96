/* The inverse of the normal distribution function. */
#ifndef LATHE_QUANTILE_H
#define LATHE_QUANTILE_H

/* The x with P(X <= x) = p for a standard normal X; 0 < p < 1. -inf at 0, inf at 1, NaN outside.
 * Relative accuracy about 1e-16 (Wichura 1988, algorithm AS 241, PPND16). */
double lathe_normal_quantile(double p);

#endif
