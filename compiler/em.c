/* Emission of EM (Dempster, Laird & Rubin 1977; the updates as in Bishop 2006, section 9.2.2). One
 * pass over the points does the E-step and gathers what the M-step needs, a block of points at a
 * time that stays in the nearest caches: responsibilities are never stored. Points lie across the
 * lanes of vectors, so that shapes need not fit the vectors' width. */
#include "em_parts.h"

enum {
  CHUNKS = 32,       /* stretches of points, whose statistics are added up in a fixed order */
  STEP = 4,          /* vectors that one pass over a component's numbers serves */
  LARGEST_TILE = 5,  /* rows x columns of sums, and what goes into them, fill 32 registers */
  LARGEST_SPAN = 10, /* two sums for each dimension do */
  BLOCK_UNIT = 32,   /* points: STEP of the widest vectors */
  BLOCK_MOST = 256,
  BLOCK_BYTES = 1 << 17, /* of a block, which is to lie in the second-level cache */
};

static struct em_groups groups_of(int64_t dimensions, int64_t largest)
{
  int64_t count = (dimensions + largest - 1) / largest;
  int64_t size = (dimensions + count - 1) / count;
  int64_t rest = dimensions % size;
  return (struct em_groups){size, dimensions - rest, rest};
}

static int64_t block_points(int64_t values_each)
{
  int64_t points = BLOCK_BYTES / (8 * values_each) / BLOCK_UNIT * BLOCK_UNIT;
  points = points > BLOCK_MOST ? BLOCK_MOST : points;
  return points < BLOCK_UNIT ? BLOCK_UNIT : points;
}

struct em_shape em_shape_of(const struct model *model)
{
  int64_t k = model->mixing.components, d = model->latent, triangle = d * (d + 1) / 2;
  const int64_t second[] = {
      [LATHE_FULL] = k * triangle,
      [LATHE_TIED] = triangle,
      [LATHE_DIAG] = k * d,
      [LATHE_SPHERICAL] = k,
  };
  enum lathe_covariance covariance = model->mixing.covariance;
  bool tied = covariance == LATHE_TIED, spherical = covariance == LATHE_SPHERICAL;
  return (struct em_shape){
      .components = k,
      .dimensions = d,
      .covariance = covariance,
      .matrix = tied || covariance == LATHE_FULL,
      .triangle = triangle,
      .second = second[covariance],
      .block = block_points((tied ? 2 : 1) * d + (spherical ? 2 : 1) * k + 2),
      .tiles = groups_of(d, LARGEST_TILE),
      .spans = groups_of(d, LARGEST_SPAN),
  };
}

/* Doubles of struct densities (em_density.c) and struct sums (below). */
static int64_t densities(const struct em_shape *shape)
{
  int64_t k = shape->components, d = shape->dimensions;
  switch (shape->covariance) {
  case LATHE_FULL:
    return k * (d + d * d + 1);
  case LATHE_TIED:
    return d + d * d + k * (2 * d + 1);
  case LATHE_DIAG:
    return k * (2 * d + 1);
  case LATHE_SPHERICAL:
    return k * (d + 2);
  }
  return 0;
}

int64_t em_workspace(const struct model *model)
{
  struct em_shape shape = em_shape_of(model);
  int64_t k = shape.components;
  return densities(&shape) + CHUNKS * (1 + k + k * shape.dimensions + shape.second);
}

static void emit_constants(struct emitter *e, const struct em_shape *shape)
{
  static const char *const what[] = {
      [LATHE_FULL] = "full covariances",
      [LATHE_TIED] = "one covariance for all",
      [LATHE_DIAG] = "diagonal covariances",
      [LATHE_SPHERICAL] = "one variance a component",
  };
  emit_bind(e, "what", "%s", what[shape->covariance]);
  emit_bind_int(e, "chunks", CHUNKS);
  emit_bind_int(e, "second", shape->second);
  emit_bind_int(e, "block", shape->block);
  emit_bind_int(e, "step", STEP);
  emit(e,
       "/* Expectation-maximisation for $K Gaussians in $D dimensions, $what. */\n"
       "#include \"$header\"\n"
       "#include <lathe/lanes.h>\n"
       "#include <math.h>\n"
       "#include <string.h>\n\n"
       "enum {\n"
       "K = $K,  /* components */\n"
       "D = $D,  /* dimensions */\n"
       "CHUNKS = $chunks,  /* stretches of points with sums of their own, whatever the threads */\n"
       "BLOCK = $block,  /* points that are worked on together */\n"
       "VECTORS = BLOCK / LATHE_DOUBLES,\n"
       "STEP = $step,  /* vectors that go through the same loop together */\n"
       "SECOND = $second,  /* second moments */\n"
       "};\n\n"
       "typedef lathe_lanes lanes;\n\n");
}

static void emit_block(struct emitter *e, const struct em_shape *shape)
{
  emit(e, "/* Some points, side by side in vectors, and what is found about them. */\n"
          "struct block {\n"
          "int count;   /* points */\n"
          "int vectors; /* that hold them: whole steps, filled up with copies of the last */\n"
          "lanes point[D][VECTORS];\n");
  if (shape->covariance == LATHE_TIED)
    emit(e, "lanes whitened[D][VECTORS];\n");
  emit(e, "lanes share[K][VECTORS]; /* log2(weight x density), later the posterior */\n");
  if (shape->covariance == LATHE_SPHERICAL)
    emit(e, "lanes square[K][VECTORS]; /* distance from the mean */\n");
  emit(e, "lanes most[VECTORS];     /* the largest logarithm */\n"
          "lanes total[VECTORS];    /* of exponentials, relative to it */\n"
          "};\n\n"
          "static void load(struct block *block, const $real *points, int64_t n)\n"
          "{\n"
          "const int count = n < BLOCK ? (int)n : BLOCK;\n"
          "const int whole = count / LATHE_DOUBLES;\n"
          "block->count = count;\n"
          "block->vectors = (count + STEP * LATHE_DOUBLES - 1) / (STEP * LATHE_DOUBLES) * STEP;\n"
          "for (int v = 0; v < whole; v++)\n"
          "  for (int i = 0; i < D; i++)\n"
          "    for (int l = 0; l < LATHE_DOUBLES; l++)\n"
          "      block->point[i][v][l] = (double)points[(v * LATHE_DOUBLES + l) * D + i];\n"
          "for (int p = whole * LATHE_DOUBLES; p < block->vectors * LATHE_DOUBLES; p++) {\n"
          "const $real *const point = points + (p < count ? p : count - 1) * D;\n"
          "for (int i = 0; i < D; i++)\n"
          "  block->point[i][p / LATHE_DOUBLES][p % LATHE_DOUBLES] = (double)point[i];\n"
          "}\n"
          "}\n\n");
}

static void emit_step(struct emitter *e, const struct em_shape *shape)
{
  emit_bind(e, "densities", "%s", shape->covariance == LATHE_TIED ? "&call.work->densities, " : "");
  emit(e, "struct workspace {\n"
          "struct densities densities;\n"
          "struct sums sums[CHUNKS];\n"
          "};\n\n"
          "struct em_call {\n"
          "struct workspace *work;\n"
          "const $real *points;\n"
          "int64_t n;\n"
          "};\n\n"
          "static void gather_chunk(void *arg, int task, int thread)\n"
          "{\n"
          "(void)thread;\n"
          "const struct em_call *const call = arg;\n"
          "struct sums *const sums = &call->work->sums[task];\n"
          "memset(sums, 0, sizeof *sums);\n"
          "const int64_t blocks = (call->n + BLOCK - 1) / BLOCK;\n"
          "for (int64_t b = blocks * task / CHUNKS; b < blocks * (task + 1) / CHUNKS; b++) {\n"
          "struct block block = {.count = 0};\n"
          "load(&block, call->points + b * BLOCK * D, call->n - b * BLOCK);\n"
          "compare(&call->work->densities, &block);\n"
          "gather(&call->work->densities, &block, sums);\n"
          "}\n"
          "}\n\n"
          "int ${model}_em_step(struct lathe_state *state, int64_t n, const $real *points,\n"
          "struct lathe_mixture *mixture, double floor, double *log_likelihood)\n"
          "{\n"
          "struct em_call call = {(struct workspace *)(void *)state->em, points, n};\n"
          "struct sums *const sums = call.work->sums;\n"
          "const int failed = prepare(mixture, &call.work->densities);\n"
          "if (failed != 0)\n  return failed;\n"
          "lathe_parallel(state->pool, CHUNKS, gather_chunk, &call);\n"
          "for (int c = 1; c < CHUNKS; c++)\n  add(&sums[0], &sums[c]);\n"
          "*log_likelihood = sums[0].log_likelihood / (double)n;\n"
          "maximise(mixture, $densities&sums[0], n, floor);\n"
          "return 0;\n"
          "}\n\n");
}

static void emit_responsibilities(struct emitter *e)
{
  emit(e, "int ${model}_responsibilities(const struct lathe_mixture *mixture, int64_t n,\n"
          "const $real *points, double *posterior, double *log_likelihood)\n"
          "{\n"
          "struct densities densities;\n"
          "const int failed = prepare(mixture, &densities);\n"
          "if (failed != 0)\n  return failed;\n"
          "for (int64_t first = 0; first < n; first += BLOCK) {\n"
          "struct block block = {.count = 0};\n"
          "load(&block, points + first * D, n - first);\n"
          "compare(&densities, &block);\n"
          "for (int p = 0; p < block.count; p++) {\n"
          "const int v = p / LATHE_DOUBLES, l = p % LATHE_DOUBLES;\n"
          "const double factor = 1 / block.total[v][l];\n"
          "for (int k = 0; k < K; k++)\n"
          "  posterior[(first + p) * K + k] = block.share[k][v][l] * factor;\n"
          "if (log_likelihood != NULL)\n"
          "  log_likelihood[first + p] =\n"
          "block.most[v][l] * LOG_2 + log(block.total[v][l]);\n"
          "}\n"
          "}\n"
          "return 0;\n"
          "}\n");
}

void emit_em(struct emitter *e)
{
  struct em_shape shape = em_shape_of(e->model);
  emit_bind_int(e, "K", shape.components);
  emit_bind_int(e, "D", shape.dimensions);
  emit_constants(e, &shape);
  emit_block(e, &shape);
  emit_densities(e, &shape);
  emit_moments(e, &shape);
  emit_step(e, &shape);
  emit_responsibilities(e);
}
