/* Expectation-maximisation for 3 Gaussians in 20 dimensions, full covariances. */
#include "digits_conv_internal.h"
#include <lathe/lanes.h>
#include <math.h>
#include <string.h>

enum {
  K = 3,  /* components */
  D = 20,  /* dimensions */
  CHUNKS = 32,  /* stretches of points with sums of their own, whatever the threads */
  BLOCK = 256,  /* points that are worked on together */
  VECTORS = BLOCK / LATHE_DOUBLES,
  STEP = 4,  /* vectors that go through the same loop together */
  SECOND = 630,  /* second moments */
};

typedef lathe_lanes lanes;

/* Some points, side by side in vectors, and what is found about them. */
struct block {
  int count;   /* points */
  int vectors; /* that hold them: whole steps, filled up with copies of the last */
  lanes point[D][VECTORS];
  lanes share[K][VECTORS]; /* log2(weight x density), later the posterior */
  lanes most[VECTORS];     /* the largest logarithm */
  lanes total[VECTORS];    /* of exponentials, relative to it */
};

static void load(struct block *block, const float *points, int64_t n)
{
  const int count = n < BLOCK ? (int)n : BLOCK;
  const int whole = count / LATHE_DOUBLES;
  block->count = count;
  block->vectors = (count + STEP * LATHE_DOUBLES - 1) / (STEP * LATHE_DOUBLES) * STEP;
  for (int v = 0; v < whole; v++)
    for (int i = 0; i < D; i++)
      for (int l = 0; l < LATHE_DOUBLES; l++)
        block->point[i][v][l] = (double)points[(v * LATHE_DOUBLES + l) * D + i];
  for (int p = whole * LATHE_DOUBLES; p < block->vectors * LATHE_DOUBLES; p++) {
    const float *const point = points + (p < count ? p : count - 1) * D;
    for (int i = 0; i < D; i++)
      block->point[i][p / LATHE_DOUBLES][p % LATHE_DOUBLES] = (double)point[i];
  }
}

/* The mixture made ready for densities. */
struct densities {
  struct component {
    double mean[D];
    double whiten[D][D]; /* the differences */
    double log_constant; /* to base 2: weight / sqrt(det(2 pi covariance)) */
  } component[K];
};

static const double LOG2_E = 1.4426950408889634;
static const double LOG_2 = 0.6931471805599453, LOG_2_PI = 1.8378770664093453;

/* A row of a matrix, in vectors and by element. */
enum { ACROSS = (D + LATHE_DOUBLES - 1) / LATHE_DOUBLES };
union row {
  lanes vector[ACROSS];
  double at[ACROSS * LATHE_DOUBLES];
};

/* The inverse of the covariance's Cholesky factor, transposed, times sqrt(log2(e) / 2), and
 * the logarithm of its determinant. False when the covariance is not positive definite. */
static bool whitening(const double *covariance, double whiten[D][D], double *log_det)
{
  const double root_half_log2_e = 0.8493218002880191;
  union row column[D] = {0}; /* of the factor, from the diagonal on */
  union row inverse[D];      /* up to the diagonal, then zeros */
  *log_det = 0;
  for (int j = 0; j < D; j++) {
    for (int i = j; i < D; i++)
      column[j].at[i] = covariance[i * D + j];
    for (int v = j / LATHE_DOUBLES; v < ACROSS; v++) {
      lanes sum = column[j].vector[v];
      for (int m = 0; m < j; m++)
        sum -= column[m].vector[v] * column[m].at[j];
      column[j].vector[v] = sum;
    }
    if (!(column[j].at[j] > 0))
      return false;
    const double root = sqrt(column[j].at[j]);
    for (int v = j / LATHE_DOUBLES; v < ACROSS; v++)
      column[j].vector[v] /= root;
    column[j].at[j] = root;
    *log_det += 2 * log(root);
  }
  for (int i = 0; i < D; i++) {
    for (int v = 0; v <= i / LATHE_DOUBLES; v++) {
      lanes sum = {0};
      for (int m = v * LATHE_DOUBLES; m < i; m++)
        sum -= column[m].at[i] * inverse[m].vector[v];
      inverse[i].vector[v] = sum;
    }
    inverse[i].at[i] = root_half_log2_e;
    for (int v = 0; v <= i / LATHE_DOUBLES; v++)
      inverse[i].vector[v] /= column[i].at[i];
    for (int j = 0; j < D; j++)
      whiten[j][i] = j <= i ? inverse[i].at[j] : 0;
  }
  return true;
}

/* Returns 0, or 1 + the first component whose covariance is not positive definite. */
static int prepare(const struct lathe_mixture *mixture, struct densities *densities)
{
  double log_det;
  for (int k = 0; k < K; k++) {
    struct component *const c = &densities->component[k];
    memcpy(c->mean, mixture->means + k * D, sizeof c->mean);
    if (!whitening(mixture->covariances + k * D * D, c->whiten, &log_det))
      return 1 + k;
    c->log_constant =
        LOG2_E * (log(mixture->weights[k]) - 0.5 * (log_det + D * LOG_2_PI));
  }
  return 0;
}

/* Rows `first` to `first` + 5 of the whitened differences of a step's points; takes their
 * squares off the logarithm. */
static inline void whiten_5(const struct component *c, const struct block *block, int v,
    int first, lanes logarithm[STEP])
{
  lanes row[5][STEP];
  for (int i = 0; i < 5; i++)
    for (int u = 0; u < STEP; u++)
      row[i][u] = (lanes){0};
  for (int j = 0; j < first; j++) {
    for (int u = 0; u < STEP; u++) {
      const lanes difference = block->point[j][v + u] - c->mean[j];
      for (int i = 0; i < 5; i++)
        row[i][u] += c->whiten[j][first + i] * difference;
    }
  }
#pragma GCC unroll 5 /* or rows would be kept in memory */
  for (int j = 0; j < 5; j++) {
    for (int u = 0; u < STEP; u++) {
      const lanes difference = block->point[first + j][v + u] - c->mean[first + j];
      for (int i = j; i < 5; i++)
        row[i][u] += c->whiten[first + j][first + i] * difference;
    }
  }
  for (int i = 0; i < 5; i++)
    for (int u = 0; u < STEP; u++)
      logarithm[u] -= row[i][u] * row[i][u];
}

/* Row k of the block's shares: log2(weight x density) of component k. */
static void density(const struct component *c, int k, struct block *block)
{
  for (int v = 0; v < block->vectors; v += STEP) {
    lanes logarithm[STEP];
    for (int u = 0; u < STEP; u++)
      logarithm[u] = (lanes){0} + c->log_constant;
    for (int i = 0; i < 20; i += 5)
      whiten_5(c, block, v, i, logarithm);
    for (int u = 0; u < STEP; u++) {
      block->share[k][v + u] = logarithm[u];
      lathe_lanes_raise(&block->most[v + u], &logarithm[u]);
    }
  }
}

/* The block's shares before they are divided by their total. The largest is taken out of the
 * exponentials, so that none overflows and the total lies between 1 and K. */
static void compare(const struct densities *densities, struct block *block)
{
  for (int v = 0; v < block->vectors; v++) {
    block->most[v] = (lanes){0} - HUGE_VAL;
    block->total[v] = (lanes){0};
  }
  for (int k = 0; k < K; k++)
    density(&densities->component[k], k, block);
  for (int k = 0; k < K; k++) {
    for (int v = 0; v < block->vectors; v++) {
      lanes *const share = &block->share[k][v];
      *share -= block->most[v];
      lathe_lanes_exp2(share);
      block->total[v] += *share;
    }
  }
}

/* What one stretch of points adds to the M-step; moments about the old means. */
struct sums {
  double log_likelihood;
  double count[K];
  double first[K * D];
  double second[SECOND];
};

/* The block's log-likelihood; totals become the factors that make shares of it. The logarithm is
 * that of a product: a vector's totals, none above K, multiply to no more than a double holds. */
static double normalise(struct block *block)
{
  for (int p = block->count; p < block->vectors * LATHE_DOUBLES; p++) {
    block->most[p / LATHE_DOUBLES][p % LATHE_DOUBLES] = 0;
    block->total[p / LATHE_DOUBLES][p % LATHE_DOUBLES] = 1;
  }
  lanes sum = {0};
  lanes product = (lanes){0} + 1.0;
  for (int v = 0; v < block->vectors; v++) {
    sum += block->most[v];
    product *= block->total[v];
    block->total[v] = 1.0 / block->total[v];
  }
  for (int p = block->count; p < block->vectors * LATHE_DOUBLES; p++)
    block->total[p / LATHE_DOUBLES][p % LATHE_DOUBLES] = 0;
  double log_likelihood = lathe_lanes_sum(&sum) * LOG_2;
  for (int l = 0; l < LATHE_DOUBLES; l++)
    log_likelihood += log(product[l]);
  return log_likelihood;
}

/* Where row i, column j <= i of a symmetric matrix is kept. */
static inline int packed(int i, int j)
{
  return i * (i + 1) / 2 + j;
}

/* Rows `down` to `down` + 5 and columns `right` to `right` + 5 of the second moments,
 * whose sums stay in registers. */
static void tile_5_5(const struct block *block, const lanes *share, const double *mean,
    int down, int right, double *second)
{
  lanes sum[5][5] = {0};
  for (int v = 0; v < block->vectors; v++) {
    lanes part[5];
    for (int i = 0; i < 5; i++)
      part[i] = share[v] * (block->point[down + i][v] - mean[down + i]);
    for (int j = 0; j < 5; j++) {
      const lanes difference = block->point[right + j][v] - mean[right + j];
      for (int i = 0; i < 5; i++)
        sum[i][j] += part[i] * difference;
    }
  }
  for (int i = 0; i < 5; i++)
    for (int j = 0; j < 5; j++)
      second[packed(down + i, right + j)] += lathe_lanes_sum(&sum[i][j]);
}

/* The same for the 5 rows and columns at `at`, on the diagonal, and first moments. */
static void corner_5(const struct block *block, const lanes *share, const double *mean,
    int at, double *first, double *second)
{
  lanes moved[5] = {0};
  lanes sum[5][5] = {0};
  for (int v = 0; v < block->vectors; v++) {
    lanes difference[5];
    for (int i = 0; i < 5; i++) {
      difference[i] = block->point[at + i][v] - mean[at + i];
      const lanes part = share[v] * difference[i];
      moved[i] += part;
      for (int j = 0; j <= i; j++)
        sum[i][j] += part * difference[j];
    }
  }
  for (int i = 0; i < 5; i++) {
    first[at + i] += lathe_lanes_sum(&moved[i]);
    for (int j = 0; j <= i; j++)
      second[packed(at + i, at + j)] += lathe_lanes_sum(&sum[i][j]);
  }
}

/* All second moments, and first ones. */
static void products(const struct block *block, const lanes *share, const double *mean,
    double *first, double *second)
{
  for (int i = 0; i < 20; i += 5) {
    for (int j = 0; j < i; j += 5)
      tile_5_5(block, share, mean, i, j, second);
    corner_5(block, share, mean, i, first, second);
  }
}

/* Adds a block whose shares have been compared to the sums. */
static void gather(const struct densities *densities, struct block *block, struct sums *sums)
{
  sums->log_likelihood += normalise(block);
  for (int k = 0; k < K; k++) {
    lanes *const share = block->share[k];
    const double *const mean = densities->component[k].mean;
    double *const first = sums->first + k * D;
    lanes count = {0};
    double *const second = sums->second + k * (SECOND / K);
    for (int v = 0; v < block->vectors; v++) {
      share[v] *= block->total[v];
      count += share[v];
    }
    sums->count[k] += lathe_lanes_sum(&count);
    products(block, share, mean, first, second);
  }
}

static void add(struct sums *to, const struct sums *from)
{
  to->log_likelihood += from->log_likelihood;
  for (int k = 0; k < K; k++)
    to->count[k] += from->count[k];
  for (int i = 0; i < K * D; i++)
    to->first[i] += from->first[i];
  for (int i = 0; i < SECOND; i++)
    to->second[i] += from->second[i];
}

/* A component that has lost all its points keeps its place, with weight 0. */
static void maximise(struct lathe_mixture *mixture, struct sums *sums, int64_t n, double floor)
{
  for (int k = 0; k < K; k++) {
    const double count = sums->count[k];
    mixture->weights[k] = count / (double)n;
    if (!(count > 0))
      continue;
    double shift[D];
    for (int i = 0; i < D; i++) {
      shift[i] = sums->first[k * D + i] / count;
      mixture->means[k * D + i] += shift[i];
    }
    const double *const second = sums->second + k * (SECOND / K);
    double *const covariance = mixture->covariances + k * D * D;
    for (int i = 0; i < D; i++) {
      for (int j = 0; j <= i; j++) {
        const double value = second[packed(i, j)] / count - shift[i] * shift[j];
        covariance[i * D + j] = value;
        covariance[j * D + i] = value;
      }
      covariance[i * D + i] += floor;
    }
  }
}

struct workspace {
  struct densities densities;
  struct sums sums[CHUNKS];
};

struct em_call {
  struct workspace *work;
  const float *points;
  int64_t n;
};

static void gather_chunk(void *arg, int task, int thread)
{
  (void)thread;
  const struct em_call *const call = arg;
  struct sums *const sums = &call->work->sums[task];
  memset(sums, 0, sizeof *sums);
  const int64_t blocks = (call->n + BLOCK - 1) / BLOCK;
  for (int64_t b = blocks * task / CHUNKS; b < blocks * (task + 1) / CHUNKS; b++) {
    struct block block = {.count = 0};
    load(&block, call->points + b * BLOCK * D, call->n - b * BLOCK);
    compare(&call->work->densities, &block);
    gather(&call->work->densities, &block, sums);
  }
}

int digits_conv_em_step(struct lathe_state *state, int64_t n, const float *points,
    struct lathe_mixture *mixture, double floor, double *log_likelihood)
{
  struct em_call call = {(struct workspace *)(void *)state->em, points, n};
  struct sums *const sums = call.work->sums;
  const int failed = prepare(mixture, &call.work->densities);
  if (failed != 0)
    return failed;
  lathe_parallel(state->pool, CHUNKS, gather_chunk, &call);
  for (int c = 1; c < CHUNKS; c++)
    add(&sums[0], &sums[c]);
  *log_likelihood = sums[0].log_likelihood / (double)n;
  maximise(mixture, &sums[0], n, floor);
  return 0;
}

int digits_conv_responsibilities(const struct lathe_mixture *mixture, int64_t n,
    const float *points, double *posterior, double *log_likelihood)
{
  struct densities densities;
  const int failed = prepare(mixture, &densities);
  if (failed != 0)
    return failed;
  for (int64_t first = 0; first < n; first += BLOCK) {
    struct block block = {.count = 0};
    load(&block, points + first * D, n - first);
    compare(&densities, &block);
    for (int p = 0; p < block.count; p++) {
      const int v = p / LATHE_DOUBLES, l = p % LATHE_DOUBLES;
      const double factor = 1 / block.total[v][l];
      for (int k = 0; k < K; k++)
        posterior[(first + p) * K + k] = block.share[k][v][l] * factor;
      if (log_likelihood != NULL)
        log_likelihood[first + p] =
          block.most[v][l] * LOG_2 + log(block.total[v][l]);
    }
  }
  return 0;
}
