/* What the compiler that reads this header may use of the processor: included by emitted code
 * alone, whose flags it records. */
#ifndef LATHE_BUILT_FOR_H
#define LATHE_BUILT_FOR_H

#include "target.h"
#include <stddef.h>

#ifndef LATHE_TARGET
#define LATHE_TARGET NULL /* a string, when the build says what it compiles for */
#endif

/* 1 where the compiler defines `macro` (as 1), else 0: a name that is not defined stays itself. */
#define LATHE_QUOTED(text) #text
#define LATHE_ENABLED(macro) (sizeof LATHE_QUOTED(macro) == sizeof "1" ? UINT64_C(1) : 0)

static const struct lathe_target lathe_built_for = {.name = LATHE_TARGET, .features = 0
#if defined LATHE_FEATURES_X86
#define X86_FEATURE(ID, macro, ...) | LATHE_ENABLED(macro) << LATHE_FEATURE_##ID
#elif defined LATHE_FEATURES_ARM
#define ARM_FEATURE(ID, macro, ...) | LATHE_ENABLED(macro) << LATHE_FEATURE_##ID
#endif
#include "target_features.def"
};

#endif
