#include "kmeans.h"
#include "chunks.h"
#include "philox.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct search {
  const struct lathe_points *points;
  struct lathe_chunks chunks;
  int k;
  const double *centres;
  int *nearest;     /* [n] or NULL */
  double *distance; /* [n] or NULL: squared */
};

static double squared_distance(int d, const lathe_real *point, const double *centre)
{
  double sum = 0;
  for (int i = 0; i < d; i++) {
    double difference = (double)point[i] - centre[i];
    sum += difference * difference;
  }
  return sum;
}

static void search_chunk(void *arg, int chunk, int thread)
{
  (void)thread;
  struct search *work = arg;
  int d = work->points->dimensions;
  for (int64_t i = lathe_chunk_begin(&work->chunks, chunk);
       i < lathe_chunk_end(&work->chunks, chunk); i++) {
    int nearest = 0;
    double least = INFINITY;
    for (int c = 0; c < work->k; c++) {
      double distance = squared_distance(d, work->points->values + i * d, work->centres + c * d);
      if (distance < least) {
        least = distance;
        nearest = c;
      }
    }
    if (work->nearest)
      work->nearest[i] = nearest;
    if (work->distance)
      work->distance[i] = least;
  }
}

void lathe_nearest(const struct lathe_points *points, int k, const double *centres, int *nearest,
                   double *distance, struct lathe_pool *pool)
{
  struct search work = {points, lathe_chunks_of(points->n), k, centres, nearest, distance};
  lathe_parallel(pool, work.chunks.count, search_chunk, &work);
}

static void copy_point(const struct lathe_points *points, int64_t i, double *centre)
{
  for (int k = 0; k < points->dimensions; k++)
    centre[k] = (double)points->values[i * points->dimensions + k];
}

/* One more centre: lowers each point's squared distance to the nearest of the centres so far. */
struct narrowing {
  const struct lathe_points *points;
  struct lathe_chunks chunks;
  const double *centre;
  double *distance;               /* [n] */
  double sums[LATHE_CHUNKS_MOST]; /* of the distances, a chunk */
};

static void narrow_chunk(void *arg, int chunk, int thread)
{
  (void)thread;
  struct narrowing *work = arg;
  int d = work->points->dimensions;
  double sum = 0;
  for (int64_t i = lathe_chunk_begin(&work->chunks, chunk);
       i < lathe_chunk_end(&work->chunks, chunk); i++) {
    double distance = squared_distance(d, work->points->values + i * d, work->centre);
    if (distance < work->distance[i])
      work->distance[i] = distance;
    sum += work->distance[i];
  }
  work->sums[chunk] = sum;
}

/* The point at which the running sum of squared distances first exceeds u of their total; any
 * point, equally likely, when all lie on centres. */
static int64_t draw_point(const struct narrowing *work, double u)
{
  double total = 0;
  for (int chunk = 0; chunk < work->chunks.count; chunk++)
    total += work->sums[chunk];
  int64_t last = (int64_t)(u * (double)work->chunks.n);
  if (!(total > 0))
    return last;
  double target = u * total, sum = 0;
  for (int chunk = 0; chunk < work->chunks.count; chunk++) {
    if (sum + work->sums[chunk] <= target) {
      sum += work->sums[chunk];
      continue;
    }
    for (int64_t i = lathe_chunk_begin(&work->chunks, chunk);
         i < lathe_chunk_end(&work->chunks, chunk); i++) {
      if (!(work->distance[i] > 0))
        continue;
      last = i;
      sum += work->distance[i];
      if (sum > target)
        return i;
    }
  }
  return last; /* rounding only: the last point that has any distance */
}

bool lathe_kmeans_seed(const struct lathe_points *points, int k, int given, uint64_t seed,
                       uint64_t run, double *centres, struct lathe_pool *pool,
                       struct lathe_error *err)
{
  double *distance = malloc((size_t)points->n * sizeof *distance);
  if (!distance)
    return lathe_fail(err, "not enough memory to seed clusters of %lld points",
                      (long long)points->n);
  for (int64_t i = 0; i < points->n; i++)
    distance[i] = INFINITY;
  struct narrowing work = {
      .points = points, .chunks = lathe_chunks_of(points->n), .distance = distance};
  for (int c = 0; c < k; c++) {
    double *centre = centres + (int64_t)c * points->dimensions;
    if (c >= given) {
      double u = lathe_random_uniform(seed, LATHE_RANDOM_KMEANS, run, (uint64_t)c);
      int64_t chosen = c == 0 ? (int64_t)(u * (double)points->n) : draw_point(&work, u);
      copy_point(points, chosen, centre);
    }
    work.centre = centre;
    lathe_parallel(pool, work.chunks.count, narrow_chunk, &work);
  }
  free(distance);
  return true;
}

/* Sums of the points of each cluster, for each chunk. */
struct means {
  const struct lathe_points *points;
  struct lathe_chunks chunks;
  int k;
  const int *nearest;
  double *sums;    /* [chunks, k, d] */
  int64_t *counts; /* [chunks, k] */
};

static void sum_chunk(void *arg, int chunk, int thread)
{
  (void)thread;
  struct means *work = arg;
  int d = work->points->dimensions;
  int64_t *counts = work->counts + (int64_t)chunk * work->k;
  double *sums = work->sums + (int64_t)chunk * work->k * d;
  memset(counts, 0, (size_t)work->k * sizeof *counts);
  memset(sums, 0, (size_t)work->k * (size_t)d * sizeof *sums);
  for (int64_t i = lathe_chunk_begin(&work->chunks, chunk);
       i < lathe_chunk_end(&work->chunks, chunk); i++) {
    counts[work->nearest[i]]++;
    double *sum = sums + (int64_t)work->nearest[i] * d;
    for (int j = 0; j < d; j++)
      sum[j] += (double)work->points->values[i * d + j];
  }
}

/* Centres become their clusters' means. An empty cluster takes the point farthest from its own
 * centre; its distance is zeroed, so that a second empty cluster takes another. */
static void move_centres(struct means *work, double *centres, double *distance,
                         struct lathe_pool *pool)
{
  int d = work->points->dimensions, k = work->k;
  lathe_parallel(pool, work->chunks.count, sum_chunk, work);
  for (int c = 0; c < k; c++) {
    int64_t count = 0;
    for (int chunk = 0; chunk < work->chunks.count; chunk++)
      count += work->counts[(int64_t)chunk * k + c];
    double *centre = centres + (int64_t)c * d;
    if (count == 0) {
      int64_t farthest = 0;
      for (int64_t i = 1; i < work->points->n; i++)
        if (distance[i] > distance[farthest])
          farthest = i;
      distance[farthest] = 0;
      copy_point(work->points, farthest, centre);
      continue;
    }
    for (int j = 0; j < d; j++) {
      double sum = 0;
      for (int chunk = 0; chunk < work->chunks.count; chunk++)
        sum += work->sums[((int64_t)chunk * k + c) * d + j];
      centre[j] = sum / (double)count;
    }
  }
}

bool lathe_kmeans(const struct lathe_points *points, int k, int iterations, double *centres,
                  int *nearest, double *inertia, struct lathe_pool *pool, struct lathe_error *err)
{
  struct means work = {points, lathe_chunks_of(points->n), k, nearest, NULL, NULL};
  size_t n = (size_t)points->n, rows = (size_t)work.chunks.count * (size_t)k;
  double *distance = malloc(n * sizeof *distance);
  int *before = malloc(n * sizeof *before);
  work.sums = calloc(rows, (size_t)points->dimensions * sizeof *work.sums);
  work.counts = calloc(rows, sizeof *work.counts);
  bool done = distance && before && work.sums && work.counts;
  if (done) {
    lathe_nearest(points, k, centres, nearest, distance, pool);
    for (int i = 0; i < iterations; i++) {
      memcpy(before, nearest, n * sizeof *before);
      move_centres(&work, centres, distance, pool);
      lathe_nearest(points, k, centres, nearest, distance, pool);
      if (memcmp(before, nearest, n * sizeof *before) == 0)
        break;
    }
    if (inertia) {
      *inertia = 0;
      for (size_t i = 0; i < n; i++)
        *inertia += distance[i];
    }
  } else {
    lathe_fail(err, "not enough memory to cluster %lld points", (long long)points->n);
  }
  free(distance);
  free(before);
  free(work.sums);
  free(work.counts);
  return done;
}
