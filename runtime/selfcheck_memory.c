#include "selfcheck_parts.h"
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, GUARD = 4096, GUARD_BYTE = 0xA5 };

/* Part i's memory of `bytes`, zeroed, between its guards. NULL without memory. */
static void *guarded(struct lathe_watched *watched, int i, const char *name, size_t count,
                     size_t each, size_t size)
{
  struct lathe_watched_part *part = &watched->parts[i];
  if (each > 0 && count > (SIZE_MAX - 3 * GUARD) / size / each)
    return NULL;
  part->name = name;
  part->bytes = count * each * size;
  size_t whole = (part->bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + 2 * GUARD;
  part->memory = aligned_alloc(ALIGNMENT, whole);
  if (!part->memory)
    return NULL;
  memset(part->memory, GUARD_BYTE, whole);
  memset(part->memory + GUARD, 0, part->bytes);
  return part->memory + GUARD;
}

bool lathe_watched_new(struct lathe_watched *watched, const struct lathe_model *model, int capacity,
                       struct lathe_pool *pool, bool training, struct lathe_error *err)
{
  *watched = (struct lathe_watched){0};
  struct lathe_state *s = &watched->state;
  size_t images = (size_t)capacity, threads = (size_t)lathe_pool_threads(pool);
  size_t real = sizeof(lathe_real), latent = (size_t)model->latent;
  *s = (struct lathe_state){.capacity = capacity, .training = training, .pool = pool};
  s->fixed = guarded(watched, 0, "parameters, gradients and tables",
                     training ? model->fixed_training : model->fixed_inference, 1, real);
  s->batch =
      guarded(watched, 1, "activations",
              training ? model->per_image_training : model->per_image_inference, images, real);
  s->scratch = guarded(watched, 2, "scratch memory", model->scratch, threads, real);
  void *em = guarded(watched, 3, "EM memory", training ? model->em_doubles : 0, 1, sizeof(double));
  s->em = training ? em : NULL;
  watched->mean = guarded(watched, 4, "means", latent, images, real);
  watched->logvar = guarded(watched, 5, "log-variances", latent, images, real);
  watched->decoded = guarded(watched, 6, "decoded images", (size_t)model->input_size, images, real);
  for (int i = 0; i < LATHE_WATCHED_PARTS; i++) {
    if (!watched->parts[i].memory) {
      lathe_watched_free(watched);
      return lathe_fail(err, "not enough memory to check %s on %d images", model->name, capacity);
    }
  }
  return true;
}

void lathe_watched_free(struct lathe_watched *watched)
{
  for (int i = 0; i < LATHE_WATCHED_PARTS; i++)
    free(watched->parts[i].memory);
  *watched = (struct lathe_watched){0};
}

/* Behind the gradients and the optimiser's state in `fixed`. */
static size_t tables_begin(const struct lathe_model *model)
{
  size_t begin = model->gradients;
  for (int i = 0; i < LATHE_MOMENTS; i++)
    begin = model->moments[i] > begin ? model->moments[i] : begin;
  return begin + model->trained;
}

void lathe_watched_poison(struct lathe_watched *watched, const struct lathe_model *model)
{
  struct lathe_state *s = &watched->state;
  for (int i = 1; i < LATHE_WATCHED_PARTS; i++)
    memset(watched->parts[i].memory + GUARD, 0xFF, watched->parts[i].bytes);
  if (!s->training)
    return;
  size_t tables = tables_begin(model);
  memset(s->fixed + model->gradients, 0xFF, model->trained * sizeof *s->fixed);
  memset(s->fixed + tables, 0xFF, (model->fixed_training - tables) * sizeof *s->fixed);
}

size_t lathe_watched_overrun(const struct lathe_watched *watched, int i)
{
  const struct lathe_watched_part *part = &watched->parts[i];
  size_t whole = (part->bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + 2 * GUARD, written = 0;
  for (size_t at = 0; at < whole; at++)
    if ((at < GUARD || at >= GUARD + part->bytes) && part->memory[at] != GUARD_BYTE)
      written++;
  return written;
}
