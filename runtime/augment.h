/* Images as training sees them: mirrored, shifted and blurred by noise at random, others at each
 * step.
 */
#ifndef LATHE_AUGMENT_H
#define LATHE_AUGMENT_H

#include "model.h"
#include "pool.h"
#include <stdbool.h>
#include <stdint.h>

/* Whether the settings ask for it at all. */
bool lathe_augments(const struct lathe_training *training);

/* Makes of n images `from` [n, input_size], in the input's own order, those that step `step` trains
 * on, `to` (another place). Each is mirrored left to right with probability augment_flip; then
 * shifted by up to augment_shift pixels, a whole number uniform in each direction, with what a
 * pixel of 0 is in the model's range where nothing was; then each value gets normal noise of the
 * deviation augment_noise, and is kept within the range. The numbers derive from the seed, the step
 * and the image's place among the n, so that any number of threads gives the same bits. */
void lathe_augment(const struct lathe_model *model, const struct lathe_training *training,
                   int64_t step, int n, const lathe_real *from, lathe_real *to,
                   struct lathe_pool *pool);

#endif
