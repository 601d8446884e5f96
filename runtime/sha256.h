/* SHA-256 (FIPS 180-4), by which a run says what it was made from: the same digits as sha256sum's.
 */
#ifndef LATHE_SHA256_H
#define LATHE_SHA256_H

#include "error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LATHE_SHA256_TEXT = 65 };

struct lathe_sha256 {
  uint32_t state[8];
  uint64_t bytes; /* taken so far */
  unsigned char block[64];
};

void lathe_sha256_start(struct lathe_sha256 *sha);
void lathe_sha256_add(struct lathe_sha256 *sha, const void *bytes, size_t size);

/* Writes the digest as 64 hexadecimal digits; `sha` is then used up. */
void lathe_sha256_text(struct lathe_sha256 *sha, char text[LATHE_SHA256_TEXT]);

/* The same of a file's bytes; the empty string for what is no ordinary file (a pipe, which can be
 * read but once). */
bool lathe_sha256_file(const char *path, char text[LATHE_SHA256_TEXT], struct lathe_error *err);

#endif
