#include "metrics.h"

enum {
  WINDOW = 7,
  CHUNK_IMAGES = 8,  /* images a task */
  GROUP_CHUNKS = 64, /* tasks whose sums are kept at a time */
};

double lathe_mse(int64_t size, const lathe_real *a, const lathe_real *b)
{
  double sum = 0;
  for (int64_t i = 0; i < size; i++) {
    double difference = (double)a[i] - (double)b[i];
    sum += difference * difference;
  }
  return size > 0 ? sum / (double)size : 0;
}

/* Sums over some pixels of a, b, a^2, b^2 and ab. */
struct moments {
  double a, b, aa, bb, ab;
};

static void add(struct moments *sum, const struct moments *term)
{
  sum->a += term->a;
  sum->b += term->b;
  sum->aa += term->aa;
  sum->bb += term->bb;
  sum->ab += term->ab;
}

/* One column of WINDOW pixels. */
static struct moments column_moments(int width, const lathe_real *a, const lathe_real *b)
{
  struct moments sum = {0};
  for (int y = 0; y < WINDOW; y++) {
    double p = (double)a[y * width], q = (double)b[y * width];
    add(&sum, &(struct moments){p, q, p * p, q * q, p * q});
  }
  return sum;
}

/* Equation 13 of Wang et al. for one window. */
static double window_similarity(const struct moments *sum, double data_range)
{
  const double pixels = WINDOW * WINDOW;
  const double sample = pixels / (pixels - 1);
  double c1 = 0.01 * data_range * 0.01 * data_range;
  double c2 = 0.03 * data_range * 0.03 * data_range;
  double mean_a = sum->a / pixels, mean_b = sum->b / pixels;
  double var_a = sample * (sum->aa / pixels - mean_a * mean_a);
  double var_b = sample * (sum->bb / pixels - mean_b * mean_b);
  double cov = sample * (sum->ab / pixels - mean_a * mean_b);
  return (2 * mean_a * mean_b + c1) * (2 * cov + c2) /
         ((mean_a * mean_a + mean_b * mean_b + c1) * (var_a + var_b + c2));
}

/* The mean over the windows inside one channel. A window is the sum of WINDOW columns, of which the
 * last WINDOW are kept: sums are taken afresh for each window, so that no error builds up. */
static double channel_similarity(int height, int width, double data_range, const lathe_real *a,
                                 const lathe_real *b)
{
  double total = 0;
  for (int y = 0; y + WINDOW <= height; y++) {
    struct moments columns[WINDOW];
    for (int x = 0; x < width; x++) {
      int64_t at = (int64_t)y * width + x;
      columns[x % WINDOW] = column_moments(width, a + at, b + at);
      if (x + 1 < WINDOW)
        continue;
      struct moments sum = {0};
      for (int i = 0; i < WINDOW; i++)
        add(&sum, &columns[i]);
      total += window_similarity(&sum, data_range);
    }
  }
  return total / ((double)(height - WINDOW + 1) * (width - WINDOW + 1));
}

bool lathe_ssim(int channels, int height, int width, double data_range, const lathe_real *a,
                const lathe_real *b, double *ssim)
{
  if (channels < 1 || height < WINDOW || width < WINDOW || !(data_range > 0))
    return false;
  int64_t size = (int64_t)height * width;
  double total = 0;
  for (int c = 0; c < channels; c++)
    total += channel_similarity(height, width, data_range, a + c * size, b + c * size);
  *ssim = total / channels;
  return true;
}

struct comparison {
  int rank;
  const int *shape;
  int64_t size; /* values an image */
  double data_range;
  int64_t n;
  const lathe_real *images, *reconstructions;
  struct lathe_similarity sums[GROUP_CHUNKS];
};

static void compare_chunk(void *arg, int chunk, int thread)
{
  (void)thread;
  struct comparison *work = arg;
  struct lathe_similarity sums = {0};
  int64_t begin = (int64_t)chunk * CHUNK_IMAGES;
  for (int64_t i = begin; i < begin + CHUNK_IMAGES && i < work->n; i++) {
    const lathe_real *a = work->images + i * work->size;
    const lathe_real *b = work->reconstructions + i * work->size;
    double ssim = 0;
    sums.images++;
    sums.squared_error += lathe_mse(work->size, a, b);
    if (work->rank != 3 ||
        !lathe_ssim(work->shape[0], work->shape[1], work->shape[2], work->data_range, a, b, &ssim))
      sums.ssim_undefined = true;
    sums.ssim += ssim;
  }
  work->sums[chunk] = sums;
}

void lathe_similarity_add(struct lathe_similarity *sums, int rank, const int shape[3],
                          double data_range, int64_t n, const lathe_real *images,
                          const lathe_real *reconstructions, struct lathe_pool *pool)
{
  int64_t size = 1;
  for (int i = 0; i < rank; i++)
    size *= shape[i];
  const int64_t group = (int64_t)CHUNK_IMAGES * GROUP_CHUNKS;
  for (int64_t begin = 0; begin < n; begin += group) {
    struct comparison work = {
        .rank = rank,
        .shape = shape,
        .size = size,
        .data_range = data_range,
        .n = n - begin < group ? n - begin : group,
        .images = images + begin * size,
        .reconstructions = reconstructions + begin * size,
    };
    int chunks = (int)((work.n + CHUNK_IMAGES - 1) / CHUNK_IMAGES);
    lathe_parallel(pool, chunks, compare_chunk, &work);
    for (int i = 0; i < chunks; i++) {
      sums->images += work.sums[i].images;
      sums->squared_error += work.sums[i].squared_error;
      sums->ssim += work.sums[i].ssim;
      sums->ssim_undefined |= work.sums[i].ssim_undefined;
    }
  }
}

double lathe_similarity_mse(const struct lathe_similarity *sums)
{
  return sums->images > 0 ? sums->squared_error / (double)sums->images : 0;
}

bool lathe_similarity_ssim(const struct lathe_similarity *sums, double *ssim)
{
  if (sums->images == 0 || sums->ssim_undefined)
    return false;
  *ssim = sums->ssim / (double)sums->images;
  return true;
}
