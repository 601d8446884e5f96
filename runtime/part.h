/* Parts of a data set: all of it, or the images that training or validation was given. */
#ifndef LATHE_PART_H
#define LATHE_PART_H

#include "dataset.h"
#include "error.h"
#include <stdbool.h>
#include <stdint.h>

/* Image i of a part is image indices[i] of the data set, or i when `indices` is NULL. Owns nothing.
 */
struct lathe_part {
  const struct lathe_dataset *dataset;
  const int64_t *indices;
  int64_t count;
};

struct lathe_part lathe_part_all(const struct lathe_dataset *dataset);

/* The labels of a part's images, in its order, to be freed with free(). The data set must have
 * labels. NULL without memory. */
int64_t *lathe_part_labels(const struct lathe_part *part, struct lathe_error *err);

/* A random division of a data set, the same for the same count, fraction and seed. */
struct lathe_split {
  int64_t *order;     /* [training + validation] */
  int64_t training;   /* the first so many of `order`: count x fraction, rounded, at least 1 */
  int64_t validation; /* and the rest */
};

bool lathe_split_new(struct lathe_split *split, int64_t count, double fraction, uint64_t seed,
                     struct lathe_error *err);
void lathe_split_free(struct lathe_split *split);

struct lathe_part lathe_split_training(const struct lathe_split *split,
                                       const struct lathe_dataset *dataset);
struct lathe_part lathe_split_validation(const struct lathe_split *split,
                                         const struct lathe_dataset *dataset);

/* A CRC-32 of the images' bytes: tells whether a file is the one that a run was trained on. */
uint32_t lathe_dataset_checksum(const struct lathe_dataset *dataset);

/* The same of its labels. */
uint32_t lathe_labels_checksum(const struct lathe_dataset *dataset);

#endif
