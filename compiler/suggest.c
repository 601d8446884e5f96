#include "suggest.h"
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static int smaller(int a, int b)
{
  return a < b ? a : b;
}

int edit_distance(const char *a, const char *b)
{
  size_t m = strlen(a), n = strlen(b);
  int rows[3][SUGGEST_MAX + 1]; /* of the distance table: the one before last, the last, this */
  int *before = rows[0], *last = rows[1], *row = rows[2];
  if (m > SUGGEST_MAX || n > SUGGEST_MAX)
    return SUGGEST_MAX;
  for (size_t j = 0; j <= n; j++)
    row[j] = (int)j;
  for (size_t i = 1; i <= m; i++) {
    int *reused = before;
    before = last;
    last = row;
    row = reused;
    row[0] = (int)i;
    for (size_t j = 1; j <= n; j++) {
      int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
      row[j] = smaller(last[j - 1] + (x != y), smaller(last[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
          y == tolower((unsigned char)a[i - 2]))
        row[j] = smaller(row[j], before[j - 2] + 1);
    }
  }
  return row[n];
}

/* How a word of so many edits may have come about, the likelier the less: its letters are all there
 * in another order, one was forgotten, one is too many, one is another. */
static int slip(const char *word, const char *candidate)
{
  size_t m = strlen(word), n = strlen(candidate), i = 0;
  const char *longer = m > n ? word : candidate, *shorter = m > n ? candidate : word;
  int letters[UCHAR_MAX + 1] = {0}, others = 0;
  for (const char *c = longer; *c != '\0'; c++) {
    letters[tolower((unsigned char)*c)]++;
    i += shorter[i] != '\0' && tolower((unsigned char)*c) == tolower((unsigned char)shorter[i]);
  }
  for (const char *c = shorter; *c != '\0'; c++)
    others += letters[tolower((unsigned char)*c)]-- <= 0;
  if (m == n)
    return others == 0 ? 0 : 3;
  return shorter[i] != '\0' ? 3 : n > m ? 1 : 2;
}

void suggest(struct suggestion *s, const char *candidate)
{
  int length = (int)strlen(s->word);
  int distance = edit_distance(s->word, candidate);
  int most = length < 6 ? 1 + length / 3 : length / 3;
  if (distance > most || distance >= (int)strlen(candidate))
    return;
  bool nearer = s->best == NULL || distance < s->distance ||
                (distance == s->distance && slip(s->word, candidate) < slip(s->word, s->best));
  if (nearer) {
    s->best = candidate;
    s->distance = distance;
  }
}
