#include "state.h"
#include "model.h"
#include "philox.h"
#include "resident.h"
#include "tensor_order.h"
#include "words.h"
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

/* Bytes of each part of an arena, in the order in which they lie: each a multiple of ALIGNMENT. */
struct parts {
  size_t fixed, batch, scratch, em;
};

/* Bytes of count x times values of `size` bytes, rounded up; false when they are too many. */
static bool part_bytes(size_t count, size_t times, size_t size, size_t *bytes)
{
  if (times != 0 && count > (SIZE_MAX - ALIGNMENT) / size / times)
    return false;
  *bytes = (count * times * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  return true;
}

static bool cut(const struct lathe_model *model, int capacity, int threads, bool training,
                struct parts *parts, size_t *total)
{
  size_t fixed = training ? model->fixed_training : model->fixed_inference;
  size_t per_image = training ? model->per_image_training : model->per_image_inference;
  size_t images = capacity > 0 ? (size_t)capacity : 0;
  size_t workers = threads > 0 ? (size_t)threads : 1;
  if (!part_bytes(fixed, 1, sizeof(lathe_real), &parts->fixed) ||
      !part_bytes(per_image, images, sizeof(lathe_real), &parts->batch) ||
      !part_bytes(model->scratch, workers, sizeof(lathe_real), &parts->scratch) ||
      !part_bytes(training ? model->em_doubles : 0, 1, sizeof(double), &parts->em))
    return false;

  size_t sizes[4] = {parts->fixed, parts->batch, parts->scratch, parts->em};
  *total = 0;
  for (int i = 0; i < 4; i++) {
    if (sizes[i] > SIZE_MAX - *total)
      return false;
    *total += sizes[i];
  }
  return true;
}

/* SIZE_MAX, which no allocation can give, when the size does not fit a size_t. */
size_t lathe_arena_bytes(const struct lathe_model *model, int capacity, int threads, bool training)
{
  struct parts parts;
  size_t total;
  return cut(model, capacity, threads, training, &parts, &total) ? total : SIZE_MAX;
}

/* The same for an arena that is all zeros. */
static void attach(struct lathe_state *state, const struct lathe_model *model, unsigned char *bytes,
                   int capacity, struct lathe_pool *pool, bool training)
{
  struct parts parts;
  size_t total;
  if (!cut(model, capacity, lathe_pool_threads(pool), training, &parts, &total))
    return; /* no arena can be that large, so there is none to attach to */
  *state = (struct lathe_state){
      .fixed = (lathe_real *)(void *)bytes,
      .batch = (lathe_real *)(void *)(bytes + parts.fixed),
      .scratch = (lathe_real *)(void *)(bytes + parts.fixed + parts.batch),
      .em = training ? (double *)(void *)(bytes + parts.fixed + parts.batch + parts.scratch) : NULL,
      .capacity = capacity,
      .draw = {.seed = model->training.seed},
      .kl_weight = model->kl_weight,
      .training = training,
      .pool = pool,
  };
}

void lathe_state_attach(struct lathe_state *state, const struct lathe_model *model, void *arena,
                        int capacity, struct lathe_pool *pool, bool training)
{
  size_t total = lathe_arena_bytes(model, capacity, lathe_pool_threads(pool), training);
  if (total < SIZE_MAX)
    memset(arena, 0, total);
  attach(state, model, arena, capacity, pool, training);
}

/* From the system such memory comes as zeros, so that no page of it is touched before its time. */
bool lathe_state_new(struct lathe_state *state, const struct lathe_model *model, int capacity,
                     struct lathe_pool *pool, bool training, struct lathe_error *err)
{
  *state = (struct lathe_state){0};
  size_t per_image = training ? model->per_image_training : model->per_image_inference;
  if (per_image > 0 && (size_t)capacity > INT_MAX / per_image) /* emitted code counts in int */
    return lathe_fail(err,
                      "batches of %d %s are too large for model %s: %zu values each allow %zu at "
                      "most; use a smaller batch",
                      capacity, lathe_input_words(model), model->name, per_image,
                      INT_MAX / per_image);
  size_t bytes = lathe_arena_bytes(model, capacity, lathe_pool_threads(pool), training);
  unsigned char *memory = bytes < SIZE_MAX - ALIGNMENT ? calloc(1, bytes + ALIGNMENT) : NULL;
  if (!memory)
    return lathe_fail(err,
                      "not enough memory: model %s needs %.1f MiB for batches of %d %s on %d "
                      "threads; use a smaller batch or fewer threads",
                      model->name, (double)bytes / 0x1p20, capacity, lathe_input_words(model),
                      lathe_pool_threads(pool));
  lathe_resident_large(memory, bytes);
  attach(state, model, memory + (ALIGNMENT - (uintptr_t)memory % ALIGNMENT), capacity, pool,
         training);
  state->owned = memory;
  return true;
}

void lathe_state_free(struct lathe_state *state)
{
  free(state->owned);
  *state = (struct lathe_state){0};
}

void lathe_state_end_training(struct lathe_state *state, const struct lathe_model *model)
{
  const size_t images = (size_t)state->capacity;
  if (!state->training)
    return;
  lathe_resident_release(state->fixed + model->fixed_inference,
                         (model->fixed_training - model->fixed_inference) * sizeof(lathe_real));
  lathe_resident_release(state->batch + model->per_image_inference * images,
                         (model->per_image_training - model->per_image_inference) * images *
                             sizeof(lathe_real));
}

enum { DRAWN_AT_ONCE = 1024 };

struct drawing {
  lathe_real *values;
  const struct lathe_tensor *tensor;
  uint64_t seed, position;
};

/* By logical index, so that initial weights depend neither on how a tensor lies in memory nor on
 * the number of threads. */
static void draw_chunk(void *arg, int chunk, int thread)
{
  (void)thread;
  const struct drawing *drawing = arg;
  const struct lathe_tensor *tensor = drawing->tensor;
  int64_t first = (int64_t)chunk * DRAWN_AT_ONCE, left = lathe_tensor_size(tensor) - first;
  int64_t n = left < DRAWN_AT_ONCE ? left : DRAWN_AT_ONCE;
  double uniform[DRAWN_AT_ONCE];
  size_t stored[DRAWN_AT_ONCE];
  lathe_random_uniforms(drawing->seed, LATHE_RANDOM_INIT, drawing->position, (uint64_t)first, n,
                        uniform);
  lathe_stored_indices(tensor, first, n, stored);
  for (int64_t i = 0; i < n; i++)
    drawing->values[stored[i]] = (lathe_real)(tensor->bound * (2 * uniform[i] - 1));
}

static void initialise_tensor(struct lathe_state *state, const struct lathe_tensor *tensor,
                              uint64_t seed, int position)
{
  lathe_real *values = state->fixed + tensor->offset;
  int64_t size = lathe_tensor_size(tensor);
  if (tensor->bound > 0) {
    struct drawing drawing = {values, tensor, seed, (uint64_t)position};
    lathe_parallel(state->pool, (int)((size + DRAWN_AT_ONCE - 1) / DRAWN_AT_ONCE), draw_chunk,
                   &drawing);
  } else {
    for (int64_t i = 0; i < size; i++)
      values[lathe_stored_index(tensor, i)] = (lathe_real)lathe_tensor_initial(tensor, i);
  }
}

static void clear_block(struct lathe_state *state, size_t offset, size_t count)
{
  if (offset != 0)
    memset(state->fixed + offset, 0, count * sizeof(lathe_real));
}

void lathe_state_initialise(struct lathe_state *state, const struct lathe_model *model,
                            unsigned long long seed)
{
  state->tables = 0;
  for (int i = 0; i < model->tensor_count; i++) {
    const struct lathe_tensor *tensor = &model->tensors[i];
    if (tensor->role != LATHE_COUNTER)
      initialise_tensor(state, tensor, seed, i);
  }
  if (state->training)
    for (int i = 0; i < LATHE_MOMENTS; i++)
      clear_block(state, model->moments[i], model->trained);
}
