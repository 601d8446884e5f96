#include "philox.h"
#include <math.h>

/* Blocks made side by side: their rounds become vector code. */
enum { LANES = 8 };

static void round_once(uint32_t counter[4][LANES], const uint32_t key[2])
{
  for (int i = 0; i < LANES; i++) {
    uint64_t a = (uint64_t)0xD2511F53 * counter[0][i];
    uint64_t b = (uint64_t)0xCD9E8D57 * counter[2][i];
    counter[0][i] = (uint32_t)(b >> 32) ^ counter[1][i] ^ key[0];
    counter[1][i] = (uint32_t)b;
    counter[2][i] = (uint32_t)(a >> 32) ^ counter[3][i] ^ key[1];
    counter[3][i] = (uint32_t)a;
  }
}

static void make_blocks(uint32_t counter[4][LANES], const uint32_t key[2])
{
  uint32_t k[2] = {key[0], key[1]};
  for (int round = 0; round < 10; round++) {
    round_once(counter, k);
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
}

void lathe_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
  uint32_t lanes[4][LANES] = {{counter[0]}, {counter[1]}, {counter[2]}, {counter[3]}};
  make_blocks(lanes, key);
  for (int i = 0; i < 4; i++)
    out[i] = lanes[i][0];
}

/* The words of the LANES blocks from `index` on: out[word][block]. */
static void random_blocks(uint64_t seed, enum lathe_purpose purpose, uint64_t step, uint64_t index,
                          uint32_t out[4][LANES])
{
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  for (uint64_t i = 0; i < LANES; i++) {
    out[0][i] = (uint32_t)(index + i);
    out[1][i] = (uint32_t)((index + i) >> 32);
    out[2][i] = (uint32_t)step;
    out[3][i] = ((uint32_t)(step >> 32) & 0xFFFFFF) | (uint32_t)purpose << 24;
  }
  make_blocks(out, key);
}

void lathe_random_u32x4(uint64_t seed, enum lathe_purpose purpose, uint64_t step, uint64_t index,
                        uint32_t out[4])
{
  uint32_t blocks[4][LANES];
  random_blocks(seed, purpose, step, index, blocks);
  for (int i = 0; i < 4; i++)
    out[i] = blocks[i][0];
}

/* Number `index` of a sequence of 64-bit words, two a block. */
static uint64_t word64(uint64_t seed, enum lathe_purpose purpose, uint64_t step, uint64_t index)
{
  uint32_t block[4];
  lathe_random_u32x4(seed, purpose, step, index / 2, block);
  const uint32_t *half = block + 2 * (index % 2);
  return (uint64_t)half[1] << 32 | half[0];
}

static double uniform_of(uint64_t word)
{
  return (double)(word >> 11) * 0x1p-53;
}

double lathe_random_uniform(uint64_t seed, enum lathe_purpose purpose, uint64_t step,
                            uint64_t index)
{
  return uniform_of(word64(seed, purpose, step, index));
}

void lathe_random_uniforms(uint64_t seed, enum lathe_purpose purpose, uint64_t step, uint64_t first,
                           int64_t n, double *out)
{
  uint32_t words[4][LANES];
  for (int64_t i = 0; i < n;) {
    uint64_t index = first + (uint64_t)i;
    random_blocks(seed, purpose, step, index / 2, words);
    for (uint64_t j = index % 2; j < 2 * LANES && i < n; j++, i++)
      out[i] = uniform_of((uint64_t)words[j % 2 * 2 + 1][j / 2] << 32 | words[j % 2 * 2][j / 2]);
  }
}

/* The words of a sequence in their order, 2 LANES of them made at once. */
struct words {
  uint64_t seed, step, next; /* `next`: the number of the word to come */
  enum lathe_purpose purpose;
  uint32_t blocks[4][LANES]; /* those of the words around it */
};

static uint64_t next_word(struct words *words)
{
  uint64_t index = words->next++, lane = index / 2 % LANES;
  if (index % (2 * (uint64_t)LANES) == 0)
    random_blocks(words->seed, words->purpose, words->step, index / 2, words->blocks);
  const uint64_t half = index % 2 * 2;
  return (uint64_t)words->blocks[half + 1][lane] << 32 | words->blocks[half][lane];
}

/* The words from there on are too few to be shared out evenly among `bound`. */
static uint64_t first_unfair(uint64_t bound)
{
  return UINT64_MAX - UINT64_MAX % bound;
}

uint64_t lathe_random_below(uint64_t seed, enum lathe_purpose purpose, uint64_t step,
                            uint64_t *index, uint64_t bound)
{
  uint64_t word;
  do
    word = word64(seed, purpose, step, (*index)++);
  while (word >= first_unfair(bound));
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

void lathe_random_mask(struct lathe_draw draw, uint64_t first, int64_t n, double rate,
                       lathe_real *mask)
{
  const uint32_t least = (uint32_t)(rate * 0x1p32);
  const lathe_real kept = (lathe_real)(1 / (1 - rate));
  uint32_t block[4];
  for (int64_t i = 0; i < n; i++) {
    if (i % 4 == 0)
      lathe_random_u32x4(draw.seed, LATHE_RANDOM_DROPOUT, draw.step, first + (uint64_t)i / 4,
                         block);
    mask[i] = block[i % 4] >= least ? kept : 0;
  }
}

void lathe_random_permutation(uint64_t seed, enum lathe_purpose purpose, uint64_t step, int64_t n,
                              int64_t *out)
{
  struct words words = {.seed = seed, .step = step, .purpose = purpose};
  for (int64_t i = 0; i < n; i++)
    out[i] = i;
  for (int64_t i = n - 1; i > 0; i--) {
    uint64_t bound = (uint64_t)i + 1, word;
    do
      word = next_word(&words);
    while (word >= first_unfair(bound));
    int64_t j = (int64_t)(word % bound);
    int64_t swap = out[i];
    out[i] = out[j];
    out[j] = swap;
  }
}
