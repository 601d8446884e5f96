/* The most floating-point operations a second that this machine can do: what a benchmark is
 * measured against. */
#ifndef LATHE_PEAK_H
#define LATHE_PEAK_H

#include "pool.h"

/* Runs independent chains of fused multiply-adds of lathe_real, in registers, on all threads of
 * `pool` for about `seconds`, and returns operations a second (a multiply-add is two) of the best
 * of several rounds: what else runs here can only make it less. The widest vectors that the
 * processor has are used. */
double lathe_peak_flops(struct lathe_pool *pool, double seconds);

/* The vectors used: "avx512", "avx2" or "generic". */
const char *lathe_peak_vectors(void);

#endif
