#include "optimiser_state.h"
#include "tensor_check.h"
#include "weights.h"
#include <stdio.h>
#include <string.h>

static const char any_prefix[] = "optimiser.", step_name[] = "optimiser.step";

/* No training comes near, and more can be added without overflow. */
static const int64_t most_steps = INT64_C(1) << 53;

/* A block of `fixed` and the prefix of its tensors' names. */
struct block {
  size_t offset;
  const char *prefix;
};

enum { BLOCKS = 2 };

/* The blocks that this model's optimiser keeps; returns how many. */
static int find_blocks(const struct lathe_model *model, struct block blocks[BLOCKS])
{
  bool adam = model->training.optimiser == LATHE_ADAM;
  const struct block all[BLOCKS] = {
      {model->first_moment, adam ? "optimiser.exp_avg." : "optimiser.momentum_buffer."},
      {model->second_moment, "optimiser.exp_avg_sq."},
  };
  int count = 0;
  for (int i = 0; i < BLOCKS; i++)
    if (all[i].offset != 0)
      blocks[count++] = all[i];
  return count;
}

bool lathe_optimiser_export(struct lathe_tensors *out, const struct lathe_model *model,
                            const struct lathe_state *state, int64_t steps, struct lathe_error *err)
{
  struct block blocks[BLOCKS];
  int count = find_blocks(model, blocks);
  for (int i = 0; i < count; i++)
    if (!lathe_weights_export_block(out, model, blocks[i].prefix, state->fixed + blocks[i].offset,
                                    err))
      return false;
  int64_t *step = lathe_tensors_add(out, step_name, LATHE_I64, 0, NULL, err);
  if (step)
    *step = steps;
  return step != NULL;
}

static bool starts_with(const char *text, const char *start)
{
  return strncmp(text, start, strlen(start)) == 0;
}

static bool is_trained(const struct lathe_model *model, const char *name)
{
  for (int i = 0; i < model->tensor_count; i++)
    if (model->tensors[i].role == LATHE_PARAMETER && strcmp(model->tensors[i].name, name) == 0)
      return true;
  return false;
}

static bool is_known(const struct lathe_model *model, const struct block *blocks, int count,
                     const char *name)
{
  for (int i = 0; i < count; i++)
    if (starts_with(name, blocks[i].prefix))
      return is_trained(model, name + strlen(blocks[i].prefix));
  return strcmp(name, step_name) == 0;
}

bool lathe_optimiser_import(const struct lathe_tensors *in, const char *name,
                            const struct lathe_model *model, struct lathe_state *state,
                            int64_t *steps, struct lathe_error *err)
{
  struct block blocks[BLOCKS];
  struct lathe_complaints complaints = {0};
  int count = find_blocks(model, blocks);
  bool any = false;
  *steps = 0;
  for (int i = 0; i < in->count; i++) {
    if (!starts_with(in->items[i].name, any_prefix))
      continue;
    any = true;
    if (!is_known(model, blocks, count, in->items[i].name))
      lathe_complain(&complaints, "%.100s is unknown to its optimiser", in->items[i].name);
  }
  if (!any)
    return true;
  const int64_t scalar[1] = {1};
  const struct lathe_array *step = lathe_expect_tensor(&complaints, in, step_name, 0, 0, scalar);
  int64_t done = step ? *(const int64_t *)step->data : 0;
  if (done < 0 || done > most_steps)
    lathe_complain(&complaints, "%s counts %lld steps", step_name, (long long)done);
  if (!lathe_complaints_report(&complaints, name, model->name, err))
    return false;
  *steps = done;
  for (int i = 0; i < count; i++)
    if (!lathe_weights_import_block(in, name, model, blocks[i].prefix,
                                    state->fixed + blocks[i].offset, err))
      return false;
  return true;
}
