/* Emission of EM (Dempster, Laird & Rubin 1977; the updates as in Bishop 2006, section 9.2.2): one
 * pass over the points does the E-step and gathers what the M-step needs, so responsibilities are
 * never stored. Second moments are taken about the means of the iteration before, which the new
 * means differ little from: nothing is lost to cancellation. */
#include "em.h"

enum { CHUNKS = 32 }; /* stretches of points, whose statistics are added up in a fixed order */

static int64_t second_moments(const struct model *model)
{
  int64_t k = model->mixing.components;
  int64_t d = model->latent;
  switch (model->mixing.covariance) {
  case LATHE_FULL:
    return k * d * d;
  case LATHE_TIED:
    return d * d;
  case LATHE_DIAG:
    return k * d;
  case LATHE_SPHERICAL:
    return k;
  }
  return 0;
}

static int64_t statistics(const struct model *model)
{
  int64_t k = model->mixing.components;
  return 1 + k + k * model->latent + second_moments(model);
}

int64_t em_workspace(const struct model *model)
{
  return CHUNKS * statistics(model);
}

/* What differs from one kind of covariance to the next. */
struct variant {
  const char *what;      /* the banner's words */
  const char *component; /* members of struct component that hold the precision */
  const char *prepare;   /* fills them from mixture->covariances, and `log_det` of the covariance */
  const char *distance;  /* q: the squared Mahalanobis distance of `difference` */
  const char *gather;    /* adds r x second moments of `difference` */
  const char *update;    /* new covariances from the sums */
};

/* Cholesky factor of $covariance into `factor`, then its inverse transposed into `inverse`. */
#define FACTORISE                                                                                  \
  "double factor[D][D];\n"                                                                         \
  "for (int i = 0; i < D; i++) {\n"                                                                \
  "for (int j = 0; j <= i; j++) {\n"                                                               \
  "double sum = covariance[i * D + j];\n"                                                          \
  "for (int m = 0; m < j; m++)\n  sum -= factor[i][m] * factor[j][m];\n"                           \
  "if (j < i)\n  factor[i][j] = sum / factor[j][j];\n"                                             \
  "else if (sum > 0)\n  factor[i][i] = sqrt(sum);\n"                                               \
  "else\n  return 1 + k;\n"                                                                        \
  "}\n"                                                                                            \
  "log_det += 2 * log(factor[i][i]);\n"                                                            \
  "}\n"                                                                                            \
  "for (int j = 0; j < D; j++) {\n"                                                                \
  "for (int i = 0; i < D; i++) {\n"                                                                \
  "double sum = i == j ? 1 : 0;\n"                                                                 \
  "for (int m = j; m < i; m++)\n  sum -= factor[i][m] * c->inverse[j][m];\n"                       \
  "c->inverse[j][i] = i < j ? 0 : sum / factor[i][i];\n"                                           \
  "}\n"                                                                                            \
  "}\n"

#define MATRIX_DISTANCE                                                                            \
  "double whitened[D] = {0};\n"                                                                    \
  "for (int j = 0; j < D; j++)\n"                                                                  \
  "  for (int i = 0; i < D; i++)\n"                                                                \
  "    whitened[i] += c->inverse[j][i] * difference[j];\n"                                         \
  "for (int i = 0; i < D; i++)\n  q += whitened[i] * whitened[i];\n"

static const struct variant variants[] = {
    [LATHE_FULL] =
        {
            .what = "full covariances",
            .component =
                "double inverse[D][D]; /* of the covariance's Cholesky factor, transposed */\n",
            .prepare =
                "const double *const covariance = mixture->covariances + k * D * D;\n" FACTORISE,
            .distance = MATRIX_DISTANCE,
            .gather =
                "double *const second = sums->second + k * D * D;\n"
                "for (int i = 0; i < D; i++) {\n"
                "const double weighted = r * difference[i];\n"
                "for (int j = 0; j < D; j++)\n  second[i * D + j] += weighted * difference[j];\n"
                "}\n",
            .update = "double *const covariance = mixture->covariances + k * D * D;\n"
                      "for (int i = 0; i < D; i++) {\n"
                      "for (int j = 0; j < D; j++)\n"
                      "  covariance[i * D + j] =\n"
                      "second[k * D * D + i * D + j] / count - shift[i] * shift[j];\n"
                      "covariance[i * D + i] += floor;\n"
                      "}\n",
        },
    [LATHE_TIED] =
        {
            .what = "one covariance for all",
            .component =
                "double inverse[D][D]; /* of the covariance's Cholesky factor, transposed */\n",
            .prepare = "const double *const covariance = mixture->covariances;\n" FACTORISE,
            .distance = MATRIX_DISTANCE,
            .gather =
                "double *const second = sums->second;\n"
                "for (int i = 0; i < D; i++) {\n"
                "const double weighted = r * difference[i];\n"
                "for (int j = 0; j < D; j++)\n  second[i * D + j] += weighted * difference[j];\n"
                "}\n",
            .update = "for (int i = 0; i < D; i++)\n"
                      "  for (int j = 0; j < D; j++)\n"
                      "    second[i * D + j] -= count * shift[i] * shift[j];\n",
        },
    [LATHE_DIAG] =
        {
            .what = "diagonal covariances",
            .component = "double inverse[D]; /* 1 / variance */\n",
            .prepare = "for (int i = 0; i < D; i++) {\n"
                       "const double variance = mixture->covariances[k * D + i];\n"
                       "if (!(variance > 0))\n  return 1 + k;\n"
                       "c->inverse[i] = 1 / variance;\n"
                       "log_det += log(variance);\n"
                       "}\n",
            .distance = "for (int i = 0; i < D; i++)\n"
                        "  q += difference[i] * difference[i] * c->inverse[i];\n",
            .gather = "for (int i = 0; i < D; i++)\n"
                      "  sums->second[k * D + i] += r * difference[i] * difference[i];\n",
            .update = "for (int i = 0; i < D; i++)\n"
                      "  mixture->covariances[k * D + i] =\n"
                      "second[k * D + i] / count - shift[i] * shift[i] + floor;\n",
        },
    [LATHE_SPHERICAL] =
        {
            .what = "one variance a component",
            .component = "double inverse; /* 1 / variance */\n",
            .prepare = "const double variance = mixture->covariances[k];\n"
                       "if (!(variance > 0))\n  return 1 + k;\n"
                       "c->inverse = 1 / variance;\n"
                       "log_det = D * log(variance);\n",
            .distance = "for (int i = 0; i < D; i++)\n  q += difference[i] * difference[i];\n"
                        "q *= c->inverse;\n",
            .gather = "double square = 0;\n"
                      "for (int i = 0; i < D; i++)\n  square += difference[i] * difference[i];\n"
                      "sums->second[k] += r * square;\n",
            .update = "double moved = 0;\n"
                      "for (int i = 0; i < D; i++)\n  moved += shift[i] * shift[i];\n"
                      "mixture->covariances[k] = (second[k] / count - moved) / D + floor;\n",
        },
};

void emit_em(struct emitter *e)
{
  const struct model *model = e->model;
  const struct variant *v = &variants[model->mixing.covariance];
  bool tied = model->mixing.covariance == LATHE_TIED;
  emit_bind_int(e, "K", model->mixing.components);
  emit_bind_int(e, "D", model->latent);
  emit_bind_int(e, "chunks", CHUNKS);
  emit_bind_int(e, "second", second_moments(model));
  emit_bind(e, "what", "%s", v->what);

  emit(e,
       "/* Expectation-maximisation for $K Gaussians in $D dimensions, $what. */\n"
       "#include \"${model}_internal.h\"\n"
       "#include <math.h>\n"
       "#include <string.h>\n\n"
       "enum {\n"
       "K = $K,  /* components */\n"
       "D = $D,  /* dimensions */\n"
       "CHUNKS = $chunks, /* stretches of points with sums of their own, whatever the threads */\n"
       "SECOND = $second, /* second moments */\n"
       "};\n\n"
       "/* A component made ready for densities. */\n"
       "struct component {\n"
       "double mean[D];\n");
  emit(e, v->component);
  emit(e,
       "double log_constant; /* log(weight) - (log det(covariance) + D log(2 pi)) / 2 */\n"
       "};\n\n"
       "/* What one stretch of points adds to the M-step; moments about the old means. */\n"
       "struct sums {\n"
       "double log_likelihood;\n"
       "double count[K];\n"
       "double first[K * D];\n"
       "double second[SECOND];\n"
       "};\n\n"
       "/* Returns 0, or 1 + the first component whose covariance is not positive definite. */\n"
       "static int prepare(const struct lathe_mixture *mixture, struct component components[K])\n"
       "{\n"
       "for (int k = 0; k < K; k++) {\n"
       "struct component *const c = &components[k];\n"
       "double log_det = 0;\n"
       "memcpy(c->mean, mixture->means + k * D, sizeof c->mean);\n");
  emit(e, v->prepare);
  emit(e, "c->log_constant = log(mixture->weights[k]) - 0.5 * (log_det + D * 1.8378770664093453);\n"
          "}\nreturn 0;\n}\n\n"
          "/* Posterior probabilities of one point and, returned, its log-likelihood. The largest "
          "term\n"
          " * is taken out of the sum of exponentials, so that none overflows. */\n"
          "static double posterior_of(const struct component components[K], const $real *point,\n"
          "double differences[K][D], double posterior[K])\n"
          "{\n"
          "double most = -HUGE_VAL;\n"
          "for (int k = 0; k < K; k++) {\n"
          "const struct component *const c = &components[k];\n"
          "double *const difference = differences[k];\n"
          "for (int i = 0; i < D; i++)\n  difference[i] = (double)point[i] - c->mean[i];\n"
          "double q = 0;\n");
  emit(e, v->distance);
  emit(e, "posterior[k] = c->log_constant - 0.5 * q;\n"
          "most = posterior[k] > most ? posterior[k] : most;\n"
          "}\n"
          "double total = 0;\n"
          "for (int k = 0; k < K; k++) {\n"
          "posterior[k] = exp(posterior[k] - most);\n"
          "total += posterior[k];\n"
          "}\n"
          "for (int k = 0; k < K; k++)\n  posterior[k] /= total;\n"
          "return most + log(total);\n"
          "}\n\n"
          "struct em_call {\n"
          "const struct component *components;\n"
          "const $real *points;\n"
          "int64_t n;\n"
          "struct sums *sums; /* one for each chunk */\n"
          "};\n\n"
          "static void gather(void *arg, int task, int thread)\n"
          "{\n"
          "(void)thread;\n"
          "const struct em_call *const call = arg;\n"
          "struct sums *const sums = call->sums + task;\n"
          "memset(sums, 0, sizeof *sums);\n"
          "const int64_t begin = call->n * task / CHUNKS;\n"
          "const int64_t end = call->n * (task + 1) / CHUNKS;\n"
          "for (int64_t p = begin; p < end; p++) {\n"
          "double differences[K][D];\n"
          "double posterior[K];\n"
          "sums->log_likelihood +=\n"
          "posterior_of(call->components, call->points + p * D, differences, posterior);\n"
          "for (int k = 0; k < K; k++) {\n"
          "const double r = posterior[k];\n"
          "const double *const difference = differences[k];\n"
          "sums->count[k] += r;\n"
          "for (int i = 0; i < D; i++)\n  sums->first[k * D + i] += r * difference[i];\n");
  emit(e, v->gather);
  emit(e, "}\n}\n}\n\n"
          "static void add(struct sums *to, const struct sums *from)\n"
          "{\n"
          "to->log_likelihood += from->log_likelihood;\n"
          "for (int k = 0; k < K; k++)\n  to->count[k] += from->count[k];\n"
          "for (int i = 0; i < K * D; i++)\n  to->first[i] += from->first[i];\n"
          "for (int i = 0; i < SECOND; i++)\n  to->second[i] += from->second[i];\n"
          "}\n\n"
          "/* A component that has lost all its points keeps its place, with weight 0. */\n"
          "static void maximise(struct lathe_mixture *mixture, struct sums *sums, int64_t n, "
          "double floor)\n"
          "{\n"
          "double *const second = sums->second;\n"
          "for (int k = 0; k < K; k++) {\n"
          "const double count = sums->count[k];\n"
          "mixture->weights[k] = count / (double)n;\n"
          "if (!(count > 0))\n  continue;\n"
          "double shift[D];\n"
          "for (int i = 0; i < D; i++) {\n"
          "shift[i] = sums->first[k * D + i] / count;\n"
          "mixture->means[k * D + i] += shift[i];\n"
          "}\n");
  emit(e, v->update);
  emit(e, "}\n");
  if (tied)
    emit(e, "for (int i = 0; i < D; i++) {\n"
            "for (int j = 0; j < D; j++)\n"
            "  mixture->covariances[i * D + j] = second[i * D + j] / (double)n;\n"
            "mixture->covariances[i * D + i] += floor;\n"
            "}\n");
  emit(e, "}\n\n"
          "int ${model}_em_step(struct lathe_state *state, int64_t n, const $real *points,\n"
          "struct lathe_mixture *mixture, double floor, double *log_likelihood)\n"
          "{\n"
          "struct component components[K];\n"
          "const int failed = prepare(mixture, components);\n"
          "if (failed != 0)\n  return failed;\n"
          "struct em_call call = {components, points, n, (struct sums *)(void *)state->em};\n"
          "lathe_parallel(state->pool, CHUNKS, gather, &call);\n"
          "for (int c = 1; c < CHUNKS; c++)\n  add(&call.sums[0], &call.sums[c]);\n"
          "*log_likelihood = call.sums[0].log_likelihood / (double)n;\n"
          "maximise(mixture, &call.sums[0], n, floor);\n"
          "return 0;\n"
          "}\n\n"
          "int ${model}_responsibilities(const struct lathe_mixture *mixture, int64_t n,\n"
          "const $real *points, double *posterior, double *log_likelihood)\n"
          "{\n"
          "struct component components[K];\n"
          "const int failed = prepare(mixture, components);\n"
          "if (failed != 0)\n  return failed;\n"
          "for (int64_t p = 0; p < n; p++) {\n"
          "double differences[K][D];\n"
          "const double total =\n"
          "posterior_of(components, points + p * D, differences, posterior + p * K);\n"
          "if (log_likelihood != NULL)\n  log_likelihood[p] = total;\n"
          "}\n"
          "return 0;\n"
          "}\n");
}
