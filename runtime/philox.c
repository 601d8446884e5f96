#include "philox.h"
#include <math.h>

static void round_once(uint32_t counter[4], const uint32_t key[2])
{
  uint64_t a = (uint64_t)0xD2511F53 * counter[0];
  uint64_t b = (uint64_t)0xCD9E8D57 * counter[2];
  uint32_t next[4] = {(uint32_t)(b >> 32) ^ counter[1] ^ key[0], (uint32_t)b,
                      (uint32_t)(a >> 32) ^ counter[3] ^ key[1], (uint32_t)a};
  for (int i = 0; i < 4; i++)
    counter[i] = next[i];
}

void lathe_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
  uint32_t k[2] = {key[0], key[1]};
  for (int i = 0; i < 4; i++)
    out[i] = counter[i];
  for (int round = 0; round < 10; round++) {
    round_once(out, k);
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
}

void lathe_random_u32x4(uint64_t seed, enum lathe_purpose purpose, uint64_t step, uint64_t index,
                        uint32_t out[4])
{
  uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)step,
                         ((uint32_t)(step >> 32) & 0xFFFFFF) | (uint32_t)purpose << 24};
  lathe_philox4x32(counter, key, out);
}

/* Number `index` of a sequence of 64-bit words, two a block. */
static uint64_t word64(uint64_t seed, enum lathe_purpose purpose, uint64_t step, uint64_t index)
{
  uint32_t block[4];
  lathe_random_u32x4(seed, purpose, step, index / 2, block);
  const uint32_t *half = block + 2 * (index % 2);
  return (uint64_t)half[1] << 32 | half[0];
}

double lathe_random_uniform(uint64_t seed, enum lathe_purpose purpose, uint64_t step,
                            uint64_t index)
{
  return (double)(word64(seed, purpose, step, index) >> 11) * 0x1p-53;
}

uint64_t lathe_random_below(uint64_t seed, enum lathe_purpose purpose, uint64_t step,
                            uint64_t *index, uint64_t bound)
{
  /* The words from `limit` on are too few to be shared out evenly. */
  uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t word;
  do
    word = word64(seed, purpose, step, (*index)++);
  while (word >= limit);
  return word % bound;
}

/* Four normals a block: Box and Muller's transform of two pairs of words. */
static void normal_block(uint64_t seed, enum lathe_purpose purpose, uint64_t step, uint64_t index,
                         double out[4])
{
  const double two_pi = 6.283185307179586;
  uint32_t block[4];
  lathe_random_u32x4(seed, purpose, step, index, block);
  for (int pair = 0; pair < 4; pair += 2) {
    double u = ((double)block[pair] + 1) * 0x1p-32; /* (0, 1]: its logarithm is finite */
    double radius = sqrt(-2 * log(u));
    double angle = two_pi * 0x1p-32 * (double)block[pair + 1];
    out[pair] = radius * cos(angle);
    out[pair + 1] = radius * sin(angle);
  }
}

void lathe_random_normal(uint64_t seed, enum lathe_purpose purpose, uint64_t step, uint64_t first,
                         int64_t n, lathe_real *out)
{
  double block[4];
  for (int64_t i = 0; i < n; i++) {
    uint64_t index = first + (uint64_t)i;
    if (i == 0 || index % 4 == 0)
      normal_block(seed, purpose, step, index / 4, block);
    out[i] = (lathe_real)block[index % 4];
  }
}

void lathe_random_normal_double(uint64_t seed, enum lathe_purpose purpose, uint64_t step,
                                uint64_t first, int64_t n, double *out)
{
  double block[4];
  for (int64_t i = 0; i < n; i++) {
    uint64_t index = first + (uint64_t)i;
    if (i == 0 || index % 4 == 0)
      normal_block(seed, purpose, step, index / 4, block);
    out[i] = block[index % 4];
  }
}

void lathe_random_permutation(uint64_t seed, enum lathe_purpose purpose, uint64_t step, int64_t n,
                              int64_t *out)
{
  for (int64_t i = 0; i < n; i++)
    out[i] = i;
  uint64_t index = 0;
  for (int64_t i = n - 1; i > 0; i--) {
    int64_t j = (int64_t)lathe_random_below(seed, purpose, step, &index, (uint64_t)i + 1);
    int64_t swap = out[i];
    out[i] = out[j];
    out[j] = swap;
  }
}
