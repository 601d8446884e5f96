#include "sha256.h"
#include "file.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint32_t rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, int n)
{
  return x >> n | x << (32 - n);
}

/* One round, for eight variables that the standard calls a to h: two of them change, and for the
 * next round all have moved on by one name. `wk` is the round's word plus its constant. */
static inline void turn(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f,
                        uint32_t g, uint32_t *h, uint32_t wk)
{
  uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
  uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
  uint32_t t1 = *h + s1 + (g ^ (e & (f ^ g))) + wk;
  *d += t1;
  *h = t1 + s0 + ((a & b) | (c & (a | b)));
}

/* The compression function (section 6.2.2), eight rounds at a time, so that the variables need not
 * be moved: all stay in registers. */
static void compress(uint32_t state[8], const unsigned char block[64])
{
  uint32_t w[64];
  for (int t = 0; t < 16; t++)
    w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
           (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
  for (int t = 16; t < 64; t++) {
    uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
    uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
    w[t] = s1 + w[t - 7] + s0 + w[t - 16];
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int t = 0; t < 64; t += 8) {
    turn(a, b, c, &d, e, f, g, &h, w[t] + rounds[t]);
    turn(h, a, b, &c, d, e, f, &g, w[t + 1] + rounds[t + 1]);
    turn(g, h, a, &b, c, d, e, &f, w[t + 2] + rounds[t + 2]);
    turn(f, g, h, &a, b, c, d, &e, w[t + 3] + rounds[t + 3]);
    turn(e, f, g, &h, a, b, c, &d, w[t + 4] + rounds[t + 4]);
    turn(d, e, f, &g, h, a, b, &c, w[t + 5] + rounds[t + 5]);
    turn(c, d, e, &f, g, h, a, &b, w[t + 6] + rounds[t + 6]);
    turn(b, c, d, &e, f, g, h, &a, w[t + 7] + rounds[t + 7]);
  }
  const uint32_t done[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; i++)
    state[i] += done[i];
}

void lathe_sha256_start(struct lathe_sha256 *sha)
{
  *sha = (struct lathe_sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                         0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void lathe_sha256_add(struct lathe_sha256 *sha, const void *bytes, size_t size)
{
  const unsigned char *from = bytes;
  while (size > 0) {
    size_t used = (size_t)(sha->bytes % 64), some = 64 - used < size ? 64 - used : size;
    memcpy(sha->block + used, from, some);
    sha->bytes += some;
    from += some;
    size -= some;
    if (used + some == 64)
      compress(sha->state, sha->block);
  }
}

void lathe_sha256_text(struct lathe_sha256 *sha, char text[LATHE_SHA256_TEXT])
{
  static const unsigned char padding[64] = {0x80};
  uint64_t bits = 8 * sha->bytes;
  size_t used = (size_t)(sha->bytes % 64);
  unsigned char length[8];
  for (int i = 0; i < 8; i++)
    length[i] = (unsigned char)(bits >> (56 - 8 * i));
  lathe_sha256_add(sha, padding, used < 56 ? 56 - used : 120 - used);
  lathe_sha256_add(sha, length, sizeof length);
  for (int i = 0; i < 8; i++)
    snprintf(text + 8 * i, 9, "%08x", (unsigned)sha->state[i]);
}

static bool cannot_read(struct lathe_error *err, const char *path)
{
  return lathe_fail(err, "%s cannot be read: %s; check its name and permissions", path,
                    strerror(errno));
}

bool lathe_sha256_file(const char *path, char text[LATHE_SHA256_TEXT], struct lathe_error *err)
{
  struct stat status;
  text[0] = '\0';
  if (stat(path, &status) != 0)
    return cannot_read(err, path);
  if (!S_ISREG(status.st_mode))
    return true;
  int64_t size, got;
  int file = lathe_file_open(path, &size, NULL, err);
  if (file < 0)
    return false;
  struct lathe_sha256 sha;
  unsigned char bytes[1 << 14];
  lathe_sha256_start(&sha);
  while ((got = lathe_file_take(file, bytes, sizeof bytes)) > 0)
    lathe_sha256_add(&sha, bytes, (size_t)got);
  if (got < 0)
    cannot_read(err, path);
  else
    lathe_sha256_text(&sha, text);
  close(file);
  return got == 0;
}
