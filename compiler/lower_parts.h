/* What the lowering of layers shares. */
#ifndef LOWER_PARTS_H
#define LOWER_PARTS_H

#include "lower.h"

struct lowering {
  struct mem *mem;
  const struct model *model;
  struct graph *graph;
  struct parameters *parameters;
  bool training;
  const struct section *section; /* being lowered, */
  int position;                  /* at this layer */
  struct node *mean, *logvar;    /* set by the head */
};

#endif
