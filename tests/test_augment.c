/* Augmentation: what becomes of images, how often, and that neither threads nor a stop change it.
 */
#include "folders.h"
#include "runtime/augment.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 2, HEIGHT = 7, WIDTH = 5, SIZE = CHANNELS * HEIGHT * WIDTH, IMAGES = 400 };

static const struct lathe_model model = {
    .input_rank = 3,
    .input_shape = {CHANNELS, HEIGHT, WIDTH},
    .input_size = SIZE,
    .range = {-1, 1},
};

static lathe_real images[IMAGES * SIZE], changed[IMAGES * SIZE], other[IMAGES * SIZE];

/* Every value says where it is from. */
static void setup(void)
{
  for (int i = 0; i < IMAGES * SIZE; i++)
    images[i] = (lathe_real)(i % SIZE) / SIZE;
}

static void augment(const struct lathe_training *training, int64_t step, lathe_real *to,
                    int threads)
{
  struct lathe_pool *pool = threads > 1 ? lathe_pool_new(threads) : NULL;
  lathe_augment(&model, training, step, IMAGES, images, to, pool);
  lathe_pool_free(pool);
}

static lathe_real at(const lathe_real *image, int c, int y, int x)
{
  bool inside = y >= 0 && y < HEIGHT && x >= 0 && x < WIDTH;
  return inside ? image[(c * HEIGHT + y) * WIDTH + x] : -1;
}

/* Whether the image is the original, mirrored or not, moved by this. */
static bool is_moved(const lathe_real *image, int down, int right, bool mirrored)
{
  bool same = true;
  for (int c = 0; c < CHANNELS; c++)
    for (int y = 0; y < HEIGHT; y++)
      for (int x = 0; x < WIDTH; x++) {
        int source = x - right;
        bool inside = source >= 0 && source < WIDTH;
        lathe_real want =
            inside ? at(images, c, y - down, mirrored ? WIDTH - 1 - source : source) : -1;
        same = same && at(image, c, y, x) == want;
      }
  return same;
}

/* Each shift as often as any other, each image one of them, and half of them mirrored. */
START_TEST(shifts_and_flips)
{
  enum { MOST = 2, SHIFTS = (2 * MOST + 1) * (2 * MOST + 1) };
  const struct lathe_training training = {.augment_shift = MOST, .augment_flip = 0.5, .seed = 3};
  int found[2 * SHIFTS] = {0}, flipped = 0;
  augment(&training, 1, changed, 1);
  for (int i = 0; i < IMAGES; i++) {
    int matches = 0;
    for (int k = 0; k < 2 * SHIFTS; k++) {
      int shift = k / 2, down = shift / (2 * MOST + 1) - MOST,
          right = shift % (2 * MOST + 1) - MOST;
      if (!is_moved(changed + i * SIZE, down, right, k % 2 == 1))
        continue;
      matches++;
      found[k]++;
      flipped += k % 2;
    }
    ck_assert_msg(matches == 1, "image %d is moved in %d ways", i, matches);
  }
  for (int k = 0; k < SHIFTS; k++)
    ck_assert_msg(found[2 * k] + found[2 * k + 1] > 0, "shift %d never came", k);
  ck_assert_int_gt(flipped, IMAGES / 2 - 50); /* five deviations */
  ck_assert_int_lt(flipped, IMAGES / 2 + 50);
}
END_TEST

START_TEST(only_what_is_asked_for)
{
  const struct lathe_training flip = {.augment_flip = 1}, none = {.augment_flip = 0};
  augment(&flip, 1, changed, 1);
  for (int i = 0; i < IMAGES; i++)
    ck_assert(is_moved(changed + i * SIZE, 0, 0, true));
  ck_assert(!lathe_augments(&none) && lathe_augments(&flip));
}
END_TEST

START_TEST(noise)
{
  const struct lathe_training training = {.augment_noise = 0.01, .seed = 5};
  double sum = 0, squares = 0;
  int n = 0;
  augment(&training, 1, changed, 1);
  for (int i = 0; i < IMAGES * SIZE; i++) {
    if (images[i] > (lathe_real)0.9) /* may be cut off */
      continue;
    double d = (double)changed[i] - (double)images[i];
    sum += d;
    squares += d * d;
    n++;
  }
  ck_assert_double_eq_tol(sum / n, 0, 5 * 0.01 / sqrt(n));
  ck_assert_double_eq_tol(sqrt(squares / n), 0.01, 5 * 0.01 / sqrt(2 * n));

  const struct lathe_training loud = {.augment_noise = 5};
  augment(&loud, 1, changed, 1);
  int least = 0, most = 0;
  for (int i = 0; i < IMAGES * SIZE; i++) {
    ck_assert(changed[i] >= -1 && changed[i] <= 1);
    least += changed[i] == -1;
    most += changed[i] == 1;
  }
  ck_assert(least > IMAGES && most > IMAGES);
}
END_TEST

START_TEST(threads_steps_seeds)
{
  struct lathe_training training = {
      .augment_shift = 2, .augment_noise = 0.1, .augment_flip = 0.5, .seed = 3};
  augment(&training, 7, changed, 1);
  for (int threads = 2; threads <= 5; threads++) {
    augment(&training, 7, other, threads);
    ck_assert_mem_eq(other, changed, sizeof other);
  }
  augment(&training, 8, other, 2);
  ck_assert_mem_ne(other, changed, sizeof other);
  training.seed = 4;
  augment(&training, 7, other, 2);
  ck_assert_mem_ne(other, changed, sizeof other);
}
END_TEST

/* A vector has no rows to move. */
START_TEST(vectors)
{
  const struct lathe_model vector = {
      .input_rank = 1, .input_shape = {SIZE}, .input_size = SIZE, .range = {0, 1}};
  const struct lathe_training training = {.augment_noise = 0.1};
  lathe_augment(&vector, &training, 1, IMAGES, images, changed, NULL);
  ck_assert_mem_ne(images, changed, sizeof changed);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("augment");
  TCase *cases = tcase_create("augment");
  tcase_add_checked_fixture(cases, setup, NULL);
  tcase_add_test(cases, shifts_and_flips);
  tcase_add_test(cases, only_what_is_asked_for);
  tcase_add_test(cases, noise);
  tcase_add_test(cases, threads_steps_seeds);
  tcase_add_test(cases, vectors);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
