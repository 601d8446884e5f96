/* Emission of EM's E-step: a mixture made ready for densities, and the posteriors of a block of
 * points. Logarithms are to base 2 and factors folded into the covariances' inverses, so that the
 * exponentials need no scaling. Differences from the means are taken first, not multiplied out, so
 * that nothing is lost to cancellation far from the origin. */
#include "em_parts.h"

static const char constants[] =
    "static const double LOG2_E = 1.4426950408889634;\n"
    "static const double LOG_2 = 0.6931471805599453, LOG_2_PI = 1.8378770664093453;\n\n";

/* Cholesky factor of `covariance`, then its inverse transposed and scaled into `whiten`: the
 * squares of (point - mean) times it are the exponent to base 2. A vector of a row stays in a
 * register while all rows before it are taken off: by loops over whole rows, which gcc keeps in
 * memory, 20 dimensions took twice as long, 50 two and a half times. */
static const char whitening[] =
    "/* A row of a matrix, in vectors and by element. */\n"
    "enum { ACROSS = (D + LATHE_DOUBLES - 1) / LATHE_DOUBLES };\n"
    "union row {\n"
    "lanes vector[ACROSS];\n"
    "double at[ACROSS * LATHE_DOUBLES];\n"
    "};\n\n"
    "/* The inverse of the covariance's Cholesky factor, transposed, times sqrt(log2(e) / 2), and\n"
    " * the logarithm of its determinant. False when the covariance is not positive definite. */\n"
    "static bool whitening(const double *covariance, double whiten[D][D], double *log_det)\n"
    "{\n"
    "const double root_half_log2_e = 0.8493218002880191;\n"
    "union row column[D] = {0}; /* of the factor, from the diagonal on */\n"
    "union row inverse[D];      /* up to the diagonal, then zeros */\n"
    "*log_det = 0;\n"
    "for (int j = 0; j < D; j++) {\n"
    "for (int i = j; i < D; i++)\n  column[j].at[i] = covariance[i * D + j];\n"
    "for (int v = j / LATHE_DOUBLES; v < ACROSS; v++) {\n"
    "lanes sum = column[j].vector[v];\n"
    "for (int m = 0; m < j; m++)\n  sum -= column[m].vector[v] * column[m].at[j];\n"
    "column[j].vector[v] = sum;\n"
    "}\n"
    "if (!(column[j].at[j] > 0))\n  return false;\n"
    "const double root = sqrt(column[j].at[j]);\n"
    "for (int v = j / LATHE_DOUBLES; v < ACROSS; v++)\n  column[j].vector[v] /= root;\n"
    "column[j].at[j] = root;\n"
    "*log_det += 2 * log(root);\n"
    "}\n"
    "for (int i = 0; i < D; i++) {\n"
    "for (int v = 0; v <= i / LATHE_DOUBLES; v++) {\n"
    "lanes sum = {0};\n"
    "for (int m = v * LATHE_DOUBLES; m < i; m++)\n"
    "  sum -= column[m].at[i] * inverse[m].vector[v];\n"
    "inverse[i].vector[v] = sum;\n"
    "}\n"
    "inverse[i].at[i] = root_half_log2_e;\n"
    "for (int v = 0; v <= i / LATHE_DOUBLES; v++)\n"
    "  inverse[i].vector[v] /= column[i].at[i];\n"
    "for (int j = 0; j < D; j++)\n  whiten[j][i] = j <= i ? inverse[i].at[j] : 0;\n"
    "}\n"
    "return true;\n"
    "}\n\n";

static const struct {
  const char *component; /* members of struct component */
  const char *common;    /* members of struct densities before the components */
  const char *once;      /* fills the latter */
  const char *each;      /* fills the former, and log_det of the covariance */
} kinds[] = {
    [LATHE_FULL] = {.component = "double mean[D];\n"
                                 "double whiten[D][D]; /* the differences */\n",
                    .common = "",
                    .once = "double log_det;\n",
                    .each = "if (!whitening(mixture->covariances + k * D * D, c->whiten, "
                            "&log_det))\n  return 1 + k;\n"},
    [LATHE_TIED] =
        {.component = "double mean[D];\n"
                      "double whitened[D]; /* mean - centre */\n",
         .common = "double centre[D]; /* the mean of all points, once EM has begun */\n"
                   "double whiten[D][D]; /* differences from the centre */\n",
         .once = "double log_det;\n"
                 "if (!whitening(mixture->covariances, densities->whiten, &log_det))\n"
                 "  return 1;\n"
                 "memset(densities->centre, 0, sizeof densities->centre);\n"
                 "for (int k = 0; k < K; k++)\n"
                 "  for (int i = 0; i < D; i++)\n"
                 "    densities->centre[i] += mixture->weights[k] * mixture->means[k * D + i];\n",
         .each = "memset(c->whitened, 0, sizeof c->whitened);\n"
                 "for (int j = 0; j < D; j++)\n"
                 "  for (int i = j; i < D; i++)\n"
                 "    c->whitened[i] += densities->whiten[j][i] * (c->mean[j] - "
                 "densities->centre[j]);\n"},
    [LATHE_DIAG] = {.component = "double mean[D];\n"
                                 "double inverse[D]; /* log2(e) / 2 / variance */\n",
                    .common = "",
                    .once = "",
                    .each = "double log_det = 0;\n"
                            "for (int i = 0; i < D; i++) {\n"
                            "const double variance = mixture->covariances[k * D + i];\n"
                            "if (!(variance > 0))\n  return 1 + k;\n"
                            "c->inverse[i] = 0.5 * LOG2_E / variance;\n"
                            "log_det += log(variance);\n"
                            "}\n"},
    [LATHE_SPHERICAL] = {.component = "double mean[D];\n"
                                      "double inverse; /* log2(e) / 2 / variance */\n",
                         .common = "",
                         .once = "",
                         .each = "const double variance = mixture->covariances[k];\n"
                                 "if (!(variance > 0))\n  return 1 + k;\n"
                                 "c->inverse = 0.5 * LOG2_E / variance;\n"
                                 "const double log_det = D * log(variance);\n"},
};

static void emit_prepare(struct emitter *e, const struct em_shape *shape)
{
  enum lathe_covariance kind = shape->covariance;
  emit(e, "/* The mixture made ready for densities. */\n"
          "struct densities {\n");
  emit(e, kinds[kind].common);
  emit(e, "struct component {\n");
  emit(e, kinds[kind].component);
  emit(e, "double log_constant; /* to base 2: weight / sqrt(det(2 pi covariance)) */\n"
          "} component[K];\n"
          "};\n\n");
  emit(e, constants);
  if (shape->matrix)
    emit(e, whitening);
  emit(e, "/* Returns 0, or 1 + the first component whose covariance is not positive definite. */\n"
          "static int prepare(const struct lathe_mixture *mixture, struct densities *densities)\n"
          "{\n");
  emit(e, kinds[kind].once);
  emit(e, "for (int k = 0; k < K; k++) {\n"
          "struct component *const c = &densities->component[k];\n"
          "memcpy(c->mean, mixture->means + k * D, sizeof c->mean);\n");
  emit(e, kinds[kind].each);
  emit(e, "c->log_constant =\n"
          "LOG2_E * (log(mixture->weights[k]) - 0.5 * (log_det + D * LOG_2_PI));\n"
          "}\n"
          "return 0;\n"
          "}\n\n");
}

/* ---- Matrices: full and tied ---- */

/* A group of rows of the triangular product: those columns that all rows have, then the triangle.
 * Written for full covariances it takes squares off the logarithm; for a tied one it keeps rows. */
static void emit_rows(struct emitter *e, const struct em_shape *shape, int64_t rows)
{
  bool full = shape->covariance == LATHE_FULL;
  int bindings = e->binding_count;
  emit_bind_int(e, "rows", rows);
  emit_bind(e, "from", "%s", full ? "c" : "densities");
  emit_bind(e, "origin", "%s", full ? "mean" : "centre");
  emit(e, full ? "/* Rows `first` to `first` + $rows of the whitened differences of a step's "
                 "points; takes their\n"
                 " * squares off the logarithm. */\n"
                 "static inline void whiten_$rows(const struct component *c, const struct block "
                 "*block, int v,\n"
                 "int first, lanes logarithm[STEP])\n"
               : "/* Rows `first` to `first` + $rows of a step's points, whitened. */\n"
                 "static inline void whiten_$rows(const struct densities *densities, struct block "
                 "*block, int v,\n"
                 "int first)\n");
  emit(e, "{\n"
          "lanes row[$rows][STEP];\n"
          "for (int i = 0; i < $rows; i++)\n"
          "  for (int u = 0; u < STEP; u++)\n"
          "    row[i][u] = (lanes){0};\n"
          "for (int j = 0; j < first; j++) {\n"
          "for (int u = 0; u < STEP; u++) {\n"
          "const lanes difference = block->point[j][v + u] - $from->$origin[j];\n"
          "for (int i = 0; i < $rows; i++)\n"
          "  row[i][u] += $from->whiten[j][first + i] * difference;\n"
          "}\n"
          "}\n"
          "#pragma GCC unroll $rows /* or rows would be kept in memory */\n"
          "for (int j = 0; j < $rows; j++) {\n"
          "for (int u = 0; u < STEP; u++) {\n"
          "const lanes difference = block->point[first + j][v + u] - $from->$origin[first + j];\n"
          "for (int i = j; i < $rows; i++)\n"
          "  row[i][u] += $from->whiten[first + j][first + i] * difference;\n"
          "}\n"
          "}\n"
          "for (int i = 0; i < $rows; i++)\n"
          "  for (int u = 0; u < STEP; u++)\n");
  emit(e, full ? "    logarithm[u] -= row[i][u] * row[i][u];\n"
               : "    block->whitened[first + i][v + u] = row[i][u];\n");
  emit(e, "}\n\n");
  e->binding_count = bindings;
}

/* Calls of the functions above that go through all rows. */
static void emit_all_rows(struct emitter *e, const struct em_shape *shape)
{
  const struct em_groups *tiles = &shape->tiles;
  bool full = shape->covariance == LATHE_FULL;
  emit_bind(e, "from", "%s", full ? "c" : "densities");
  emit_bind(e, "to", "%s", full ? ", logarithm" : "");
  emit_bind_int(e, "rows", tiles->size);
  emit_bind_int(e, "whole", tiles->whole);
  emit_bind_int(e, "rest", tiles->rest);
  emit(e, tiles->whole > tiles->size ? "for (int i = 0; i < $whole; i += $rows)\n"
                                       "  whiten_$rows($from, block, v, i$to);\n"
                                     : "whiten_$rows($from, block, v, 0$to);\n");
  if (tiles->rest > 0)
    emit(e, "whiten_$rest($from, block, v, $whole$to);\n");
}

static void emit_whitening(struct emitter *e, const struct em_shape *shape)
{
  emit_rows(e, shape, shape->tiles.size);
  if (shape->tiles.rest > 0)
    emit_rows(e, shape, shape->tiles.rest);
}

/* ---- All kinds ---- */

/* Takes the squared distance, scaled, off logarithm[STEP]. */
static void emit_distance(struct emitter *e, const struct em_shape *shape)
{
  switch (shape->covariance) {
  case LATHE_FULL:
    emit_all_rows(e, shape);
    break;
  case LATHE_TIED:
    emit(e, "for (int i = 0; i < D; i++) {\n"
            "for (int u = 0; u < STEP; u++) {\n"
            "const lanes difference = block->whitened[i][v + u] - c->whitened[i];\n"
            "logarithm[u] -= difference * difference;\n"
            "}\n"
            "}\n");
    break;
  case LATHE_DIAG:
    emit(e, "for (int i = 0; i < D; i++) {\n"
            "for (int u = 0; u < STEP; u++) {\n"
            "const lanes difference = block->point[i][v + u] - c->mean[i];\n"
            "logarithm[u] -= c->inverse[i] * difference * difference;\n"
            "}\n"
            "}\n");
    break;
  case LATHE_SPHERICAL:
    emit(e, "lanes square[STEP] = {0};\n"
            "for (int i = 0; i < D; i++) {\n"
            "for (int u = 0; u < STEP; u++) {\n"
            "const lanes difference = block->point[i][v + u] - c->mean[i];\n"
            "square[u] += difference * difference;\n"
            "}\n"
            "}\n"
            "for (int u = 0; u < STEP; u++) {\n"
            "logarithm[u] -= c->inverse * square[u];\n"
            "block->square[k][v + u] = square[u];\n"
            "}\n");
    break;
  }
}

static void emit_density(struct emitter *e, const struct em_shape *shape)
{
  emit(e, "/* Row k of the block's shares: log2(weight x density) of component k. */\n"
          "static void density(const struct component *c, int k, struct block *block)\n"
          "{\n"
          "for (int v = 0; v < block->vectors; v += STEP) {\n"
          "lanes logarithm[STEP];\n"
          "for (int u = 0; u < STEP; u++)\n  logarithm[u] = (lanes){0} + c->log_constant;\n");
  emit_distance(e, shape);
  emit(e, "for (int u = 0; u < STEP; u++) {\n"
          "block->share[k][v + u] = logarithm[u];\n"
          "lathe_lanes_raise(&block->most[v + u], &logarithm[u]);\n"
          "}\n"
          "}\n"
          "}\n\n");
}

void emit_densities(struct emitter *e, const struct em_shape *shape)
{
  bool tied = shape->covariance == LATHE_TIED;
  emit_prepare(e, shape);
  if (shape->matrix)
    emit_whitening(e, shape);
  emit_density(e, shape);
  emit(e, "/* The block's shares before they are divided by their total. The largest is taken out "
          "of the\n"
          " * exponentials, so that none overflows and the total lies between 1 and K. */\n"
          "static void compare(const struct densities *densities, struct block *block)\n"
          "{\n");
  if (tied) {
    emit(e, "for (int v = 0; v < block->vectors; v += STEP) {\n");
    emit_all_rows(e, shape);
    emit(e, "}\n");
  }
  emit(e, "for (int v = 0; v < block->vectors; v++) {\n"
          "block->most[v] = (lanes){0} - HUGE_VAL;\n"
          "block->total[v] = (lanes){0};\n"
          "}\n"
          "for (int k = 0; k < K; k++)\n"
          "  density(&densities->component[k], k, block);\n"
          "for (int k = 0; k < K; k++) {\n"
          "for (int v = 0; v < block->vectors; v++) {\n"
          "lanes *const share = &block->share[k][v];\n"
          "*share -= block->most[v];\n"
          "lathe_lanes_exp2(share);\n"
          "block->total[v] += *share;\n"
          "}\n"
          "}\n"
          "}\n\n");
}
