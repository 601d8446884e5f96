/* How good a model is on a part of a data set: reconstruction, loss, classification. */
#ifndef LATHE_EVALUATION_H
#define LATHE_EVALUATION_H

#include "error.h"
#include "metrics.h"
#include "part.h"
#include "scores.h"
#include "session.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* How well a mixture fits points, as scikit-learn's GaussianMixture says it. */
struct lathe_fitness {
  double log_likelihood; /* a point's mean, in nats */
  double bic, aic;       /* Schwarz 1978, Akaike 1974: the lower the better */
};

struct lathe_evaluation {
  int64_t images;
  bool decoded;    /* there are reconstructions and a loss, unlike of a mixture alone */
  bool divergence; /* and a divergence, unlike of a plain autoencoder */
  struct lathe_similarity similarity; /* reconstructions from the posterior means */
  struct lathe_loss loss;             /* of normalised images, where the model normalises them */
  double elbo;                  /* the evidence lower bound, always of the images as they are */
  struct lathe_fitness fitness; /* of the mixture to the means */
  lathe_real *means; /* [images, latent]: the posterior means, or the images themselves */
  int64_t *clusters; /* [images]: each one's likeliest component */
  const struct lathe_class_names *names; /* of labels, or NULL: the mixture's */
  bool scored;                           /* there were labels */
  bool matched;               /* clusters had no names and took the best match to these labels */
  struct lathe_scores scores; /* of the labels predicted, when scored */
};

/* Evaluates the session's model and mixture; classification only when the data set has labels.
 * Where no component has a name, names are matched to the labels first: the usual accuracy of
 * unsupervised clustering (Xie, Girshick and Farhadi 2016). On failure *out is zeroed. */
bool lathe_evaluate(struct lathe_evaluation *out, struct lathe_session *session,
                    const struct lathe_part *part, uint64_t seed, struct lathe_error *err);
void lathe_evaluation_free(struct lathe_evaluation *evaluation);

/* As a JSON object, a new reference; NULL without memory. */
json_t *lathe_evaluation_json(const struct lathe_evaluation *evaluation);

/* In words and tables on standard output, each line indented by two spaces. */
void lathe_evaluation_print(const struct lathe_evaluation *evaluation,
                            const struct lathe_model *model);

#endif
