#include "tune_run.h"
#include "child.h"
#include "cost.h"
#include "emit_model.h"
#include "other_main.h"
#include "toolchain.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const struct {
  enum program program;
  const char *name; /* as the measuring program prints it */
} measured[] = {{PROGRAM_TRAIN, "train"}, {PROGRAM_ENCODE, "encode"}, {PROGRAM_DECODE, "decode"}};
enum { MEASURED = sizeof measured / sizeof *measured };

static struct section copy_section(struct mem *mem, const struct section *section)
{
  struct section copy = {mem_alloc(mem, (size_t)section->count * sizeof *copy.layers + 1),
                         section->count};
  memcpy(copy.layers, section->layers, (size_t)section->count * sizeof *copy.layers);
  return copy;
}

struct model tune_copy(struct mem *mem, const struct model *model)
{
  struct model copy = *model;
  copy.encoder = copy_section(mem, &model->encoder);
  copy.decoder = copy_section(mem, &model->decoder);
  return copy;
}

void tune_ask(struct model *copy, const struct chosen *list, int count)
{
  for (int i = 0; i < count; i++)
    model_layer(copy, list[i].layer->name)->tuned.of[list[i].use] = list[i].algorithm;
}

bool tune_build(struct mem *mem, struct tune_build *build, const char *folder, const char *name,
                const struct tune_options *options)
{
  build->c = compile(mem, &build->model, STAGE_NONE, NULL);
  if (build->c == NULL)
    return false;
  build->program = mem_printf(mem, "%s/%s", folder, name);
  const struct build_options how = {
      .output = build->program,
      .cc = options->cc,
      .cflags = mem_printf(mem, "-Dlathe_parallel=lathe_parallel_timed %s",
                           options->cflags != NULL ? options->cflags : ""),
      .target = options->target,
  };
  struct emitted *emitted = emitted_with_main(mem, emit_model(build->c), build->model.name,
                                              "measurement", "measure.h", "lathe_measure_main");
  return build_binary(mem, &build->model, emitted, &how);
}

/* ---- Measuring ---- */

/* The schedule's number of the kernel that is called as the `call`th; -1: there is none. */
static int kernel_of_call(const struct schedule *s, int call)
{
  for (int i = 0; i < s->count; i++)
    if (!kernel_prepares(&s->kernels[i]) && call-- == 0)
      return i;
  return -1;
}

static int kernels_of(const struct compilation *c, enum program program)
{
  return program == PROGRAM_TRAIN ? kernel_cost_count(c) : c->programs[program]->count;
}

/* One line that the program printed: "NAME NUMBER SECONDS". */
static void note(const struct tune_build *build, struct tune_turn *turn, char *line)
{
  const char *const name = line;
  char *rest = line + strcspn(line, " "), *end = rest, *last = rest;
  const long number = strtol(rest, &end, 10);
  const double seconds = strtod(end, &last);
  if (end == rest || last == end || number < 0 || number > INT_MAX)
    return;
  *rest = '\0';
  if (strcmp(name, "step") == 0)
    turn->step = seconds;
  if (strcmp(name, "one") == 0)
    turn->one = seconds;
  for (int i = 0; i < MEASURED; i++) {
    const enum program program = measured[i].program;
    if (strcmp(name, measured[i].name) != 0)
      continue;
    int kernel = program == PROGRAM_TRAIN
                     ? (int)number
                     : kernel_of_call(build->c->programs[program], (int)number);
    if (kernel >= 0 && kernel < kernels_of(build->c, program))
      turn->kernels[program][kernel] = seconds;
  }
}

static void read_lines(const struct tune_build *build, struct tune_turn *turn, FILE *out)
{
  char *line = NULL;
  size_t room = 0;
  while (out != NULL && getline(&line, &room, out) > 0)
    note(build, turn, line);
  free(line);
  if (out != NULL)
    fclose(out);
}

bool tune_measure(struct mem *mem, const struct tune_build *build, int threads, double seconds,
                  struct tune_turn *turn)
{
  *turn = (struct tune_turn){0};
  for (int i = 0; i < MEASURED; i++) {
    const enum program program = measured[i].program;
    turn->kernels[program] =
        mem_alloc(mem, (size_t)kernels_of(build->c, program) * sizeof(double) + 1);
  }
  const char *const argv[] = {build->program, mem_printf(mem, "%d", build->model.training.batch),
                              mem_printf(mem, "%d", threads), mem_printf(mem, "%.9g", seconds),
                              NULL};
  FILE *out = NULL;
  int error = child_start_read(argv, &out);
  if (error != 0) {
    if (!interrupted())
      fprintf(stderr, "lathe: error: cannot run %s: %s\n", build->program, strerror(error));
    return false;
  }
  read_lines(build, turn, out);
  int status = child_wait();
  bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0 && turn->step > 0 && turn->one > 0;
  if (!good && !interrupted())
    fprintf(stderr, "lathe: error: the measurement of %s did not end well%s\n", build->model.name,
            WIFSIGNALED(status) ? ": a signal ended it" : "");
  return good;
}

/* ---- What belongs to a layer ---- */

/* Whether the kernel makes a weight's gradient and leaves the weight to the optimiser. */
static bool leaves_weight(const struct kernel *kernel)
{
  return kernel->made_by != ALGORITHM_ANY && kernel_use(kernel) == USE_WEIGHT &&
         kernel->updates == NULL;
}

/* The optimiser's seconds for each value that it changes after the gradients are there. */
static double seconds_a_value(const struct compilation *c, const struct tune_turn *turn)
{
  const struct schedule *s = c->programs[PROGRAM_TRAIN];
  int64_t values = c->parameter_count;
  for (int i = 0; i < s->count; i++)
    if (s->kernels[i].updates != NULL)
      values -= s->kernels[i].updates->count;
  double seconds = turn->kernels[PROGRAM_TRAIN][kernel_cost_count(c) - 1];
  return values > 0 ? seconds / (double)values : 0;
}

double tune_seconds(const struct tune_build *build, const struct tune_turn *turn, const char *layer,
                    enum algorithm_use use)
{
  const double optimiser = seconds_a_value(build->c, turn);
  double seconds = 0;
  for (int p = 0; p < MEASURED; p++) {
    const struct schedule *s = build->c->programs[measured[p].program];
    for (int i = 0; i < s->count; i++) {
      const struct kernel *kernel = &s->kernels[i];
      const struct layer *of = kernel->chain[0]->layer;
      if (kernel->made_by == ALGORITHM_ANY || of == NULL || strcmp(of->name, layer) != 0 ||
          kernel_use(kernel) != use)
        continue;
      seconds += turn->kernels[measured[p].program][i];
      if (leaves_weight(kernel))
        seconds += optimiser * (double)node_size(kernel->chain[0]);
    }
  }
  return seconds;
}
