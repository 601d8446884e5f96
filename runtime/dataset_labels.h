/* What dataset.c leaves to dataset_labels.c. */
#ifndef LATHE_DATASET_LABELS_H
#define LATHE_DATASET_LABELS_H

#include "dataset.h"

/* Everything about labels: reads them if they are of use, filters by them, keeps them if wanted.
 * `is_table`: the data were read from a table, and dataset->labels from its column, if any. */
bool lathe_dataset_apply_labels(struct lathe_dataset *dataset, const struct lathe_model *model,
                                const struct lathe_source *source, bool is_table,
                                struct lathe_error *err);

#endif
