/* What `lathe tune` says. */
#ifndef TUNE_REPORT_H
#define TUNE_REPORT_H

#include "tune.h"
#include "tune_choose.h"
#include "tune_file.h"

/* The whole, with what was chosen against the cost model's choices, turn by turn. */
struct tune_whole {
  bool differs;            /* anything was chosen */
  bool kept;               /* and kept: it is not slower */
  double before;           /* seconds, the cost model's median */
  struct tune_ratio ratio; /* chosen by the cost model's */
};
enum { WHOLE_TRAINING, WHOLE_INFERENCE, WHOLES };

struct tune_result {
  const struct model *model;
  const struct tune_conditions *conditions;
  const struct tune_row *rows;
  int count, rounds, builds;
  struct tune_whole wholes[WHOLES];
  const char *file;
};

/* "us: blocks 102.1, blas 140.2": what was measured of a row, the cost model's first. */
const char *tune_times(struct mem *mem, const struct tune_row *row, int rounds);

void tune_print(FILE *out, struct mem *mem, const struct tune_result *result);
bool tune_json(FILE *out, const struct tune_result *result);

#endif
