/* Checkpoints: all that a training needs to go on as if it had never been stopped, in
 * FOLDER/checkpoints/step-STEPS.safetensors. Each appears whole or not at all and carries a
 * checksum. Random numbers and the order of the images are functions of seed, epoch and step, so
 * these are all that is kept of them. README.md, "Tensor names", says what is in one. */
#ifndef LATHE_CHECKPOINT_H
#define LATHE_CHECKPOINT_H

#include "error.h"
#include "trainer.h"
#include <stdbool.h>

/* Writes one of where the trainer stands to trainer->saving.folder; then all but the newest
 * saving.keep, the best epoch's, and this one are removed. When this returns, the trainer may go
 * on; the disk does its part meanwhile. Waits for the one before, and fails if that had failed. */
bool lathe_checkpoint_save(struct lathe_trainer *trainer, struct lathe_error *err);

/* Waits until the last checkpoint that was saved is on the disk under its name, if any was. */
bool lathe_checkpoint_wait(struct lathe_trainer *trainer, struct lathe_error *err);

/* Puts the weights, and they alone, as the folder's checkpoint after so many steps has them. */
bool lathe_checkpoint_load_weights(const struct lathe_trainer *trainer, int64_t steps,
                                   struct lathe_error *err);

/* What was found. */
struct lathe_checkpoint_found {
  int64_t steps;      /* of the one that was loaded; -1: there are none */
  char damaged[4096]; /* those that could not be used, newest first, a line each: which and why */
};

/* Puts the trainer, which lathe_trainer_start has been called for, where the folder's newest usable
 * checkpoint says. One that is damaged is passed over for the one before. Fails when all are; and,
 * when more epochs are done in it than the settings ask for. */
bool lathe_checkpoint_load(struct lathe_trainer *trainer, struct lathe_checkpoint_found *found,
                           struct lathe_error *err);

/* *steps: those of the newest checkpoint of a run folder, damaged or not; -1 when there is none.
 * False when the folder cannot be read. */
bool lathe_checkpoint_newest(const char *folder, int64_t *steps, struct lathe_error *err);

/* Removes all checkpoints of a run folder, and what was left of one that was being written. */
bool lathe_checkpoints_remove(const char *folder, struct lathe_error *err);

#endif
