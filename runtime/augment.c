#include "augment.h"
#include "philox.h"
#include <string.h>

/* Numbers drawn for an image's place, by what they decide. */
enum { DOWN, RIGHT, MIRROR, DRAWN };

struct augmenting {
  const struct lathe_model *model;
  const struct lathe_training *training;
  uint64_t step;
  const lathe_real *from;
  lathe_real *to;
};

bool lathe_augments(const struct lathe_training *training)
{
  return training->augment_shift > 0 || training->augment_noise > 0 || training->augment_flip > 0;
}

static double draw(const struct augmenting *a, int image, int which)
{
  return lathe_random_uniform(a->training->seed, LATHE_RANDOM_AUGMENT, a->step,
                              (uint64_t)image * DRAWN + (uint64_t)which);
}

static int draw_shift(const struct augmenting *a, int image, int which)
{
  int most = a->training->augment_shift;
  return (int)(draw(a, image, which) * (2 * most + 1)) - most;
}

/* One row of `width` values, shifted to the right. */
static void place_row(int width, int right, bool mirrored, lathe_real empty, const lathe_real *from,
                      lathe_real *to)
{
  for (int x = 0; x < width; x++) {
    int source = x - right;
    bool inside = source >= 0 && source < width;
    to[x] = !inside ? empty : from[mirrored ? width - 1 - source : source];
  }
}

static void place_image(const struct augmenting *a, int image, const lathe_real *from,
                        lathe_real *to)
{
  const struct lathe_model *model = a->model;
  const int *shape = model->input_shape;
  bool plane = model->input_rank == 3;
  int height = plane ? shape[1] : 1, width = shape[model->input_rank - 1];
  int rows = model->input_size / width;
  int down = plane ? draw_shift(a, image, DOWN) : 0, right = draw_shift(a, image, RIGHT);
  bool mirrored = draw(a, image, MIRROR) < a->training->augment_flip;
  lathe_real empty = (lathe_real)model->range[0];
  for (int row = 0; row < rows; row++) {
    int source = row % height - down;
    if (source >= 0 && source < height)
      place_row(width, right, mirrored, empty, from + (int64_t)(row - down) * width,
                to + (int64_t)row * width);
    else
      place_row(width, width, false, empty, from, to + (int64_t)row * width);
  }
}

static void add_noise(const struct augmenting *a, int image, lathe_real *to)
{
  enum { AT_ONCE = 256 };
  const struct lathe_model *model = a->model;
  lathe_real deviation = (lathe_real)a->training->augment_noise, noise[AT_ONCE];
  lathe_real least = (lathe_real)model->range[0], most = (lathe_real)model->range[1];
  int64_t size = model->input_size;
  for (int64_t i = 0; i < size; i += AT_ONCE) {
    int64_t count = size - i < AT_ONCE ? size - i : AT_ONCE;
    lathe_random_normal(a->training->seed, LATHE_RANDOM_AUGMENT_NOISE, a->step,
                        (uint64_t)(image * size + i), count, noise);
    for (int64_t k = 0; k < count; k++) {
      lathe_real x = to[i + k] + deviation * noise[k];
      to[i + k] = x < least ? least : x > most ? most : x;
    }
  }
}

static void augment_image(void *arg, int image, int thread)
{
  (void)thread;
  const struct augmenting *a = arg;
  const lathe_real *from = a->from + (int64_t)image * a->model->input_size;
  lathe_real *to = a->to + (int64_t)image * a->model->input_size;
  if (a->training->augment_shift > 0 || a->training->augment_flip > 0)
    place_image(a, image, from, to);
  else
    memcpy(to, from, (size_t)a->model->input_size * sizeof *to);
  if (a->training->augment_noise > 0)
    add_noise(a, image, to);
}

void lathe_augment(const struct lathe_model *model, const struct lathe_training *training,
                   int64_t step, int n, const lathe_real *from, lathe_real *to,
                   struct lathe_pool *pool)
{
  struct augmenting augmenting = {model, training, (uint64_t)step, from, to};
  lathe_parallel(pool, n, augment_image, &augmenting);
}
