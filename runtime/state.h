/* The memory of one model at work: one arena, cut by the offsets that the compiler planned. */
#ifndef LATHE_STATE_H
#define LATHE_STATE_H

#include "error.h"
#include "philox.h"
#include "pool.h"
#include "real.h"
#include <stdbool.h>
#include <stddef.h>

struct lathe_model;

/* The entry points that keep tables of the weights from call to call, as bits of state->tables. */
enum { LATHE_ENCODE_TABLES = 1, LATHE_DECODE_TABLES = 2 };

struct lathe_state {
  /* Parameters and buffers, tables that are made of them; in training also gradients and optimiser
   * state. */
  lathe_real *fixed;
  lathe_real *batch;      /* activations: offset x capacity elements from here */
  lathe_real *scratch;    /* model->scratch elements for each thread */
  double *em;             /* EM statistics (training arenas only, else NULL) */
  int capacity;           /* most images in one call */
  struct lathe_draw draw; /* dropout: the seed, at first the description's; the step under way */
  /* The divergence's weight in force in train_step; of a model whose description has no schedule of
   * it, nobody asks. At first the description's; the losses that are returned have that, always. */
  double kl_weight;
  /* Whose tables are those of the weights as they are. Who changes weights in `fixed` by hand sets
   * this to 0; the functions that load, initialise or train them do so. */
  unsigned tables;
  bool training; /* whether train_step and em_step may be called */
  /* Whether train_step leaves all gradients in memory. Else it applies those of weight matrices as
   * they are made, and what lies at model->gradients in their place means nothing. */
  bool keep_gradients;
  struct lathe_pool *pool; /* not owned; NULL works on the caller's thread */
  /* Called before and after each kernel of a training step, numbered from 0; NULL: nobody is told.
   */
  void (*before_kernel)(void *arg, int kernel);
  void *before_arg;
  void (*after_kernel)(void *arg, int kernel);
  void *after_arg;
  void *owned; /* the memory of lathe_state_new; NULL: the arena is the caller's */
};

/* Bytes of the arena for calls of up to `capacity` images on `threads` threads. */
size_t lathe_arena_bytes(const struct lathe_model *model, int capacity, int threads, bool training);

/* Cuts `arena` (64-byte aligned, lathe_arena_bytes long, owned by the caller, who frees it) and
 * zeroes it. Parameters are zero until loaded or initialised. */
void lathe_state_attach(struct lathe_state *state, const struct lathe_model *model, void *arena,
                        int capacity, struct lathe_pool *pool, bool training);

/* Allocates an arena and attaches to it; lathe_state_free releases it. */
bool lathe_state_new(struct lathe_state *state, const struct lathe_model *model, int capacity,
                     struct lathe_pool *pool, bool training, struct lathe_error *err);
void lathe_state_free(struct lathe_state *state);

/* Training is over: gives the memory of gradients, optimiser state and what else only a training
 * step needs back to the system, page by page. Parameters, EM's memory and what inference needs
 * stay; train_step may not be called again before lathe_state_initialise. */
void lathe_state_end_training(struct lathe_state *state, const struct lathe_model *model);

/* PyTorch's default initial values, drawn from `seed`; optimiser state cleared. */
void lathe_state_initialise(struct lathe_state *state, const struct lathe_model *model,
                            unsigned long long seed);

#endif
