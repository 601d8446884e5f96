/* Fitting a session's mixture to the latent means of images. */
#ifndef LATHE_FIT_H
#define LATHE_FIT_H

#include "dataset.h"
#include "error.h"
#include "gmm.h"
#include "part.h"
#include "session.h"
#include <stdbool.h>
#include <stdint.h>

/* Encodes the part's images and fits session->mixture, which must be empty, to their latent means
 * (lathe_gmm_fit; `progress` may be NULL). The session must be one for training. The labelled
 * images, of which there may be none (count 0), are where EM starts when the model says so, and
 * else name its components. *report is to be freed with lathe_em_report_free. */
bool lathe_fit_mixture(struct lathe_session *session, const struct lathe_part *part,
                       const struct lathe_dataset *labelled, uint64_t seed,
                       struct lathe_em_report *report, lathe_em_progress *progress, void *arg,
                       struct lathe_error *err);

/* Names the components of session->mixture from labelled images. */
bool lathe_name_clusters(struct lathe_session *session, const struct lathe_dataset *labelled,
                         struct lathe_error *err);

#endif
