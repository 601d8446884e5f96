#include "draw.h"
#include "runtime/philox.h"
#include <stdarg.h>

/* ---- Chance ---- */

int between(struct generator *g, int lo, int hi)
{
  return lo + (int)lathe_random_below(g->seed, LATHE_RANDOM_BENCH, 1, &g->draws,
                                      (uint64_t)(hi - lo) + 1);
}

bool one_in(struct generator *g, int count)
{
  return between(g, 1, count) == 1;
}

const char *choice(struct generator *g, int count, const char *const *words)
{
  return words[between(g, 0, count - 1)];
}

int divisor(struct generator *g, int n)
{
  int d;
  do
    d = between(g, 1, n);
  while (n % d != 0);
  return d;
}

/* ---- Shapes ---- */

struct shape vector(int features)
{
  return (struct shape){1, {features}};
}

struct shape series(int channels, int length)
{
  return (struct shape){2, {channels, length}};
}

struct shape image(int channels, int height, int width)
{
  return (struct shape){3, {channels, height, width}};
}

int shape_values(struct shape s)
{
  int values = 1;
  for (int i = 0; i < s.rank; i++)
    values *= s.dim[i];
  return values;
}

const char *shape_words(struct shape s)
{
  static char words[64];
  if (s.rank == 1)
    snprintf(words, sizeof words, "[%d]", s.dim[0]);
  else if (s.rank == 2)
    snprintf(words, sizeof words, "[%d, %d]", s.dim[0], s.dim[1]);
  else
    snprintf(words, sizeof words, "[%d, %d, %d]", s.dim[0], s.dim[1], s.dim[2]);
  return words;
}

/* ---- Text ---- */

void add(struct layers *layers, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(layers->text[layers->count++], LINE, format, arguments);
  va_end(arguments);
}
