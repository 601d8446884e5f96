/* The rows of algorithms.def and uses.def, by name. */
#ifndef ALGORITHMS_H
#define ALGORITHMS_H

enum algorithm {
  ALGORITHM_ANY, /* nothing was asked for */
#define ALGORITHM(id, ...) ALGORITHM_##id,
#include "algorithms.def"
#undef ALGORITHM
  ALGORITHM_COUNT
};

enum algorithm_use {
#define USE(id, ...) USE_##id,
#include "uses.def"
#undef USE
  USES
};

/* What is chosen for each use; ALGORITHM_ANY: nothing. */
struct algorithm_set {
  enum algorithm of[USES];
};

#endif
