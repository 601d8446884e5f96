/* For tests of emitted code: a model's state in an arena that is watched, the images and weights it
 * works on, and the memory that nothing may read before it has been written. */
#ifndef EMITTED_STATE_H
#define EMITTED_STATE_H

#include "runtime/model.h"
#include "runtime/philox.h"
#include "runtime/pool.h"
#include "runtime/tensor_order.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { CANARY = 4096, CANARY_BYTE = 0xA5 };

struct watched {
  struct lathe_state state;
  unsigned char *arena;
  size_t bytes; /* of the arena; CANARY bytes lie behind */
};

static inline struct watched watched_new(const struct lathe_model *model, int capacity,
                                         struct lathe_pool *pool, bool training)
{
  struct watched w = {.bytes =
                          lathe_arena_bytes(model, capacity, lathe_pool_threads(pool), training)};
  w.arena = aligned_alloc(64, w.bytes + CANARY);
  ck_assert_ptr_nonnull(w.arena);
  memset(w.arena + w.bytes, CANARY_BYTE, CANARY);
  lathe_state_attach(&w.state, model, w.arena, capacity, pool, training);
  w.state.keep_gradients = true;
  return w;
}

static inline void watched_free(struct watched *w)
{
  for (size_t i = 0; i < CANARY; i++)
    if (w->arena[w->bytes + i] != CANARY_BYTE)
      ck_abort_msg("written %zu bytes past the arena", i);
  free(w->arena);
  memset(w, 0, sizeof *w);
}

/* Where the tables of a training step (batch-norm's moments) begin in `fixed`. */
static inline size_t tables_begin(const struct lathe_model *model)
{
  size_t begin = model->gradients;
  for (int i = 0; i < LATHE_MOMENTS; i++)
    begin = model->moments[i] > begin ? model->moments[i] : begin;
  return begin + model->trained;
}

/* Makes all that no call may find a use for NaN: activations, scratch, gradients, tables. */
static inline void poison(struct watched *w, const struct lathe_model *model)
{
  struct lathe_state *s = &w->state;
  unsigned char *end = s->training ? (unsigned char *)s->em : w->arena + w->bytes;
  memset(s->batch, 0xFF, (size_t)(end - (unsigned char *)s->batch));
  if (!s->training)
    return;
  memset(s->fixed + model->gradients, 0xFF, model->trained * sizeof(lathe_real));
  size_t tables = tables_begin(model);
  memset(s->fixed + tables, 0xFF, (model->fixed_training - tables) * sizeof(lathe_real));
}

/* Values of every parameter and buffer about their initial ones, each tensor's own sequence. */
static inline void random_weights(struct lathe_state *state, const struct lathe_model *model,
                                  uint64_t seed)
{
  for (int t = 0; t < model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &model->tensors[t];
    if (tensor->role == LATHE_COUNTER)
      continue;
    double bound = tensor->bound > 0 ? tensor->bound : 0.3;
    for (int64_t i = 0; i < lathe_tensor_size(tensor); i++) {
      double u = lathe_random_uniform(seed, LATHE_RANDOM_INIT, (uint64_t)t, (uint64_t)i);
      state->fixed[tensor->offset + lathe_stored_index(tensor, i)] =
          (lathe_real)(tensor->fill + bound * (2 * u - 1));
    }
  }
}

struct batch {
  int n;
  lathe_real *images; /* [n, input_size], uniform in the model's range */
  lathe_real *noise;  /* [n, latent], standard normal */
};

static inline struct batch random_batch(const struct lathe_model *model, int n, uint64_t seed)
{
  size_t images = (size_t)n * (size_t)model->input_size, noise = (size_t)n * (size_t)model->latent;
  struct batch b = {
      .n = n,
      .images = calloc(images, sizeof *b.images),
      .noise = calloc(noise, sizeof *b.noise),
  };
  for (size_t i = 0; i < images; i++) {
    double u = lathe_random_uniform(seed, LATHE_RANDOM_BENCH, 0, i);
    b.images[i] = (lathe_real)(model->range[0] + u * (model->range[1] - model->range[0]));
  }
  lathe_random_normal(seed, LATHE_RANDOM_NOISE, 0, 0, (int64_t)noise, b.noise);
  return b;
}

static inline void batch_free(struct batch *b)
{
  free(b->images);
  free(b->noise);
  memset(b, 0, sizeof *b);
}

#endif
