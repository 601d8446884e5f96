/* The memory plan: what it promises for every description that the repository has. */
#include "check_schedule.h"
#include "compiled.h"
#include "compiler/emit_model.h"
#include "random_model.h"
#include "spawn.h"

static const char *const shipped[] = {"models/digits_mlp.lathe", "models/digits_conv.lathe"};

/* Elements of a value, without the plan's rounding. */
static int64_t elements_of(const struct schedule *s, const struct node *node)
{
  return node_size(node) * (node->wide && !s->graph->model->float64 ? 2 : 1);
}

static void check_slots(const struct schedule *s, const char *path)
{
  for (int i = 0; i < s->graph->count; i++) {
    const struct slot *slot = &s->slots[i];
    if (slot->storage != STORED_BATCH && slot->storage != STORED_FIXED)
      continue;
    const char *name = s->graph->nodes[i]->name;
    ck_assert_msg(slot->offset >= 0 && slot->offset % 16 == 0, "%s: %s is at %lld", path, name,
                  (long long)slot->offset);
    ck_assert_msg(slot->size >= elements_of(s, s->graph->nodes[i]), "%s: %s has too little room",
                  path, name);
    if (slot->storage == STORED_BATCH)
      ck_assert_msg(slot->offset + slot->size <= s->per_image, "%s: %s ends outside", path, name);
  }
}

/* Elements that any plan needs: the largest sum of values that a kernel finds and leaves, an
 * operand that it may overwrite not counted twice. */
static int64_t lower_bound(const struct schedule *s)
{
  int count = s->graph->count;
  int *first = malloc((size_t)count * sizeof *first), *last = malloc((size_t)count * sizeof *last);
  for (int i = 0; i < count; i++)
    first[i] = last[i] = -1;
  for (int i = 0; i < s->count; i++) {
    const struct kernel *kernel = &s->kernels[i];
    for (int k = 0; k < kernel->length; k++)
      for (int a = 0; a < kernel->chain[k]->in_count; a++)
        last[node_storage(kernel->chain[k]->in[a])->id] = i;
    if (kernel_result(kernel) != NULL)
      first[kernel_result(kernel)->id] = i;
  }
  for (int i = 0; i < s->graph->output_count; i++)
    last[node_storage(s->graph->outputs[i].node)->id] = s->count;

  int64_t most = 0;
  for (int k = 0; k < s->count; k++) {
    int64_t found = 0, left = 0;
    for (int i = 0; i < count; i++) {
      if (!in_batch(s, s->graph->nodes[i]) || first[i] > k || last[i] < k)
        continue;
      int64_t size = elements_of(s, s->graph->nodes[i]);
      found += first[i] < k ? size : 0;
      left += last[i] > k || !s->kernels[k].in_place ? size : 0;
    }
    most = found > most ? found : most;
    most = left > most ? left : most;
  }
  free(first);
  free(last);
  return most;
}

/* Parameters and buffers lie one after the other below fixed_inference, parameters first. */
static void check_parameters(const struct compilation *c, const char *path)
{
  int64_t values = 0;
  for (int i = 0; i < c->parameters->count; i++) {
    const struct parameter *a = c->parameters->items[i];
    if (a->tensor.role == LATHE_COUNTER)
      continue;
    int64_t begin = (int64_t)a->tensor.offset, end = begin + a->count;
    bool trained = a->tensor.role == LATHE_PARAMETER;
    values += trained ? a->count : 0;
    ck_assert_msg(begin % 16 == 0 && begin >= (trained ? 0 : c->trained) &&
                      end <= (trained ? c->trained : c->fixed_inference),
                  "%s: %s lies at %lld to %lld", path, a->tensor.name, (long long)begin,
                  (long long)end);
    for (int k = 0; k < i; k++) {
      const struct parameter *b = c->parameters->items[k];
      if (b->tensor.role != LATHE_COUNTER)
        ck_assert_msg(end <= (int64_t)b->tensor.offset ||
                          (int64_t)b->tensor.offset + b->count <= begin,
                      "%s: %s and %s overlap", path, a->tensor.name, b->tensor.name);
    }
  }
  ck_assert_int_eq(c->parameter_count, values);

  /* Gradients, moments and batch tables follow; each block begins where one ends. */
  int64_t block = c->fixed_inference;
  ck_assert_int_eq(c->gradients, block);
  for (int i = 0; i < LATHE_MOMENTS; i++)
    if (c->moments[i] > 0)
      ck_assert_int_eq(c->moments[i], block += c->trained);
  ck_assert_int_eq(c->fixed_training, block + c->trained + c->programs[PROGRAM_TRAIN]->fixed);
}

/* Each trained parameter has one gradient, in its place in the gradients' block; batch tables lie
 * behind the blocks. */
static void check_gradients(const struct compilation *c, const char *path)
{
  const struct schedule *s = c->programs[PROGRAM_TRAIN];
  for (int i = 0; i < c->parameters->count; i++) {
    const struct parameter *p = c->parameters->items[i];
    int found = 0;
    for (int k = 0; k < s->graph->output_count; k++) {
      const struct output *output = &s->graph->outputs[k];
      if (output->gradient_of != p)
        continue;
      found++;
      const struct slot *slot = schedule_slot(s, output->node);
      ck_assert_int_eq(slot->storage, STORED_FIXED);
      ck_assert_int_eq(slot->offset, c->gradients + (int64_t)p->tensor.offset);
      ck_assert_int_eq(node_size(output->node), p->count);
    }
    ck_assert_msg(found == (p->tensor.role == LATHE_PARAMETER), "%s: %s has %d gradients", path,
                  p->tensor.name, found);
  }
  int64_t tables = c->fixed_training - s->fixed;
  for (int i = 0; i < s->graph->count; i++) {
    const struct node *node = s->graph->nodes[i];
    const struct slot *slot = &s->slots[i];
    if (slot->storage == STORED_FIXED && node->parameter == NULL && slot->offset >= tables)
      ck_assert_msg(slot->offset + slot->size <= c->fixed_training, "%s: %s ends outside", path,
                    node->name);
  }
}

static void check_plans(struct compiled compiled, const char *path)
{
  struct compilation *c = compiled.c;
  check_parameters(c, path);
  check_gradients(c, path);
  for (int i = 0; i < PROGRAM_COUNT; i++) {
    const struct schedule *s = c->programs[i];
    ck_assert_msg(graph_verify(s->graph, stderr) && plan_verify(s, stderr), "%s", path);
    check_kernels(s, path);
    check_slots(s, path);
    check_by_replay(s, path);
    ck_assert_msg(s->per_image >= lower_bound(s), "%s: %s has less memory than any plan needs",
                  path, s->graph->name);
    ck_assert_int_le(s->per_image, c->per_image_training);
    if (i != PROGRAM_TRAIN)
      ck_assert_int_le(s->per_image, c->per_image_inference);
    for (int k = 0; k < s->count; k++)
      ck_assert_int_le(s->kernels[k].scratch, c->scratch);
  }
  compiled_free(&compiled);
}

START_TEST(every_description)
{
  int files = 0;
  DIR *dir = opendir("tests/good");
  ck_assert_ptr_nonnull(dir);
  for (const struct dirent *entry; (entry = readdir(dir));) {
    if (strstr(entry->d_name, ".lathe") == NULL)
      continue;
    char path[300];
    snprintf(path, sizeof path, "tests/good/%.255s", entry->d_name);
    check_plans(compile_file(path), path);
    files++;
  }
  closedir(dir);
  ck_assert_int_ge(files, 20);
  for (int i = 0; i < LENGTH(shipped); i++)
    check_plans(compile_file(shipped[i]), shipped[i]);
}
END_TEST

START_TEST(random_descriptions)
{
  for (uint64_t seed = 0; seed < 500; seed++) {
    char text[RANDOM_TEXT];
    random_model(seed, text);
    struct compiled compiled = compile_text(text);
    ck_assert_int_eq(emit_model(compiled.c)->count, EMITTED_FILES);
    check_plans(compiled, text);
  }
}
END_TEST

START_TEST(little_is_wasted)
{
  for (int i = 0; i < LENGTH(shipped); i++) {
    struct compiled compiled = compile_file(shipped[i]);
    for (int k = 0; k < PROGRAM_COUNT; k++) {
      const struct schedule *s = compiled.c->programs[k];
      ck_assert_msg((double)s->per_image <= 1.05 * (double)lower_bound(s),
                    "%s: %s takes %lld elements where %lld are needed", shipped[i], s->graph->name,
                    (long long)s->per_image, (long long)lower_bound(s));
    }
    compiled_free(&compiled);
  }
}
END_TEST

START_TEST(in_place_where_nobody_looks)
{
  /* relu may overwrite x, which nothing else reads, ... */
  struct compiled compiled =
      compile_text("model m { input x [64]; latent z [2]; encoder { linear 64; batchnorm; relu;\n"
                   "  gaussian z; } decoder { linear 64; } loss { gaussian; } }");
  struct schedule *s = compiled.c->programs[PROGRAM_TRAIN];
  int in_place = 0;
  for (int i = 0; i < s->count; i++) {
    const struct kernel *kernel = &s->kernels[i];
    if (!kernel->in_place)
      continue;
    in_place++;
    const struct slot *to = schedule_slot(s, kernel_result(kernel));
    bool found = false;
    for (int a = 0; a < kernel->chain[0]->in_count; a++)
      found = found || (schedule_slot(s, kernel->chain[0]->in[a])->storage == STORED_BATCH &&
                        schedule_slot(s, kernel->chain[0]->in[a])->offset == to->offset);
    ck_assert_msg(found, "kernel %d is in place of nothing", i);
  }
  ck_assert_int_gt(in_place, 0);
  /* ... but what batch normalisation was given is needed for its gradient. */
  for (int i = 0; i < s->forward_count; i++)
    if (s->kernels[i].chain[0]->op == OP_NORMALISE)
      ck_assert(!s->kernels[i].in_place);
  compiled_free(&compiled);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("plan");
  TCase *plans = tcase_create("plans");
  tcase_set_timeout(plans, 60);
  tcase_add_test(plans, every_description);
  tcase_add_test(plans, random_descriptions);
  tcase_add_test(plans, little_is_wasted);
  tcase_add_test(plans, in_place_where_nobody_looks);
  suite_add_tcase(suite, plans);
  return run_suite(suite);
}
