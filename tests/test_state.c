/* The arena, its cut, and the initial values in it; the learning rate's schedule. */
#include "runtime/model.h"
#include "runtime/philox.h"
#include "runtime/resident.h"
#include "runtime/schedule.h"
#include "runtime/state.h"
#include "runtime/tensor_order.h"
#include <check.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A convolution's weight stored with its channels innermost, a bias, a running variance and a
 * counter; trained values are [0, 40), gradients [40, 80), moments from 80 and 120. */
static const struct lathe_tensor TENSORS[] = {
    {"conv.weight", LATHE_PARAMETER, 4, {2, 3, 2, 2}, 4, {2, 3, 2, 2}, {0, 2, 3, 1}, 0, 0.25, 0, 0},
    {"conv.bias", LATHE_PARAMETER, 1, {4}, 1, {4}, {0}, 24, 0.5, 0, 0},
    {"norm.weight", LATHE_PARAMETER, 1, {4}, 0, {0}, {0}, 28, 0, 1, 0},
    {"norm.running_var", LATHE_BUFFER, 1, {3}, 1, {3}, {0}, 160, 0, 2, 0},
    {"norm.num_batches_tracked", LATHE_COUNTER, 0, {0}, 0, {0}, {0}, 0, 0, 0, 0},
};

static const struct lathe_model MODEL = {
    .name = "small",
    .tensors = TENSORS,
    .tensor_count = 5,
    .fixed_inference = 165,
    .fixed_training = 170,
    .per_image_inference = 7,
    .per_image_training = 11,
    .scratch = 5,
    .em_doubles = 9,
    .trained = 40,
    .gradients = 40,
    .moments = {80, 120},
};

static size_t round_up(size_t bytes)
{
  return (bytes + 63) / 64 * 64;
}

START_TEST(arena_bytes)
{
  const size_t real = sizeof(lathe_real);
  ck_assert_uint_eq(lathe_arena_bytes(&MODEL, 3, 4, true),
                    round_up(170 * real) + round_up(33 * real) + round_up(20 * real) +
                        round_up(9 * sizeof(double)));
  ck_assert_uint_eq(lathe_arena_bytes(&MODEL, 3, 4, false),
                    round_up(165 * real) + round_up(21 * real) + round_up(20 * real));
  ck_assert_uint_eq(lathe_arena_bytes(&MODEL, 3, 0, false), lathe_arena_bytes(&MODEL, 3, 1, false));
}
END_TEST

START_TEST(parts_are_apart)
{
  const int capacity = 5;
  struct lathe_pool *pool = lathe_pool_new(3);
  for (int training = 0; training < 2; training++) {
    struct lathe_state state;
    ck_assert(lathe_state_new(&state, &MODEL, capacity, pool, training, NULL));
    unsigned char *arena = (unsigned char *)state.fixed;
    size_t total = lathe_arena_bytes(&MODEL, capacity, 3, training);
    for (size_t i = 0; i < total; i++)
      ck_assert(arena[i] == 0);
    ck_assert(state.pool == pool && state.capacity == capacity && state.training == !!training);
    size_t fixed = training ? 170 : 165, per_image = training ? 11 : 7;
    struct {
      unsigned char *at;
      size_t bytes;
    } parts[4] = {{arena, fixed * sizeof(lathe_real)},
                  {(unsigned char *)state.batch, per_image * 5 * sizeof(lathe_real)},
                  {(unsigned char *)state.scratch, 15 * sizeof(lathe_real)},
                  {(unsigned char *)state.em, 9 * sizeof(double)}};
    ck_assert((state.em != NULL) == training);
    for (int p = 0; p < 3 + training; p++) {
      ck_assert_uint_eq((uintptr_t)parts[p].at % 64, 0);
      ck_assert(parts[p].at >= arena && parts[p].at + parts[p].bytes <= arena + total);
      if (p > 0)
        ck_assert(parts[p].at >= parts[p - 1].at + parts[p - 1].bytes);
    }
    lathe_state_free(&state);
    ck_assert_ptr_null(state.fixed);
    lathe_state_free(&state);
  }
  lathe_pool_free(pool);
}
END_TEST

START_TEST(attached_arena_is_zeroed)
{
  size_t bytes = lathe_arena_bytes(&MODEL, 1, 1, true);
  unsigned char *arena = aligned_alloc(64, bytes);
  memset(arena, 0xff, bytes);
  struct lathe_state state;
  lathe_state_attach(&state, &MODEL, arena, 1, NULL, true);
  ck_assert_ptr_eq(state.fixed, arena);
  for (size_t i = 0; i < bytes; i++)
    ck_assert(arena[i] == 0);
  free(arena);
}
END_TEST

/* Fills reals with sevens; how many of them are still there. */
static void fill(lathe_real *values, size_t count)
{
  for (size_t i = 0; i < count; i++)
    values[i] = 7;
}

static size_t sevens(const lathe_real *values, size_t count)
{
  size_t found = 0;
  for (size_t i = 0; i < count; i++)
    found += values[i] == 7;
  return found;
}

START_TEST(end_of_training_keeps_what_is_needed)
{
  enum { FIXED = 5001, TRAINING = 40003, IMAGE = 1001, IMAGE_TRAINING = 7007, EM = 300 };
  const int capacity = 3;
  const struct lathe_model model = {.name = "large",
                                    .fixed_inference = FIXED,
                                    .fixed_training = TRAINING,
                                    .per_image_inference = IMAGE,
                                    .per_image_training = IMAGE_TRAINING,
                                    .scratch = 600,
                                    .em_doubles = EM};
  const size_t page = (size_t)sysconf(_SC_PAGESIZE) / sizeof(lathe_real);
  struct lathe_state state;
  ck_assert(lathe_state_new(&state, &model, capacity, NULL, true, NULL));
  fill(state.fixed, TRAINING);
  fill(state.batch, capacity * IMAGE_TRAINING);
  fill(state.scratch, 600);
  state.em[0] = state.em[EM - 1] = 7;
  lathe_state_end_training(&state, &model);
  ck_assert_uint_eq(sevens(state.fixed, FIXED), FIXED);
  ck_assert_uint_eq(sevens(state.batch, capacity * IMAGE), capacity * IMAGE);
  ck_assert_uint_eq(sevens(state.scratch, 600), 600);
  ck_assert(state.em[0] == 7 && state.em[EM - 1] == 7);
#ifdef __linux__ /* all but the pages at the ends has gone */
  ck_assert_uint_le(sevens(state.fixed + FIXED, TRAINING - FIXED), 2 * page);
  ck_assert_uint_le(sevens(state.batch + capacity * IMAGE, capacity * (IMAGE_TRAINING - IMAGE)),
                    2 * page);
#else
  (void)page;
#endif
  lathe_state_free(&state);
}
END_TEST

/* Bytes of memory[begin..end) that are `value`. */
static size_t bytes_of(const unsigned char *memory, size_t begin, size_t end, unsigned char value)
{
  size_t found = 0;
  for (size_t i = begin; i < end; i++)
    found += memory[i] == value;
  return found;
}

/* What is not given back is as it was, as is a page that is not given back whole. */
START_TEST(only_whole_pages_go)
{
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 64 * page;
  unsigned char *memory = aligned_alloc(page, size);
  memset(memory, 7, size);
  lathe_resident_release(memory + 1, 2 * page - 2); /* no page lies in this */
  lathe_resident_release(memory + 8, 0);
  ck_assert_uint_eq(bytes_of(memory, 0, size, 7), size);
  lathe_resident_release(memory + 10 * page + 1, 40 * page);
  ck_assert_uint_eq(bytes_of(memory, 0, 11 * page, 7), 11 * page);
  ck_assert_uint_eq(bytes_of(memory, 50 * page, size, 7), 14 * page);
  memset(memory, 8, size);
  lathe_resident_trim();
  ck_assert_uint_eq(bytes_of(memory, 0, size, 8), size);
  free(memory);
}
END_TEST

START_TEST(too_large)
{
  struct lathe_model model = MODEL;
  struct lathe_error err;
  struct lathe_state state;
  static const size_t SIZES[] = {SIZE_MAX / 2, SIZE_MAX / 8, SIZE_MAX / 64, (size_t)1 << 62};
  for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
    model.per_image_training = SIZES[i];
    ck_assert_uint_eq(lathe_arena_bytes(&model, 64, 2, true), SIZE_MAX);
    ck_assert(!lathe_state_new(&state, &model, 64, NULL, true, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "batches of 64 images are too large for model small"));
    ck_assert_ptr_null(state.fixed);
  }
  model = MODEL;
  model.per_image_training = INT_MAX / 64 + 1; /* one more than ints can count */
  ck_assert(!lathe_state_new(&state, &model, 64, NULL, true, &err));
  ck_assert_ptr_nonnull(strstr(err.text, "use a smaller batch"));
  model = MODEL;
  model.fixed_training = SIZE_MAX / 64;
  ck_assert(!lathe_state_new(&state, &model, 64, NULL, true, &err));
  ck_assert_ptr_nonnull(strstr(err.text, "not enough memory: model small needs"));
  model = MODEL;
  model.fixed_training = SIZE_MAX / sizeof(lathe_real) - 100;
  model.scratch = SIZE_MAX / sizeof(lathe_real) - 100;
  ck_assert_uint_eq(lathe_arena_bytes(&model, 1, 1, true), SIZE_MAX);
}
END_TEST

START_TEST(stored_index)
{
  const struct lathe_tensor *weight = &TENSORS[0];
  ck_assert_int_eq(lathe_tensor_size(weight), 24);
  ck_assert_int_eq(lathe_tensor_size(&TENSORS[4]), 1);
  bool seen[24] = {false};
  for (int o = 0; o < 2; o++)
    for (int i = 0; i < 3; i++)
      for (int y = 0; y < 2; y++)
        for (int x = 0; x < 2; x++) {
          size_t at = lathe_stored_index(weight, ((o * 3 + i) * 2 + y) * 2 + x);
          ck_assert_uint_eq(at, (size_t)(((o * 2 + y) * 2 + x) * 3 + i));
          ck_assert(!seen[at]);
          seen[at] = true;
        }
  ck_assert_uint_eq(lathe_stored_index(&TENSORS[2], 3), 3);
  ck_assert_uint_eq(lathe_stored_index(&TENSORS[4], 0), 0);
  /* [2, 6] whose 6 is a [3, 2] of (channel, pixel) stored pixel first */
  const struct lathe_tensor split = {
      .rank = 2, .shape = {2, 6}, .axes = 3, .extent = {2, 3, 2}, .order = {0, 2, 1}};
  ck_assert_uint_eq(lathe_stored_index(&split, 6 + 2 * 2 + 1), 6 + 1 * 3 + 2);
}
END_TEST

START_TEST(initial_values)
{
  struct lathe_state state, again, other;
  ck_assert(lathe_state_new(&state, &MODEL, 1, NULL, true, NULL));
  ck_assert(lathe_state_new(&again, &MODEL, 1, NULL, false, NULL));
  ck_assert(lathe_state_new(&other, &MODEL, 1, NULL, true, NULL));
  for (int i = 80; i < 160; i++)
    state.fixed[i] = 1;
  state.fixed[170 - 1] = 7; /* no tensor's */
  lathe_state_initialise(&state, &MODEL, 5);
  lathe_state_initialise(&again, &MODEL, 5);
  lathe_state_initialise(&other, &MODEL, 6);
  ck_assert_mem_eq(state.fixed, again.fixed, 40 * sizeof(lathe_real));
  ck_assert_mem_ne(state.fixed, other.fixed, 40 * sizeof(lathe_real));
  ck_assert(state.fixed[169] == 7);
  for (int t = 0; t < 2; t++)
    for (int i = 0; i < lathe_tensor_size(&TENSORS[t]); i++) {
      double u = lathe_random_uniform(5, LATHE_RANDOM_INIT, (uint64_t)t, (uint64_t)i);
      double expected = TENSORS[t].bound * (2 * u - 1);
      ck_assert(fabs(expected) <= TENSORS[t].bound);
      ck_assert(state.fixed[TENSORS[t].offset + lathe_stored_index(&TENSORS[t], i)] ==
                (lathe_real)expected);
    }
  for (int i = 0; i < 4; i++)
    ck_assert(state.fixed[28 + i] == 1);
  for (int i = 0; i < 3; i++)
    ck_assert(state.fixed[160 + i] == 2);
  for (int i = 80; i < 160; i++)
    ck_assert(state.fixed[i] == 0);
  lathe_state_free(&state);
  lathe_state_free(&again);
  lathe_state_free(&other);
}
END_TEST

START_TEST(initial_values_ignore_the_memory_order)
{
  struct lathe_tensor tensors[5];
  memcpy(tensors, TENSORS, sizeof tensors);
  for (int i = 0; i < 4; i++)
    tensors[0].order[i] = 3 - i;
  struct lathe_model model = MODEL;
  model.tensors = tensors;
  struct lathe_state a, b;
  ck_assert(lathe_state_new(&a, &MODEL, 1, NULL, true, NULL));
  ck_assert(lathe_state_new(&b, &model, 1, NULL, true, NULL));
  lathe_state_initialise(&a, &MODEL, 1);
  lathe_state_initialise(&b, &model, 1);
  for (int i = 0; i < 24; i++)
    ck_assert(a.fixed[lathe_stored_index(&TENSORS[0], i)] ==
              b.fixed[lathe_stored_index(&tensors[0], i)]);
  ck_assert_mem_ne(a.fixed, b.fixed, 24 * sizeof(lathe_real));
  lathe_state_free(&a);
  lathe_state_free(&b);
}
END_TEST

/* More values than are drawn at once, by more threads than one. */
START_TEST(initial_values_of_a_large_tensor)
{
  const struct lathe_tensor large = {.name = "linear.weight",
                                     .rank = 2,
                                     .shape = {70, 67},
                                     .axes = 2,
                                     .extent = {70, 67},
                                     .order = {1, 0},
                                     .bound = 0.5};
  struct lathe_model model = MODEL;
  model.tensors = &large;
  model.tensor_count = 1;
  model.fixed_inference = 70 * 67;
  struct lathe_pool *pool = lathe_pool_new(3);
  struct lathe_state state;
  ck_assert(lathe_state_new(&state, &model, 1, pool, false, NULL));
  lathe_state_initialise(&state, &model, 4);
  for (int i = 0; i < 70; i++)
    for (int j = 0; j < 67; j++) {
      double u = lathe_random_uniform(4, LATHE_RANDOM_INIT, 0, (uint64_t)(i * 67 + j));
      ck_assert(state.fixed[j * 70 + i] == (lathe_real)(0.5 * (2 * u - 1)));
    }
  lathe_state_free(&state);
  lathe_pool_free(pool);
}
END_TEST

/* Pages in memory of what this process has. */
static long resident(void)
{
  long size = 0, pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%ld %ld", &size, &pages) != 2)
    pages = -1;
  if (file)
    fclose(file);
  return pages;
}

START_TEST(end_of_training_gives_memory_back)
{
  enum { TRAINED = 1 << 20 };
  struct lathe_model model = MODEL;
  model.trained = model.gradients = model.fixed_inference = TRAINED;
  model.moments[0] = 2 * TRAINED;
  model.moments[1] = 3 * TRAINED;
  model.fixed_training = 4 * TRAINED;
  model.per_image_training = TRAINED;
  struct lathe_state state;
  ck_assert(lathe_state_new(&state, &model, 2, NULL, true, NULL));
  for (int i = 0; i < 6 * TRAINED; i++)
    state.fixed[i] = 3;
  state.em[0] = 5;
  long before = resident(), gone = (long)(5 * TRAINED * sizeof(lathe_real)) / sysconf(_SC_PAGESIZE);
  lathe_state_end_training(&state, &model);
  long after = resident();
  int kept = 0;
  for (int i = 0; i < TRAINED; i++)
    kept += state.fixed[i] == 3;
  ck_assert_int_eq(kept, TRAINED);
  ck_assert(state.em[0] == 5);
  if (before > 0)
    ck_assert_int_le(after, before - gone / 2); /* of other things, some may have come */
  for (int i = 0; i < 2 * TRAINED; i++)
    state.batch[i] = 1; /* they can be used again */
  lathe_state_free(&state);
}
END_TEST

START_TEST(learning_rate)
{
  struct lathe_training training = {
      .rate = 9e-4, .schedule = LATHE_STEP, .every = 20, .gamma = 0.5};
  static const struct {
    int epoch;
    double factor;
  } CASES[] = {{0, 1}, {1, 1}, {19, 1}, {20, 0.5}, {39, 0.5}, {40, 0.25}, {99, 0.0625}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
    ck_assert_double_eq_tol(lathe_learning_rate(&training, CASES[i].epoch), 9e-4 * CASES[i].factor,
                            1e-18);
  training.schedule = LATHE_CONSTANT;
  ck_assert_double_eq(lathe_learning_rate(&training, 99), 9e-4);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("state");
  TCase *cases = tcase_create("state");
  tcase_add_test(cases, arena_bytes);
  tcase_add_test(cases, parts_are_apart);
  tcase_add_test(cases, attached_arena_is_zeroed);
  tcase_add_test(cases, end_of_training_keeps_what_is_needed);
  tcase_add_test(cases, only_whole_pages_go);
  tcase_add_test(cases, too_large);
  tcase_add_test(cases, stored_index);
  tcase_add_test(cases, initial_values);
  tcase_add_test(cases, initial_values_ignore_the_memory_order);
  tcase_add_test(cases, initial_values_of_a_large_tensor);
  tcase_add_test(cases, end_of_training_gives_memory_back);
  tcase_add_test(cases, learning_rate);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
