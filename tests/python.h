/* For tests of the examples in Python, which run where there is one that has what they import. */
#ifndef TESTS_PYTHON_H
#define TESTS_PYTHON_H

#include "spawn.h"
#include <stdlib.h>

/* The first Python that can `import` these, LATHE_PYTHON before others; NULL, having said that the
 * test is skipped, when there is none. */
static inline const char *python_with(const char *import)
{
  const char *const pythons[] = {getenv("LATHE_PYTHON"), "/usr/bin/python3", "python3"};
  for (int i = 0; i < 3; i++) {
    if (pythons[i] == NULL)
      continue;
    struct said said = SPAWN(pythons[i], "-c", import);
    bool there = said.status == 0;
    said_free(&said);
    if (there)
      return pythons[i];
  }
  printf("Skipped: there is no Python that can `%s`\n", import);
  return NULL;
}

#endif
