/* Weights to and from tensors: the order in memory, PyTorch's names, and what does not fit. */
#include "make_files.h"
#include "runtime/gmm.h"
#include "runtime/tensor_order.h"
#include "runtime/weights.h"
#include <math.h>

/* The model of state_dict.safetensors. Convolutions keep channels innermost, and so does the linear
 * layer that makes [3, 2, 2] of 2 values. Offsets leave gaps, as a plan's alignment does. */
#define VECTOR(title, kind, size, place)                                                           \
  {                                                                                                \
    .name = title, .role = kind, .rank = 1, .shape = {size}, .axes = 1, .extent = {size},          \
    .order = {0}, .offset = place                                                                  \
  }
static const struct lathe_tensor TENSORS[] = {
    {.name = "encoder.0.weight",
     .rank = 4,
     .shape = {2, 3, 2, 2},
     .axes = 4,
     .extent = {2, 3, 2, 2},
     .order = {0, 2, 3, 1},
     .offset = 0},
    VECTOR("encoder.0.bias", LATHE_PARAMETER, 2, 32),
    VECTOR("encoder.1.weight", LATHE_PARAMETER, 2, 48),
    VECTOR("encoder.1.bias", LATHE_PARAMETER, 2, 64),
    VECTOR("encoder.1.running_mean", LATHE_BUFFER, 2, 160),
    VECTOR("encoder.1.running_var", LATHE_BUFFER, 2, 176),
    {.name = "encoder.1.num_batches_tracked", .role = LATHE_COUNTER},
    {.name = "decoder.0.weight",
     .rank = 2,
     .shape = {12, 2},
     .axes = 4,
     .extent = {3, 2, 2, 2},
     .order = {1, 2, 0, 3},
     .offset = 80},
    {.name = "decoder.0.bias",
     .rank = 1,
     .shape = {12},
     .axes = 3,
     .extent = {3, 2, 2},
     .order = {1, 2, 0},
     .offset = 112},
};
enum { TENSOR_COUNT = sizeof TENSORS / sizeof *TENSORS, TRAINED = 144, FIXED = 192 };

static struct lathe_model model = {
    .name = "small",
    .latent = 2,
    .tensors = TENSORS,
    .tensor_count = TENSOR_COUNT,
    .trained = TRAINED,
    .mixing = {.components = 3, .covariance = LATHE_FULL},
};

static lathe_real fixed[FIXED];
static struct lathe_state state = {.fixed = fixed};

static const lathe_real untouched = -77;

static void clear(void)
{
  for (int i = 0; i < FIXED; i++)
    fixed[i] = untouched;
}

static bool is_clear(void)
{
  for (int i = 0; i < FIXED; i++)
    if (fixed[i] != untouched)
      return false;
  return true;
}

START_TEST(order_in_memory)
{
  const struct lathe_tensor *conv = &TENSORS[0], *linear = &TENSORS[7];
  for (int o = 0, i = 0; o < 2; o++)
    for (int c = 0; c < 3; c++)
      for (int y = 0; y < 2; y++)
        for (int x = 0; x < 2; x++, i++)
          ck_assert_uint_eq(lathe_stored_index(conv, i), (size_t)(((o * 2 + y) * 2 + x) * 3 + c));
  for (int c = 0, i = 0; c < 3; c++)
    for (int y = 0; y < 2; y++)
      for (int x = 0; x < 2; x++)
        for (int z = 0; z < 2; z++, i++)
          ck_assert_uint_eq(lathe_stored_index(linear, i), (size_t)(((y * 2 + x) * 3 + c) * 2 + z));
}
END_TEST

START_TEST(runs_of_the_order_in_memory)
{
  for (int t = 0; t < (int)(sizeof TENSORS / sizeof TENSORS[0]); t++) {
    int64_t size = lathe_tensor_size(&TENSORS[t]);
    size_t out[64];
    ck_assert_int_le(size, 64);
    for (int64_t first = 0; first < size; first++)
      for (int64_t n = 0; n <= size - first; n++) {
        lathe_stored_indices(&TENSORS[t], first, n, out);
        for (int64_t i = 0; i < n; i++)
          ck_assert_uint_eq(out[i], lathe_stored_index(&TENSORS[t], first + i));
      }
  }
}
END_TEST

/* Rows longer and shorter than what is looked at together, from any element on. */
START_TEST(values_from_the_order_in_memory)
{
  enum { MOST = 40 * 37 };
  static const struct lathe_tensor tensors[] = {
      {.rank = 2, .shape = {40, 37}, .axes = 2, .extent = {40, 37}, .order = {1, 0}},
      {.rank = 2, .shape = {40, 37}},
      {.rank = 3, .shape = {40, 5, 7}, .axes = 3, .extent = {40, 5, 7}, .order = {1, 2, 0}},
      {.rank = 3, .shape = {40, 5, 7}, .axes = 3, .extent = {40, 5, 7}, .order = {0, 2, 1}},
  };
  lathe_real from[MOST], out[MOST + 1];
  for (int i = 0; i < MOST; i++)
    from[i] = (lathe_real)i;
  for (size_t t = 0; t < sizeof tensors / sizeof *tensors; t++) {
    const int64_t size = lathe_tensor_size(&tensors[t]);
    for (int64_t first = 0; first < size; first += 13)
      for (int64_t n = 0; n <= size - first; n += n < 40 ? 1 : 29) {
        out[n] = (lathe_real)-1;
        lathe_stored_values(&tensors[t], from, first, n, out);
        for (int64_t i = 0; i < n; i++)
          ck_assert(out[i] == (lathe_real)lathe_stored_index(&tensors[t], first + i));
        ck_assert(out[n] == (lathe_real)-1);
      }
  }
}
END_TEST

/* A file by PyTorch's conventions lands where the model's memory order wants it. */
START_TEST(imports_a_state_dict)
{
  struct lathe_tensors tensors;
  int64_t steps = 0;
  struct lathe_mixture mixture = {.components = 9};
  clear();
  ck_assert_msg(lathe_tensors_read(&tensors, FILES "state_dict.safetensors", &err), "%s", err.text);
  state.tables = ~0U; /* made of the weights before these */
  ck_assert_msg(lathe_weights_import(&tensors, "w", &model, &state, &mixture, &steps, &err), "%s",
                err.text);
  ck_assert_int_eq(state.tables, 0);
  ck_assert_int_eq(steps, 12);
  ck_assert_int_eq(mixture.components, 0);
  for (int t = 0; t < TENSOR_COUNT; t++)
    for (int64_t i = 0; TENSORS[t].role != LATHE_COUNTER && i < lathe_tensor_size(&TENSORS[t]); i++)
      ck_assert_double_eq((double)fixed[TENSORS[t].offset + lathe_stored_index(&TENSORS[t], i)],
                          (double)i / 8 - 1);
  /* one by hand: weight[1, 2, 0, 1], element 21, is stored as [1, 0, 1, 2], element 17 */
  ck_assert_double_eq((double)fixed[17], 21. / 8 - 1);
  ck_assert(fixed[24] == untouched && fixed[31] == untouched);
  lathe_tensors_free(&tensors);
}
END_TEST

START_TEST(exports_a_state_dict)
{
  struct lathe_tensors reference, tensors = {0};
  ck_assert(lathe_tensors_read(&reference, FILES "state_dict.safetensors", &err));
  ck_assert(lathe_weights_import(&reference, "w", &model, &state, NULL, NULL, &err));
  ck_assert_msg(lathe_weights_export(&tensors, &model, &state, NULL, 12, &err), "%s", err.text);
  ck_assert_int_eq(tensors.count, TENSOR_COUNT);
  for (int i = 0; i < tensors.count; i++) {
    ck_assert_str_eq(tensors.items[i].name, TENSORS[i].name);
    const struct lathe_array *ours = &tensors.items[i].array;
    const struct lathe_array *theirs = lathe_tensors_find(&reference, TENSORS[i].name);
    ck_assert_int_eq(ours->rank, theirs->rank);
    ck_assert_mem_eq(ours->shape, theirs->shape, sizeof ours->shape);
    if (sizeof(lathe_real) == 4 || ours->dtype == LATHE_I64)
      ck_assert_mem_eq(ours->data, theirs->data,
                       (size_t)ours->count * lathe_dtype_size(ours->dtype));
  }
  lathe_tensors_free(&tensors);
  lathe_tensors_free(&reference);
}
END_TEST

/* A matrix of more elements than are looked up at once, stored transposed, there and back. */
START_TEST(large_tensors)
{
  enum { ROWS = 30, COLUMNS = 41, SIZE = ROWS * COLUMNS };
  const struct lathe_tensor matrix = {.name = "w",
                                      .rank = 2,
                                      .shape = {ROWS, COLUMNS},
                                      .axes = 2,
                                      .extent = {ROWS, COLUMNS},
                                      .order = {1, 0}};
  const struct lathe_model large = {
      .name = "large", .tensors = &matrix, .tensor_count = 1, .trained = SIZE};
  lathe_real before[SIZE], after[SIZE];
  const struct lathe_state from = {.fixed = before};
  struct lathe_state to = {.fixed = after};
  struct lathe_tensors tensors = {0};
  for (int i = 0; i < SIZE; i++)
    before[i] = (lathe_real)i;
  ck_assert_msg(lathe_weights_export(&tensors, &large, &from, NULL, 0, &err), "%s", err.text);
  const lathe_real *out = tensors.items[0].array.data;
  for (int r = 0, i = 0; r < ROWS; r++)
    for (int c = 0; c < COLUMNS; c++, i++)
      ck_assert_double_eq((double)out[i], c * ROWS + r);
  ck_assert_msg(lathe_weights_import(&tensors, "w", &large, &to, NULL, NULL, &err), "%s", err.text);
  ck_assert_mem_eq(before, after, sizeof before);
  lathe_tensors_free(&tensors);
}
END_TEST

static void fill_mixture(struct lathe_mixture *mixture)
{
  const struct lathe_mixing *mixing = &model.mixing;
  ck_assert(lathe_mixture_new(mixture, mixing->components, model.latent, mixing->covariance, &err));
  for (int k = 0; k < 3; k++) {
    mixture->weights[k] = (k + 1) / 6.;
    mixture->labels[k] = k == 1 ? -1 : 4 * k;
  }
  for (int i = 0; i < 6; i++)
    mixture->means[i] = i / 3.;
  size_t count = lathe_covariance_count(mixing->covariance, mixing->components, model.latent);
  for (size_t i = 0; i < count; i++)
    mixture->covariances[i] = 1 + (double)i / 7;
}

static const struct {
  enum lathe_covariance covariance;
  const char *name;
  int rank;
  int64_t shape[3];
  int64_t count;
} KINDS[] = {
    {LATHE_FULL, "full", 3, {3, 2, 2}, 12},
    {LATHE_TIED, "tied", 2, {2, 2}, 4},
    {LATHE_DIAG, "diag", 2, {3, 2}, 6},
    {LATHE_SPHERICAL, "spherical", 1, {3}, 3},
};

START_TEST(mixture_and_all)
{
  struct lathe_tensors tensors = {0};
  struct lathe_mixture mixture, read;
  int64_t steps;
  model.mixing.covariance = KINDS[_i].covariance;
  fill_mixture(&mixture);
  for (int i = 0; i < FIXED; i++)
    fixed[i] = (lathe_real)i;
  ck_assert(lathe_weights_export(&tensors, &model, &state, &mixture, 1000, &err));
  const struct lathe_array *covariances = lathe_tensors_find(&tensors, "mixture.covariances");
  ck_assert_int_eq(covariances->dtype, LATHE_F64);
  ck_assert_int_eq(covariances->rank, KINDS[_i].rank);
  ck_assert_mem_eq(covariances->shape, KINDS[_i].shape, (size_t)KINDS[_i].rank * 8);
  ck_assert_str_eq(lathe_tensors_metadata(&tensors, "mixture.covariance"), KINDS[_i].name);

  ck_assert(lathe_tensors_write(&tensors, in_folder("w"), &err));
  lathe_tensors_free(&tensors);
  ck_assert(lathe_tensors_read(&tensors, in_folder("w"), &err));
  clear();
  ck_assert_msg(lathe_weights_import(&tensors, "w", &model, &state, &read, &steps, &err), "%s",
                err.text);
  ck_assert_int_eq(steps, 1000);
  ck_assert_double_eq((double)fixed[23], 23);
  ck_assert_double_eq((double)fixed[112], 112);
  ck_assert_int_eq(read.components, 3);
  ck_assert_int_eq(read.covariance, KINDS[_i].covariance);
  ck_assert_mem_eq(read.weights, mixture.weights, 3 * sizeof(double));
  ck_assert_mem_eq(read.means, mixture.means, 6 * sizeof(double));
  ck_assert_mem_eq(read.covariances, mixture.covariances, (size_t)KINDS[_i].count * sizeof(double));
  ck_assert_mem_eq(read.labels, mixture.labels, 3 * sizeof(int64_t));
  lathe_mixture_free(&read);
  lathe_mixture_free(&mixture);
  lathe_tensors_free(&tensors);
}
END_TEST

/* Changes to a good file: `drop` is removed, `name` is added with these values. */
static const struct {
  const char *drop, *name;
  enum lathe_dtype dtype;
  int rank;
  int64_t shape[4];
  double value;
  const char *words; /* "" when it is still good */
} CHANGES[] = {
    {.words = ""},
    {.drop = "encoder.0.weight", .words = "encoder.0.weight is missing|does not fit model small"},
    {.name = "decoder.9.weight", .words = "decoder.9.weight is unknown"},
    {"encoder.0.weight",
     "encoder.0.weight",
     LATHE_F32,
     4,
     {2, 1, 4, 4},
     0,
     "encoder.0.weight is [2, 1, 4, 4] in the file but [2, 3, 2, 2] in this model"},
    {"encoder.0.bias", "encoder.0.bias", LATHE_F32, 2, {1, 2}, 0, "is [1, 2] in the file but [2]"},
    {"encoder.0.bias",
     "encoder.0.bias",
     LATHE_I64,
     1,
     {2},
     0,
     "encoder.0.bias is int64 in the file but float32 or float64"},
    {"encoder.0.bias", "encoder.0.bias", LATHE_U8, 1, {2}, 0, "encoder.0.bias is uint8"},
    {"encoder.0.bias", "encoder.0.bias", LATHE_F32, 1, {2}, NAN, "encoder.0.bias holds|nan at 0"},
    {"encoder.0.bias", "encoder.0.bias", LATHE_F64, 1, {2}, -INFINITY, "holds -inf at 0"},
    {"encoder.0.bias", "encoder.0.bias", LATHE_F64, 1, {2}, 1.5, ""},
    {.drop = "encoder.1.num_batches_tracked", .words = ""},
    {"encoder.1.num_batches_tracked",
     "encoder.1.num_batches_tracked",
     LATHE_F32,
     0,
     {0},
     0,
     "num_batches_tracked is float32 in the file but int64"},
    {"encoder.1.num_batches_tracked",
     "encoder.1.num_batches_tracked",
     LATHE_I64,
     0,
     {0},
     -1,
     "counts -1 steps"},
    {.name = "optimiser.first_moment.encoder.0.weight", .words = ""},
    {.drop = "mixture.labels", .words = ""},
    {.drop = "mixture.means", .words = "mixture.means is missing"},
    {.drop = "mixture.weights", .words = "mixture.weights is missing"},
    {"mixture.means",
     "mixture.means",
     LATHE_F64,
     2,
     {3, 4},
     0,
     "mixture.means is [3, 4] in the file but [3, 2] in this model"},
    {"mixture.covariances",
     "mixture.covariances",
     LATHE_F64,
     2,
     {3, 2},
     1,
     "mixture.covariances is [3, 2] in the file but [3, 2, 2]"},
    {"mixture.covariances",
     "mixture.covariances",
     LATHE_F64,
     3,
     {3, 2, 2},
     NAN,
     "mixture.covariances holds nan"},
    {"mixture.labels", "mixture.labels", LATHE_F64, 1, {3}, 0, "mixture.labels is float64"},
    {"mixture.weights", "mixture.weights", LATHE_F64, 1, {3}, 0.5, "not probabilities|1.5"},
    {"mixture.weights", "mixture.weights", LATHE_F64, 1, {3}, 0.25, "not probabilities|0.75"},
    {"mixture.weights", "mixture.weights", LATHE_F32, 1, {3}, 1. / 3, ""},
};

/* A copy of `from` with the change made. */
static struct lathe_tensors changed(const struct lathe_tensors *from, int change)
{
  struct lathe_tensors to = {0};
  const char *drop = CHANGES[change].drop, *name = CHANGES[change].name;
  for (int i = 0; i < from->count; i++) {
    const struct lathe_array *array = &from->items[i].array;
    if (!drop || strcmp(drop, from->items[i].name) != 0)
      memcpy(lathe_tensors_add(&to, from->items[i].name, array->dtype, array->rank, array->shape,
                               &err),
             array->data, (size_t)array->count * lathe_dtype_size(array->dtype));
  }
  void *data = name ? lathe_tensors_add(&to, name, CHANGES[change].dtype, CHANGES[change].rank,
                                        CHANGES[change].shape, &err)
                    : NULL;
  for (int64_t i = 0; data && i < to.items[to.count - 1].array.count; i++)
    if (CHANGES[change].dtype == LATHE_F32)
      ((float *)data)[i] = (float)CHANGES[change].value;
    else if (CHANGES[change].dtype == LATHE_F64)
      ((double *)data)[i] = CHANGES[change].value;
    else if (CHANGES[change].dtype == LATHE_I64)
      ((int64_t *)data)[i] = (int64_t)CHANGES[change].value;
  return to;
}

START_TEST(change)
{
  model.mixing.covariance = LATHE_FULL;
  struct lathe_tensors good = {0};
  struct lathe_mixture mixture;
  fill_mixture(&mixture);
  memset(fixed, 0, sizeof fixed);
  ck_assert(lathe_weights_export(&good, &model, &state, &mixture, 7, &err));
  lathe_mixture_free(&mixture);
  struct lathe_tensors tensors = changed(&good, _i);
  clear();
  bool done = lathe_weights_import(&tensors, "file", &model, &state, &mixture, NULL, &err);
  ck_assert_msg(done == (CHANGES[_i].words[0] == '\0'), "%s", err.text);
  if (!done) {
    assert_words(err.text, CHANGES[_i].words);
    assert_words(err.text, "file: ");
    ck_assert(is_clear());
    ck_assert_ptr_null(mixture.weights);
  } else if (CHANGES[_i].drop && strcmp(CHANGES[_i].drop, "mixture.labels") == 0) {
    ck_assert_int_eq(mixture.labels[0], -1);
  }
  lathe_mixture_free(&mixture);
  lathe_tensors_free(&tensors);
  lathe_tensors_free(&good);
}
END_TEST

START_TEST(another_kind_of_mixture)
{
  model.mixing.covariance = LATHE_FULL;
  struct lathe_tensors tensors = {0};
  struct lathe_mixture mixture;
  fill_mixture(&mixture);
  memset(fixed, 0, sizeof fixed);
  ck_assert(lathe_weights_export(&tensors, &model, &state, &mixture, 7, &err));
  lathe_mixture_free(&mixture);
  model.mixing.covariance = LATHE_DIAG;
  ck_assert(!lathe_weights_import(&tensors, "file", &model, &state, &mixture, NULL, &err));
  assert_words(err.text, "covariance is full but diag in this model");
  ck_assert(lathe_weights_import(&tensors, "file", &model, &state, NULL, NULL, &err));
  lathe_tensors_free(&tensors);
}
END_TEST

/* More to complain about than a message has room for. */
START_TEST(nothing_fits)
{
  struct lathe_tensors tensors = {0};
  char name[64];
  for (int i = 0; i < 50; i++) {
    snprintf(name, sizeof name, "some.tensor.of.another.model.%d", i);
    lathe_tensors_add(&tensors, name, LATHE_F32, 0, NULL, &err);
  }
  clear();
  ck_assert(!lathe_weights_import(&tensors, "file", &model, &state, NULL, NULL, &err));
  assert_words(err.text, "encoder.0.weight is missing; |another.model.0 is unknown|"
                         " more; use weights of this model");
  ck_assert(is_clear());
  lathe_tensors_free(&tensors);
}
END_TEST

START_TEST(diverged)
{
  struct lathe_tensors tensors = {0};
  memset(fixed, 0, sizeof fixed);
  fixed[33] = (lathe_real)NAN;
  ck_assert(!lathe_weights_export(&tensors, &model, &state, NULL, 7, &err));
  assert_words(err.text, "encoder.0.bias|nan|diverged|learning rate");
  lathe_tensors_free(&tensors);
}
END_TEST

START_TEST(too_large_for_float32)
{
  struct lathe_tensors good = {0};
  memset(fixed, 0, sizeof fixed);
  ck_assert(lathe_weights_export(&good, &model, &state, NULL, 7, &err));
  struct lathe_tensors tensors = {0};
  for (int i = 0; i < good.count; i++) {
    const struct lathe_array *array = &good.items[i].array;
    enum lathe_dtype dtype = array->dtype == LATHE_I64 ? LATHE_I64 : LATHE_F64;
    double *data =
        lathe_tensors_add(&tensors, good.items[i].name, dtype, array->rank, array->shape, &err);
    if (i == 0)
      data[3] = 1e300;
  }
  bool done = lathe_weights_import(&tensors, "file", &model, &state, NULL, NULL, &err);
  ck_assert_int_eq(done, sizeof(lathe_real) == 8);
  if (!done)
    assert_words(err.text, "encoder.0.weight holds 1e+300, which float32 cannot, at 3");
  lathe_tensors_free(&tensors);
  lathe_tensors_free(&good);
}
END_TEST

START_TEST(blocks)
{
  struct lathe_tensors tensors = {0};
  lathe_real block[TRAINED], back[TRAINED];
  for (int i = 0; i < TRAINED; i++) {
    block[i] = (lathe_real)i;
    back[i] = untouched;
  }
  ck_assert(lathe_weights_export_block(&tensors, &model, "optimiser.m.", block, &err));
  ck_assert_int_eq(tensors.count, TENSOR_COUNT - 3); /* no buffers, no counter */
  ck_assert_ptr_nonnull(lathe_tensors_find(&tensors, "optimiser.m.encoder.0.weight"));
  ck_assert(lathe_weights_import_block(&tensors, "file", &model, "optimiser.m.", back, &err));
  ck_assert_mem_eq(back, block, 24 * sizeof *back);
  ck_assert(back[24] == untouched);
  ck_assert_mem_eq(back + 80, block + 80, 24 * sizeof *back);
  ck_assert(!lathe_weights_import_block(&tensors, "file", &model, "optimiser.v.", back, &err));
  assert_words(err.text, "optimiser.v.encoder.0.weight is missing");
  lathe_tensors_free(&tensors);
}
END_TEST

#define COUNT(table) ((int)(sizeof table / sizeof *table))

int main(void)
{
  TCase *tests = tcase_create("weights");
  tcase_add_test(tests, order_in_memory);
  tcase_add_test(tests, runs_of_the_order_in_memory);
  tcase_add_test(tests, values_from_the_order_in_memory);
  tcase_add_test(tests, imports_a_state_dict);
  tcase_add_test(tests, exports_a_state_dict);
  tcase_add_test(tests, large_tensors);
  tcase_add_loop_test(tests, mixture_and_all, 0, COUNT(KINDS));
  tcase_add_loop_test(tests, change, 0, COUNT(CHANGES));
  tcase_add_test(tests, another_kind_of_mixture);
  tcase_add_test(tests, nothing_fits);
  tcase_add_test(tests, diverged);
  tcase_add_test(tests, too_large_for_float32);
  tcase_add_test(tests, blocks);
  return run_case(tests, "weights");
}
