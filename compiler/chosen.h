/* What a compilation computes its products and convolutions by, layer by layer and use by use. */
#ifndef CHOSEN_H
#define CHOSEN_H

#include "algorithm.h"
#include "compile.h"

struct chosen {
  const struct layer *layer;
  enum algorithm_use use;
  enum algorithm algorithm;
  enum chooser chooser;
};

/* All there are, in the order of layers, then of uses; returns how many. */
int chosen_list(const struct compilation *c, struct chosen **list);

/* That a kernel is part of; NULL when it is part of none. */
struct chosen *chosen_of(const struct kernel *kernel, struct chosen *list, int count);

#endif
