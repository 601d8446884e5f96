/* What trainer.c and divergence.c share: one step, as every training does it. */
#ifndef LATHE_TRAINER_PARTS_H
#define LATHE_TRAINER_PARTS_H

#include "trainer.h"

/* The order of an epoch's training images: their indices in the data set [training.count]. */
void lathe_trainer_order(const struct lathe_trainer *trainer, int epoch, int64_t *order);

/* Does the next step, on the next n images of `order` from trainer->images on, and counts it;
 * trainer->images is left to the caller. */
struct lathe_loss lathe_trainer_step(struct lathe_trainer *trainer, const int64_t *order, int n,
                                     double rate);

/* The learning rate of the step after `steps`, in the epoch where the trainer stands. */
double lathe_trainer_rate(const struct lathe_trainer *trainer, int64_t steps);

/* The steps of every epoch: the last may have fewer images. */
int64_t lathe_trainer_steps_an_epoch(const struct lathe_trainer *trainer);

/* The weight of the divergence in the step after `steps`, in the epoch where the trainer stands. */
double lathe_trainer_kl_weight(const struct lathe_trainer *trainer, int64_t steps);

/* Sets trainer->course to what the losses of the epochs done make of it. */
void lathe_trainer_find_course(struct lathe_trainer *trainer);

#endif
