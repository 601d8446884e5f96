/* Kinds of made-up data that are not images: points, measurements, answers, series. */
#ifndef DATA_KINDS_H
#define DATA_KINDS_H

#include "dice.h"

enum { KIND_CLASSES = 8, KIND_VALUES = 256 }; /* at most */

struct data_kind {
  const char *name, *what;  /* what it is, for --help */
  int rank, shape[2];       /* of one example: [values], or [channels, length] */
  int classes;              /* labels are 0 .. classes - 1 */
  int shares[KIND_CLASSES]; /* a class comes as often as its share of their sum */
  /* Makes an example of a class: its values, row by row. */
  void (*make)(int label, struct dice *dice, float *values);
};

/* All kinds; the last has no name. */
extern const struct data_kind data_kinds[];

/* Values of one example. */
int data_kind_values(const struct data_kind *kind);

#endif
