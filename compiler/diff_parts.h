/* The parts of the comparison of two models. */
#ifndef DIFF_PARTS_H
#define DIFF_PARTS_H

#include "model.h"

/* A setting of both as it could be written, without what is the same in them. */
struct setting_change {
  const char *section, *name, *a, *b;
};

/* Fills *change when the i-th rule is a setting that holds in `a` and is not the same in `b`. */
bool setting_changed(struct mem *mem, const struct model *a, const struct model *b, int i,
                     struct setting_change *change);

#endif
