/* The rows of algorithms.def, by name. */
#ifndef ALGORITHMS_H
#define ALGORITHMS_H

enum algorithm {
#define ALGORITHM(id, ...) ALGORITHM_##id,
#include "algorithms.def"
#undef ALGORITHM
  ALGORITHM_COUNT,
  ALGORITHM_ANY = ALGORITHM_COUNT /* nothing was asked for */
};

#endif
