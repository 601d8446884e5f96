/* Random numbers as a function of (seed, purpose, step, index) alone: nothing is carried from one
 * draw to the next, so they depend neither on the number of threads nor on where a run was resumed.
 * Generator: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011). Key: the seed. Counter: index, then the low 56 bits of step and the purpose.
 */
#ifndef LATHE_PHILOX_H
#define LATHE_PHILOX_H

#include "real.h"
#include <stdint.h>

/* What a number is for: no two uses share numbers. Runs are reproduced only while these values
 * stay, so add at the end. `step` is what the comment says. */
enum lathe_purpose {
  LATHE_RANDOM_INIT,             /* initial weights; step: the tensor's position */
  LATHE_RANDOM_SPLIT,            /* training and validation images; step: 0 */
  LATHE_RANDOM_SHUFFLE,          /* order of the images; step: the epoch */
  LATHE_RANDOM_NOISE,            /* reparametrisation noise; step: the training step */
  LATHE_RANDOM_VALIDATION_NOISE, /* the same for losses measured; step 0, index: the image's place x
                                    latent */
  LATHE_RANDOM_KMEANS,           /* k-means++ seeding; step: the run */
  LATHE_RANDOM_EM_START,         /* random starts of EM; step: the run */
  LATHE_RANDOM_SAMPLE,           /* generated images: the latents' noise; step: 0 */
  LATHE_RANDOM_COMPONENT,        /* generated images: the choice of the component; step: 0 */
  LATHE_RANDOM_OVERLAP,          /* draws of the cluster analysis; step: the component */
  LATHE_RANDOM_BENCH,            /* made-up data to measure with */
  LATHE_RANDOM_DROPOUT,          /* dropout's masks; step: the training step */
  LATHE_RANDOM_AUGMENT,          /* shifts and mirrors of images; step: the training step */
  LATHE_RANDOM_AUGMENT_NOISE,    /* noise on images; step: the training step */
};

/* The bare generator: 10 rounds on `counter` under `key`. */
void lathe_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* The four 32-bit words of block `index`. */
void lathe_random_u32x4(uint64_t seed, enum lathe_purpose purpose, uint64_t step, uint64_t index,
                        uint32_t out[4]);

/* Number `index` of a sequence uniform in [0, 1), 53 bits. */
double lathe_random_uniform(uint64_t seed, enum lathe_purpose purpose, uint64_t step,
                            uint64_t index);

/* Numbers first .. first+n-1 of that sequence, drawn faster than one by one. */
void lathe_random_uniforms(uint64_t seed, enum lathe_purpose purpose, uint64_t step, uint64_t first,
                           int64_t n, double *out);

/* A whole number uniform in [0, bound), bound >= 1, without bias (by rejection). It takes numbers
 * of a sequence from *index on and leaves *index at the first number not taken. */
uint64_t lathe_random_below(uint64_t seed, enum lathe_purpose purpose, uint64_t step,
                            uint64_t *index, uint64_t bound);

/* Numbers first .. first+n-1 of a sequence of independent standard normals (Box and Muller 1958).
 * A number does not depend on first or n, only on its place in the sequence. */
void lathe_random_normal(uint64_t seed, enum lathe_purpose purpose, uint64_t step, uint64_t first,
                         int64_t n, lathe_real *out);

/* The same numbers in double whatever lathe_real is. */
void lathe_random_normal_double(uint64_t seed, enum lathe_purpose purpose, uint64_t step,
                                uint64_t first, int64_t n, double *out);

/* What the random numbers of one training step derive from. */
struct lathe_draw {
  uint64_t seed, step;
};

/* Masks of dropout: n values, each 0 with probability `rate` < 1 (to 32 bits), else 1 / (1 - rate).
 * They come from blocks `first` .. of the draw, four values each. */
void lathe_random_mask(struct lathe_draw draw, uint64_t first, int64_t n, double rate,
                       lathe_real *mask);

/* A uniformly random order of 0 .. n-1 (Fisher and Yates' shuffle). */
void lathe_random_permutation(uint64_t seed, enum lathe_purpose purpose, uint64_t step, int64_t n,
                              int64_t *out);

#endif
