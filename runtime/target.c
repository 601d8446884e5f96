#include "target.h"
#include <stdio.h>
#include <string.h>

#if defined LATHE_FEATURES_X86
#include <cpuid.h>
#elif defined LATHE_FEATURES_ARM
#include <sys/auxv.h>
#endif

enum place { EAX, EBX, ECX, EDX };
enum state { NONE, YMM, ZMM };

struct feature {
  const char *name;
  unsigned leaf, subleaf; /* CPUID; on ARM leaf is the word */
  enum place place;
  int bit;
  enum state state;
};

static const struct feature features[] = {
#if defined LATHE_FEATURES_X86
#define X86_FEATURE(ID, macro, name, leaf, subleaf, place, bit, state)                             \
  {name, leaf, subleaf, place, bit, state},
#elif defined LATHE_FEATURES_ARM
#define ARM_FEATURE(ID, macro, name, word, bit) {name, word, 0, EAX, bit, NONE},
#endif
#include "target_features.def"
    {0}, /* no array is empty */
};

#if defined LATHE_FEATURES_X86

/* Whether the operating system keeps these registers when it changes from one thread to another. */
static bool state_is_kept(enum state state)
{
  unsigned a, b, c, d;
  if (state == NONE)
    return true;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c >> 27 & 1) == 0) /* OSXSAVE */
    return false;
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const unsigned wanted = state == YMM ? 0x06 : 0xE6;
  return (low & wanted) == wanted;
}

static bool has(const struct feature *feature)
{
  unsigned word[4] = {0};
  return __get_cpuid_count(feature->leaf, feature->subleaf, &word[EAX], &word[EBX], &word[ECX],
                           &word[EDX]) &&
         (word[feature->place] >> feature->bit & 1) != 0 && state_is_kept(feature->state);
}

#elif defined LATHE_FEATURES_ARM

static bool has(const struct feature *feature)
{
  return (getauxval(feature->leaf == 0 ? AT_HWCAP : AT_HWCAP2) >> feature->bit & 1) != 0;
}

#else

static bool has(const struct feature *feature)
{
  (void)feature;
  return false;
}

#endif

uint64_t lathe_machine_features(void)
{
  uint64_t set = 0;
  for (int i = 0; i < LATHE_FEATURES; i++)
    set |= (uint64_t)has(&features[i]) << i;
  return set;
}

const char *lathe_features_text(uint64_t set, char text[LATHE_FEATURES_TEXT])
{
  size_t used = 0;
  text[0] = '\0';
  for (int i = 0; i < LATHE_FEATURES; i++)
    if ((set >> i & 1) != 0 && used + strlen(features[i].name) + 2 < LATHE_FEATURES_TEXT)
      used += (size_t)snprintf(text + used, LATHE_FEATURES_TEXT - used, used > 0 ? " %s" : "%s",
                               features[i].name);
  return text;
}

bool lathe_target_check(const struct lathe_target *target, uint64_t machine,
                        struct lathe_error *err)
{
  const uint64_t lacking = target ? target->features & ~machine : 0;
  char text[LATHE_FEATURES_TEXT];
  if (lacking == 0)
    return true;
  const char *name = target->name ? target->name : "another machine";
  const bool native = strcmp(name, "native") == 0;
  return lathe_fail(err,
                    "this binary was built for %s, and this machine lacks %s: build it again here, "
                    "or for a level that both have, with `lathe build --target LEVEL`",
                    native ? "the machine it was built on (native)" : name,
                    lathe_features_text(lacking, text));
}
