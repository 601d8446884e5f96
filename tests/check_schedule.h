/* Checks of schedules and plans that believe nothing of how they were made. */
#ifndef TESTS_CHECK_SCHEDULE_H
#define TESTS_CHECK_SCHEDULE_H

#include "compiler/op.h"
#include "compiler/schedule.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static inline bool in_batch(const struct schedule *s, const struct node *node)
{
  return s->slots[node->id].storage == STORED_BATCH;
}

/* Runs the schedule with memory that only knows whose value each stretch of 16 elements holds: what
 * a kernel reads must still be there, and what leaves the program must be there in the end. Nothing
 * of the plan but the offsets is believed. */
static inline void check_by_replay(const struct schedule *s, const char *path)
{
  size_t stretches = (size_t)s->per_image / 16;
  int *owner = malloc((stretches + 1) * sizeof *owner);
  memset(owner, -1, (stretches + 1) * sizeof *owner);
  for (int i = 0; i <= s->count; i++) {
    const struct kernel *kernel = i < s->count ? &s->kernels[i] : NULL;
    const struct node *read[KERNEL_MAX_CHAIN * OP_MAX_OPERANDS + 64];
    int reads = 0;
    for (int k = 0; kernel != NULL && k < kernel->length; k++)
      for (int a = 0; a < kernel->chain[k]->in_count; a++)
        read[reads++] = node_storage(kernel->chain[k]->in[a]);
    for (int k = 0; kernel == NULL && k < s->graph->output_count; k++) {
      ck_assert_int_lt(reads, (int)(sizeof read / sizeof *read));
      read[reads++] = node_storage(s->graph->outputs[k].node);
    }
    for (int k = 0; k < reads; k++) {
      const struct slot *slot = &s->slots[read[k]->id];
      for (int64_t e = 0; in_batch(s, read[k]) && e < slot->size; e += 16)
        ck_assert_msg(owner[(slot->offset + e) / 16] == read[k]->id,
                      "%s: %s: %s is overwritten before kernel %d reads it", path, s->graph->name,
                      read[k]->name, i);
    }
    const struct node *result = kernel != NULL ? kernel_result(kernel) : NULL;
    if (result != NULL && in_batch(s, result))
      for (int64_t e = 0; e < s->slots[result->id].size; e += 16)
        owner[(s->slots[result->id].offset + e) / 16] = result->id;
  }
  free(owner);
}

/* Each living value is computed once, after what it needs, and each kernel's tasks cover it. */
static inline void check_kernels(const struct schedule *s, const char *path)
{
  int *kernel_of = malloc((size_t)s->graph->count * sizeof *kernel_of);
  for (int i = 0; i < s->graph->count; i++)
    kernel_of[i] = -1;
  for (int i = 0; i < s->count; i++) {
    const struct kernel *kernel = &s->kernels[i];
    for (int k = 0; k < kernel->length; k++) {
      const struct node *node = kernel->chain[k];
      kernel_of[node->id] = i;
      /* Only the last of a chain reaches memory. */
      ck_assert_msg(k == kernel->length - 1 || node->uses == 1,
                    "%s: kernel %d of %s swallows %s, which others use", path, i, s->graph->name,
                    node->name);
      for (int a = 0; a < node->in_count; a++) {
        const struct node *in = node_storage(node->in[a]);
        ck_assert_msg(kernel_of[in->id] <= i &&
                          (op_table[in->op].class == CLASS_LEAF || kernel_of[in->id] >= 0),
                      "%s: kernel %d of %s reads %s too early", path, i, s->graph->name, in->name);
      }
    }
    ck_assert(kernel->domain == DOMAIN_IMAGES ? kernel->chunk > 0 : kernel->tasks > 0);
    if (kernel->domain == DOMAIN_FIXED)
      ck_assert_msg((int64_t)kernel->tasks * kernel->block >= kernel->extent &&
                        (int64_t)(kernel->tasks - 1) * kernel->block < kernel->extent,
                    "%s: the tasks of kernel %d do not cover it", path, i);
  }
  for (int i = 0; i < s->graph->count; i++) {
    const struct node *node = s->graph->nodes[i];
    enum op_class class = op_table[node->op].class;
    if (node->alive && (class == CLASS_KERNEL || class == CLASS_ELEMENTWISE))
      ck_assert_msg(kernel_of[i] >= 0, "%s: nothing computes %s", path, node->name);
  }
  for (int i = 0; i < s->graph->output_count; i++) {
    const struct node *node = node_storage(s->graph->outputs[i].node);
    ck_assert_msg(kernel_of[node->id] >= 0, "%s: no kernel of %s writes %s", path, s->graph->name,
                  s->graph->outputs[i].node->name);
  }
  free(kernel_of);
}

#endif
