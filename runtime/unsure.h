/* The images that it is least sure of. */
#ifndef LATHE_UNSURE_H
#define LATHE_UNSURE_H

#include "evaluation.h"
#include "session.h"

enum { LATHE_UNSURE = 20 };

/* An image, and how likely its two likeliest components are. */
struct lathe_unsure {
  int64_t image;
  int best, second;
  double likelihood[2];
};

/* Those of the images that `evaluation` is of whose likeliest component is the least likely, the
 * least first; of a mixture of two components or more. */
bool lathe_unsure_find(const struct lathe_session *session,
                       const struct lathe_evaluation *evaluation,
                       struct lathe_unsure list[LATHE_UNSURE], int *count, struct lathe_error *err);

#endif
