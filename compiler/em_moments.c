/* Emission of EM's M-step: what a block of points adds to the sums, and the next mixture from the
 * sums of all. Moments are taken about the means of the iteration before, which the new means
 * differ little from: nothing is lost to cancellation. A tied covariance needs the scatter of all
 * points alone, less what the components' means have of it. */
#include "em_parts.h"

static void emit_sums(struct emitter *e)
{
  emit(e, "/* What one stretch of points adds to the M-step; moments about the old means. */\n"
          "struct sums {\n"
          "double log_likelihood;\n"
          "double count[K];\n"
          "double first[K * D];\n"
          "double second[SECOND];\n"
          "};\n\n");
}

static void emit_normalise(struct emitter *e)
{
  emit(e,
       "/* The block's log-likelihood; totals become the factors that make shares of it. The "
       "logarithm is\n"
       " * that of a product: a vector's totals, none above K, multiply to no more than a double "
       "holds. */\n"
       "static double normalise(struct block *block)\n"
       "{\n"
       "for (int p = block->count; p < block->vectors * LATHE_DOUBLES; p++) {\n"
       "block->most[p / LATHE_DOUBLES][p % LATHE_DOUBLES] = 0;\n"
       "block->total[p / LATHE_DOUBLES][p % LATHE_DOUBLES] = 1;\n"
       "}\n"
       "lanes sum = {0};\n"
       "lanes product = (lanes){0} + 1.0;\n"
       "for (int v = 0; v < block->vectors; v++) {\n"
       "sum += block->most[v];\n"
       "product *= block->total[v];\n"
       "block->total[v] = 1.0 / block->total[v];\n"
       "}\n"
       "for (int p = block->count; p < block->vectors * LATHE_DOUBLES; p++)\n"
       "  block->total[p / LATHE_DOUBLES][p % LATHE_DOUBLES] = 0;\n"
       "double log_likelihood = lathe_lanes_sum(&sum) * LOG_2;\n"
       "for (int l = 0; l < LATHE_DOUBLES; l++)\n  log_likelihood += log(product[l]);\n"
       "return log_likelihood;\n"
       "}\n\n");
}

/* ---- Products of all pairs of dimensions: full and tied ---- */

/* A tile below the diagonal. */
static void emit_tile(struct emitter *e, int64_t rows, int64_t columns)
{
  int bindings = e->binding_count;
  emit_bind_int(e, "rows", rows);
  emit_bind_int(e, "columns", columns);
  emit(e,
       "/* Rows `down` to `down` + $rows and columns `right` to `right` + $columns of the second "
       "moments,\n"
       " * whose sums stay in registers. */\n"
       "static void tile_${rows}_$columns(const struct block *block, const lanes *share, const "
       "double *mean,\n"
       "int down, int right, double *second)\n"
       "{\n"
       "lanes sum[$rows][$columns] = {0};\n"
       "for (int v = 0; v < block->vectors; v++) {\n"
       "lanes part[$rows];\n"
       "for (int i = 0; i < $rows; i++)\n"
       "  part[i] = share[v] * (block->point[down + i][v] - mean[down + i]);\n"
       "for (int j = 0; j < $columns; j++) {\n"
       "const lanes difference = block->point[right + j][v] - mean[right + j];\n"
       "for (int i = 0; i < $rows; i++)\n"
       "  sum[i][j] += part[i] * difference;\n"
       "}\n"
       "}\n"
       "for (int i = 0; i < $rows; i++)\n"
       "  for (int j = 0; j < $columns; j++)\n"
       "    second[packed(down + i, right + j)] += lathe_lanes_sum(&sum[i][j]);\n"
       "}\n\n");
  e->binding_count = bindings;
}

/* A tile on the diagonal, of which the triangle is summed. */
static void emit_corner(struct emitter *e, const struct em_shape *shape, int64_t rows)
{
  bool full = shape->covariance == LATHE_FULL;
  int bindings = e->binding_count;
  emit_bind_int(e, "rows", rows);
  emit_bind(e, "first", "%s", full ? "double *first, " : "");
  emit(e, "/* The same for the $rows rows and columns at `at`, on the diagonal");
  emit(e, full ? ", and first moments. */\n" : ". */\n");
  emit(e, "static void corner_$rows(const struct block *block, const lanes *share, const double "
          "*mean,\n"
          "int at, ${first}double *second)\n"
          "{\n");
  if (full)
    emit(e, "lanes moved[$rows] = {0};\n");
  emit(e, "lanes sum[$rows][$rows] = {0};\n"
          "for (int v = 0; v < block->vectors; v++) {\n"
          "lanes difference[$rows];\n"
          "for (int i = 0; i < $rows; i++) {\n"
          "difference[i] = block->point[at + i][v] - mean[at + i];\n"
          "const lanes part = share[v] * difference[i];\n");
  if (full)
    emit(e, "moved[i] += part;\n");
  emit(e, "for (int j = 0; j <= i; j++)\n"
          "  sum[i][j] += part * difference[j];\n"
          "}\n"
          "}\n"
          "for (int i = 0; i < $rows; i++) {\n");
  if (full)
    emit(e, "first[at + i] += lathe_lanes_sum(&moved[i]);\n");
  emit(e, "for (int j = 0; j <= i; j++)\n"
          "  second[packed(at + i, at + j)] += lathe_lanes_sum(&sum[i][j]);\n"
          "}\n"
          "}\n\n");
  e->binding_count = bindings;
}

/* products(): all tiles, one after the other. */
static void emit_products(struct emitter *e, const struct em_shape *shape)
{
  const struct em_groups *tiles = &shape->tiles;
  bool full = shape->covariance == LATHE_FULL, several = tiles->whole > tiles->size;
  emit(e, "/* Where row i, column j <= i of a symmetric matrix is kept. */\n"
          "static inline int packed(int i, int j)\n"
          "{\n"
          "return i * (i + 1) / 2 + j;\n"
          "}\n\n");
  if (several)
    emit_tile(e, tiles->size, tiles->size);
  if (tiles->rest > 0)
    emit_tile(e, tiles->rest, tiles->size);
  emit_corner(e, shape, tiles->size);
  if (tiles->rest > 0)
    emit_corner(e, shape, tiles->rest);

  emit_bind_int(e, "rows", tiles->size);
  emit_bind_int(e, "whole", tiles->whole);
  emit_bind_int(e, "rest", tiles->rest);
  emit_bind(e, "parameter", "%s", full ? "double *first, " : "");
  emit_bind(e, "argument", "%s", full ? "first, " : "");
  emit(e, "/* All second moments");
  emit(e, full ? ", and first ones. */\n" : ". */\n");
  emit(e, "static void products(const struct block *block, const lanes *share, const double "
          "*mean,\n"
          "${parameter}double *second)\n"
          "{\n");
  emit(e, several ? "for (int i = 0; i < $whole; i += $rows) {\n"
                    "for (int j = 0; j < i; j += $rows)\n"
                    "  tile_${rows}_$rows(block, share, mean, i, j, second);\n"
                    "corner_$rows(block, share, mean, i, ${argument}second);\n"
                    "}\n"
                  : "corner_$rows(block, share, mean, 0, ${argument}second);\n");
  if (tiles->rest > 0)
    emit(e, "for (int j = 0; j < $whole; j += $rows)\n"
            "  tile_${rest}_$rows(block, share, mean, $whole, j, second);\n"
            "corner_$rest(block, share, mean, $whole, ${argument}second);\n");
  emit(e, "}\n\n");
}

/* ---- Each dimension with itself: diag; and first moments alone: tied and spherical ---- */

static void emit_span(struct emitter *e, const struct em_shape *shape, int64_t dimensions)
{
  bool diag = shape->covariance == LATHE_DIAG;
  int bindings = e->binding_count;
  emit_bind_int(e, "span", dimensions);
  emit_bind(e, "and", "%s", diag ? " and second" : "");
  emit_bind(e, "second", "%s", diag ? ", double *second" : "");
  emit(e, "/* First$and moments of $span dimensions, whose sums stay in registers. */\n"
          "static void moments_$span(const struct block *block, const lanes *share, const double "
          "*mean,\n"
          "int at, double *first$second)\n"
          "{\n"
          "lanes moved[$span] = {0};\n");
  if (diag)
    emit(e, "lanes sum[$span] = {0};\n");
  emit(e, "for (int v = 0; v < block->vectors; v++) {\n"
          "for (int i = 0; i < $span; i++) {\n"
          "const lanes difference = block->point[at + i][v] - mean[at + i];\n");
  emit(e, diag ? "const lanes part = share[v] * difference;\n"
                 "moved[i] += part;\n"
                 "sum[i] += part * difference;\n"
               : "moved[i] += share[v] * difference;\n");
  emit(e, "}\n"
          "}\n"
          "for (int i = 0; i < $span; i++)");
  emit(e, diag ? " {\n"
                 "first[at + i] += lathe_lanes_sum(&moved[i]);\n"
                 "second[at + i] += lathe_lanes_sum(&sum[i]);\n"
                 "}\n"
               : "\n  first[at + i] += lathe_lanes_sum(&moved[i]);\n");
  emit(e, "}\n\n");
  e->binding_count = bindings;
}

static void emit_spans(struct emitter *e, const struct em_shape *shape)
{
  emit_span(e, shape, shape->spans.size);
  if (shape->spans.rest > 0)
    emit_span(e, shape, shape->spans.rest);
}

static void emit_all_spans(struct emitter *e, const struct em_shape *shape)
{
  const struct em_groups *spans = &shape->spans;
  emit_bind(e, "to", "%s", shape->covariance == LATHE_DIAG ? "first, second" : "first");
  emit_bind_int(e, "span", spans->size);
  emit_bind_int(e, "whole", spans->whole);
  emit_bind_int(e, "rest", spans->rest);
  emit(e, spans->whole > spans->size ? "for (int i = 0; i < $whole; i += $span)\n"
                                       "  moments_$span(block, share, mean, i, $to);\n"
                                     : "moments_$span(block, share, mean, 0, $to);\n");
  if (spans->rest > 0)
    emit(e, "moments_$rest(block, share, mean, $whole, $to);\n");
}

/* ---- All kinds ---- */

static void emit_gather(struct emitter *e, const struct em_shape *shape)
{
  bool tied = shape->covariance == LATHE_TIED, spherical = shape->covariance == LATHE_SPHERICAL;
  emit(e, "/* Adds a block whose shares have been compared to the sums. */\n"
          "static void gather(const struct densities *densities, struct block *block, struct sums "
          "*sums)\n"
          "{\n"
          "sums->log_likelihood += normalise(block);\n"
          "for (int k = 0; k < K; k++) {\n"
          "lanes *const share = block->share[k];\n"
          "const double *const mean = densities->component[k].mean;\n"
          "double *const first = sums->first + k * D;\n"
          "lanes count = {0};\n");
  if (shape->covariance == LATHE_FULL)
    emit(e, "double *const second = sums->second + k * (SECOND / K);\n");
  if (shape->covariance == LATHE_DIAG)
    emit(e, "double *const second = sums->second + k * D;\n");
  if (spherical)
    emit(e, "lanes squares = {0};\n");
  emit(e, "for (int v = 0; v < block->vectors; v++) {\n"
          "share[v] *= block->total[v];\n"
          "count += share[v];\n");
  if (spherical)
    emit(e, "squares += share[v] * block->square[k][v];\n");
  emit(e, "}\n"
          "sums->count[k] += lathe_lanes_sum(&count);\n");
  if (spherical)
    emit(e, "sums->second[k] += lathe_lanes_sum(&squares);\n");
  if (shape->covariance == LATHE_FULL)
    emit(e, "products(block, share, mean, first, second);\n");
  else
    emit_all_spans(e, shape);
  emit(e, "}\n");
  if (tied)
    emit(e, "/* Every point counts once, whatever its shares; copies of the last do not. */\n"
            "lanes *const once = block->total;\n"
            "for (int v = 0; v < block->vectors; v++)\n"
            "  for (int l = 0; l < LATHE_DOUBLES; l++)\n"
            "    once[v][l] = v * LATHE_DOUBLES + l < block->count ? 1 : 0;\n"
            "products(block, once, densities->centre, sums->second);\n");
  emit(e, "}\n\n");
}

static const char *const updates[] = {
    [LATHE_FULL] = "const double *const second = sums->second + k * (SECOND / K);\n"
                   "double *const covariance = mixture->covariances + k * D * D;\n"
                   "for (int i = 0; i < D; i++) {\n"
                   "for (int j = 0; j <= i; j++) {\n"
                   "const double value = second[packed(i, j)] / count - shift[i] * shift[j];\n"
                   "covariance[i * D + j] = value;\n"
                   "covariance[j * D + i] = value;\n"
                   "}\n"
                   "covariance[i * D + i] += floor;\n"
                   "}\n",
    [LATHE_TIED] = "for (int i = 0; i < D; i++)\n"
                   "  shift[i] = mixture->means[k * D + i] - densities->centre[i];\n"
                   "for (int i = 0; i < D; i++)\n"
                   "  for (int j = 0; j <= i; j++)\n"
                   "    sums->second[packed(i, j)] -= count * shift[i] * shift[j];\n",
    [LATHE_DIAG] = "for (int i = 0; i < D; i++)\n"
                   "  mixture->covariances[k * D + i] =\n"
                   "sums->second[k * D + i] / count - shift[i] * shift[i] + floor;\n",
    [LATHE_SPHERICAL] =
        "double moved = 0;\n"
        "for (int i = 0; i < D; i++)\n  moved += shift[i] * shift[i];\n"
        "mixture->covariances[k] = (sums->second[k] / count - moved) / D + floor;\n",
};

static void emit_maximise(struct emitter *e, const struct em_shape *shape)
{
  bool tied = shape->covariance == LATHE_TIED;
  emit(e, "static void add(struct sums *to, const struct sums *from)\n"
          "{\n"
          "to->log_likelihood += from->log_likelihood;\n"
          "for (int k = 0; k < K; k++)\n  to->count[k] += from->count[k];\n"
          "for (int i = 0; i < K * D; i++)\n  to->first[i] += from->first[i];\n"
          "for (int i = 0; i < SECOND; i++)\n  to->second[i] += from->second[i];\n"
          "}\n\n"
          "/* A component that has lost all its points keeps its place, with weight 0. */\n"
          "static void maximise(struct lathe_mixture *mixture, ");
  emit(e, tied ? "const struct densities *densities,\n" : "");
  emit(e, "struct sums *sums, int64_t n, double floor)\n"
          "{\n"
          "for (int k = 0; k < K; k++) {\n"
          "const double count = sums->count[k];\n"
          "mixture->weights[k] = count / (double)n;\n"
          "if (!(count > 0))\n  continue;\n"
          "double shift[D];\n"
          "for (int i = 0; i < D; i++) {\n"
          "shift[i] = sums->first[k * D + i] / count;\n"
          "mixture->means[k * D + i] += shift[i];\n"
          "}\n");
  emit(e, updates[shape->covariance]);
  emit(e, "}\n");
  if (tied)
    emit(e, "for (int i = 0; i < D; i++) {\n"
            "for (int j = 0; j <= i; j++) {\n"
            "const double value = sums->second[packed(i, j)] / (double)n;\n"
            "mixture->covariances[i * D + j] = value;\n"
            "mixture->covariances[j * D + i] = value;\n"
            "}\n"
            "mixture->covariances[i * D + i] += floor;\n"
            "}\n");
  emit(e, "}\n\n");
}

void emit_moments(struct emitter *e, const struct em_shape *shape)
{
  emit_sums(e);
  emit_normalise(e);
  if (shape->matrix)
    emit_products(e, shape);
  if (shape->covariance != LATHE_FULL)
    emit_spans(e, shape);
  emit_gather(e, shape);
  emit_maximise(e, shape);
}
