/* "Did you mean": the known word nearest to what was written. */
#ifndef SUGGEST_H
#define SUGGEST_H

/* How many letters must be inserted, removed, replaced or swapped with their neighbour to make one
 * word of the other, upper and lower case being the same (optimal string alignment distance:
 * Damerau 1964; no substring is edited twice). Words longer than SUGGEST_MAX are all far apart. */
enum { SUGGEST_MAX = 64 };
int edit_distance(const char *a, const char *b);

/* Collects the nearest of several candidates; start with {.word = what was written}. */
struct suggestion {
  const char *word;
  const char *best; /* NULL while none is near: a third of its letters may differ, at least one */
  int distance;
};
void suggest(struct suggestion *suggestion, const char *candidate);

#endif
