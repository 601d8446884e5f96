/* Which allocations are asked for along one path of calls, of those that allocations.c notes. */
#ifndef TESTS_FAULTS_PLACES_H
#define TESTS_FAULTS_PLACES_H

#include "../spawn.h"
#include <stdint.h>

struct noted {
  uint64_t place;
  long number;
};

static inline int by_place(const void *a, const void *b)
{
  const struct noted *x = a, *y = b;
  return x->place != y->place ? (x->place < y->place ? -1 : 1) : (x->number > y->number) * 2 - 1;
}

static inline int by_number(const void *a, const void *b)
{
  const long *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* The numbers, from 1, of the first and the last allocation of each place, in their order. To be
 * freed. */
static inline long *first_and_last(const char *file, long *count)
{
  size_t size;
  char *bytes = read_file(file, &size);
  long all = (long)(size / sizeof(uint64_t));
  struct noted *noted = malloc((size_t)(all + 1) * sizeof *noted);
  long *numbers = malloc((size_t)(all + 1) * sizeof *numbers);
  for (long i = 0; i < all; i++) {
    memcpy(&noted[i].place, bytes + (size_t)i * sizeof(uint64_t), sizeof(uint64_t));
    noted[i].number = i + 1;
  }
  qsort(noted, (size_t)all, sizeof *noted, by_place);
  *count = 0;
  for (long i = 0; i < all; i++)
    if (i == 0 || i == all - 1 || noted[i].place != noted[i - 1].place ||
        noted[i].place != noted[i + 1].place)
      numbers[(*count)++] = noted[i].number;
  qsort(numbers, (size_t)*count, sizeof *numbers, by_number);
  free(noted);
  free(bytes);
  return numbers;
}

#endif
