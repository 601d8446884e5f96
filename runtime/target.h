/* Which processors a binary runs on: what its emitted code was compiled to use, and whether this
 * machine has it. The runtime itself is compiled for the architecture's base level. */
#ifndef LATHE_TARGET_H
#define LATHE_TARGET_H

#include "error.h"
#include <stdbool.h>
#include <stdint.h>

#if defined __x86_64__ || defined __i386__
#define LATHE_FEATURES_X86
#elif defined __aarch64__
#define LATHE_FEATURES_ARM
#endif

/* LATHE_FEATURE_AVX2, ..: bits of a set of features; those of this architecture. */
enum lathe_feature {
#if defined LATHE_FEATURES_X86
#define X86_FEATURE(ID, ...) LATHE_FEATURE_##ID,
#elif defined LATHE_FEATURES_ARM
#define ARM_FEATURE(ID, ...) LATHE_FEATURE_##ID,
#endif
#include "target_features.def"
  LATHE_FEATURES
};

/* What emitted code was compiled for. */
struct lathe_target {
  const char *name;  /* as `lathe build --target` was given it; NULL: compiled in another way */
  uint64_t features; /* a set: what the compiler was allowed to use */
};

/* The features of the machine at hand that the operating system supports, too. */
uint64_t lathe_machine_features(void);

/* "avx avx2 fma": the names of a set's features. Writes to `text` and returns it. */
enum { LATHE_FEATURES_TEXT = 512 };
const char *lathe_features_text(uint64_t features, char text[LATHE_FEATURES_TEXT]);

/* Whether a machine of these features can run what was compiled for `target` (NULL: any can).
 * lathe_main asks first of all; so should a program that embeds emitted code. */
bool lathe_target_check(const struct lathe_target *target, uint64_t machine,
                        struct lathe_error *err);

#endif
