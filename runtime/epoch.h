/* One epoch as it is recorded, and its numbers one by one (epoch.def). */
#ifndef LATHE_EPOCH_H
#define LATHE_EPOCH_H

#include "model.h"
#include <stdbool.h>

struct lathe_epoch {
  int epoch; /* from 1 */
  struct lathe_loss training;
  struct lathe_loss validation;
  bool validated;           /* false: there are no validation images */
  bool divergence;          /* false: a plain autoencoder has none */
  double rate;              /* learning rate of its last step, */
  double kl_weight;         /* and the weight of the divergence then */
  double images_per_second; /* of the training steps alone */
  double seconds;           /* since training began, in all sessions */
};

enum lathe_epoch_field {
#define EPOCH_FIELD(name, ...) LATHE_EPOCH_##name,
#include "epoch.def"
#undef EPOCH_FIELD
  LATHE_EPOCH_FIELDS
};

const char *lathe_epoch_name(int field);

/* How it is printed: a printf format for one double. */
const char *lathe_epoch_format(int field);

/* Where the number is, for reading and writing. */
double *lathe_epoch_value(struct lathe_epoch *epoch, int field);

/* Whether the number is there: what concerns validation, or the divergence, may not be. */
bool lathe_epoch_known(const struct lathe_epoch *epoch, int field);

#endif
