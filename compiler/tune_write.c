#include "../runtime/version.h"
#include "text.h"
#include "tune_parts.h"
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* What the system calls the processor: "AMD EPYC 9R14"; else its kind, "aarch64". */
static const char *processor_name(struct mem *mem)
{
  static const char key[] = "model name";
  char line[256];
  const char *name = NULL;
  FILE *file = fopen("/proc/cpuinfo", "r");
  while (file != NULL && name == NULL && fgets(line, sizeof line, file) != NULL) {
    const char *colon = strchr(line, ':');
    if (strncmp(line, key, sizeof key - 1) != 0 || colon == NULL)
      continue;
    colon += 1 + strspn(colon + 1, " \t");
    size_t length = strcspn(colon, "#\n");
    while (length > 0 && colon[length - 1] == ' ')
      length--;
    if (length > 0)
      name = mem_string(mem, colon, length);
  }
  if (file != NULL)
    fclose(file);
  struct utsname system;
  if (name == NULL)
    name = uname(&system) < 0 ? "unknown" : mem_string(mem, system.machine, strlen(system.machine));
  return name;
}

struct tune_conditions tune_conditions(struct mem *mem, const char *target, int threads)
{
  return (struct tune_conditions){LATHE_VERSION, target, processor_name(mem), threads};
}

const char *tune_path(struct mem *mem, const char *description)
{
  static const char suffix[] = ".lathe";
  size_t length = strlen(description), most = sizeof suffix - 1;
  if (length > most && strcmp(description + length - most, suffix) == 0)
    length -= most;
  return mem_printf(mem, "%.*s.tune", (int)length, description);
}

const char *tune_layer(struct mem *mem, const struct layer *layer)
{
  return mem_printf(mem, "%s; %s -> %s", layer->text, shape_text(mem, &layer->in),
                    shape_text(mem, &layer->out));
}

const char *tune_text(struct mem *mem, const struct model *model,
                      const struct tune_conditions *conditions, const struct chosen *list,
                      const char *const *comments, int count)
{
  struct text text = {.mem = mem};
  text_printf(
      &text,
      "# How products and convolutions of %s are best computed, as `lathe tune` measured.\n"
      "# `lathe build`, `emit`, `summary` and the others take it from here, where it still\n"
      "# fits; what the description or the command line says goes first.\n\n",
      model->name);
  const char *const values[KEYS] = {
      [KEY_LATHE] = conditions->lathe,
      [KEY_TARGET] = conditions->target,
      [KEY_PROCESSOR] = conditions->processor,
      [KEY_THREADS] = mem_printf(mem, "%d", conditions->threads),
      [KEY_PRECISION] = model->float64 ? "float64" : "float32",
      [KEY_BATCH] = mem_printf(mem, "%d", model->training.batch),
  };
  for (int key = 0; key < KEYS; key++)
    text_printf(&text, "%-10s %s\n", tune_key_name((enum tune_key)key), values[key]);
  const struct layer *layer = NULL;
  for (int i = 0; i < count; i++) {
    if (list[i].layer != layer)
      text_printf(&text, "\n%s: %s\n", list[i].layer->name, tune_layer(mem, list[i].layer));
    layer = list[i].layer;
    text_printf(&text, "  %-10s %-9s # %s\n", use_table[list[i].use].name,
                algorithm_table[list[i].algorithm].name, comments[i]);
  }
  return text.data;
}
