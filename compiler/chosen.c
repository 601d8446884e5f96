#include "chosen.h"

/* Of inference and training; evaluation is computed as training's forward part is. */
static const enum program programs[] = {PROGRAM_ENCODE, PROGRAM_DECODE, PROGRAM_TRAIN};

struct chosen *chosen_of(const struct kernel *kernel, struct chosen *list, int count)
{
  const struct layer *layer = kernel->chain[0]->layer;
  if (kernel->made_by == ALGORITHM_ANY || layer == NULL)
    return NULL;
  for (int i = 0; i < count; i++)
    if (list[i].layer == layer && list[i].use == kernel_use(kernel))
      return &list[i];
  return NULL;
}

/* What the layer is computed by for that use; ALGORITHM_ANY: nothing. */
static enum algorithm find(const struct compilation *c, const struct layer *layer,
                           enum algorithm_use use)
{
  struct chosen wanted = {.layer = layer, .use = use};
  for (size_t p = 0; p < sizeof programs / sizeof *programs; p++) {
    const struct schedule *s = c->programs[programs[p]];
    for (int i = 0; i < s->count; i++)
      if (chosen_of(&s->kernels[i], &wanted, 1) != NULL)
        return s->kernels[i].made_by;
  }
  return ALGORITHM_ANY;
}

int chosen_list(const struct compilation *c, struct chosen **list)
{
  const struct section *const sections[] = {&c->model->encoder, &c->model->decoder};
  int count = 0, capacity = 0;
  *list = NULL;
  for (int s = 0; s < 2; s++)
    for (int i = 0; i < sections[s]->count; i++)
      for (int use = 0; use < USES; use++) {
        const struct layer *layer = &sections[s]->layers[i];
        enum algorithm algorithm = find(c, layer, (enum algorithm_use)use);
        if (algorithm == ALGORITHM_ANY)
          continue;
        *list = mem_grow(c->mem, *list, &capacity, count + 1, sizeof **list);
        (*list)[count++] = (struct chosen){layer, (enum algorithm_use)use, algorithm,
                                           algorithm_chooser(layer, (enum algorithm_use)use)};
      }
  return count;
}
