#include "labels.h"
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

int64_t *lathe_labels_distinct(int64_t n, const int64_t *labels, int64_t *count)
{
  *count = 0;
  if (n < 0 || (uint64_t)n >= SIZE_MAX / sizeof *labels)
    return NULL;
  size_t size = (size_t)n;
  int64_t *distinct = malloc((size + 1) * sizeof *distinct);
  if (!distinct)
    return NULL;
  if (n > 0)
    memcpy(distinct, labels, size * sizeof *labels);
  qsort(distinct, size, sizeof *distinct, compare);
  for (size_t i = 0; i < size; i++)
    if (*count == 0 || distinct[i] != distinct[*count - 1])
      distinct[(*count)++] = distinct[i];
  return distinct;
}

int lathe_label_index(int count, const int64_t *distinct, int64_t label)
{
  const int64_t *found = bsearch(&label, distinct, (size_t)count, sizeof *distinct, compare);
  return found ? (int)(found - distinct) : -1;
}
