#include "memory.h"
#include "text.h"
#include <string.h>

int64_t value_bytes(const struct compilation *c)
{
  return c->model->float64 ? 8 : 4;
}

const char *grouped(struct mem *mem, int64_t value)
{
  const char *digits = mem_printf(mem, "%lld", (long long)value);
  struct text text = {.mem = mem};
  size_t length = strlen(digits);
  for (size_t i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0)
      text_printf(&text, ",");
    text_add(&text, digits + i, 1);
  }
  return text.data;
}

/* Every part but the first is rounded up as lathe_state_attach does. */
void memory_parts(const struct compilation *c, int64_t capacity, int64_t threads,
                  struct memory_part parts[MEMORY_PARTS])
{
  int64_t b = value_bytes(c);
  const struct memory_part all[MEMORY_PARTS] = {
      {"parameters, buffers, tables of them", c->fixed_inference * b, c->fixed_inference * b},
      {"gradients, optimiser, batch tables", 0, (c->fixed_training - c->fixed_inference) * b},
      {"activations and their gradients", c->per_image_inference * b * capacity,
       c->per_image_training * b * capacity},
      {"scratch of the threads", c->scratch * b * threads, c->scratch * b * threads},
      {"EM statistics", 0, c->em_doubles * 8},
  };
  memcpy(parts, all, sizeof all);
  for (int i = 0; i < MEMORY_PARTS; i++) {
    parts[i].inference = (parts[i].inference + 63) / 64 * 64;
    parts[i].training = (parts[i].training + 63) / 64 * 64;
  }
}

struct memory_part memory_total(const struct memory_part parts[MEMORY_PARTS])
{
  struct memory_part total = {"in all", 0, 0};
  for (int i = 0; i < MEMORY_PARTS; i++) {
    total.inference += parts[i].inference;
    total.training += parts[i].training;
  }
  return total;
}
