#include "part.h"
#include "allocate.h"
#include "philox.h"
#include <libdeflate.h>
#include <math.h>
#include <stdlib.h>

struct lathe_part lathe_part_all(const struct lathe_dataset *dataset)
{
  return (struct lathe_part){.dataset = dataset, .count = dataset->count};
}

int64_t *lathe_part_labels(const struct lathe_part *part, struct lathe_error *err)
{
  const int64_t *all = part->dataset->labels.data;
  int64_t *labels = lathe_allocate(part->count, 1, sizeof *labels, "the labels", err);
  for (int64_t i = 0; labels && i < part->count; i++)
    labels[i] = all[part->indices ? part->indices[i] : i];
  return labels;
}

bool lathe_split_new(struct lathe_split *split, int64_t count, double fraction, uint64_t seed,
                     struct lathe_error *err)
{
  *split = (struct lathe_split){0};
  split->order = lathe_allocate(count, 1, sizeof *split->order, "the order of the images", err);
  if (!split->order)
    return false;
  lathe_random_permutation(seed, LATHE_RANDOM_SPLIT, 0, count, split->order);
  int64_t training = (int64_t)llround(fraction * (double)count);
  split->training = training < 1 ? 1 : training > count ? count : training;
  split->validation = count - split->training;
  return true;
}

void lathe_split_free(struct lathe_split *split)
{
  free(split->order);
  *split = (struct lathe_split){0};
}

struct lathe_part lathe_split_training(const struct lathe_split *split,
                                       const struct lathe_dataset *dataset)
{
  return (struct lathe_part){dataset, split->order, split->training};
}

struct lathe_part lathe_split_validation(const struct lathe_split *split,
                                         const struct lathe_dataset *dataset)
{
  return (struct lathe_part){dataset, split->order + split->training, split->validation};
}

static uint32_t checksum(const struct lathe_array *array)
{
  size_t bytes = (size_t)array->count * lathe_dtype_size(array->dtype);
  return libdeflate_crc32(0, array->data, bytes);
}

uint32_t lathe_dataset_checksum(const struct lathe_dataset *dataset)
{
  return checksum(&dataset->images);
}

uint32_t lathe_labels_checksum(const struct lathe_dataset *dataset)
{
  return checksum(&dataset->labels);
}
