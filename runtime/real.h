/* The number type of a model's tensors: float, or double when the description says `precision
 * float64`. The runtime is compiled once for each, so that the types are checked, never cast. */
#ifndef LATHE_REAL_H
#define LATHE_REAL_H

#ifdef LATHE_FLOAT64
typedef double lathe_real;
#else
typedef float lathe_real;
#endif

#endif
