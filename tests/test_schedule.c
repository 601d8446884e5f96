/* The schedule: which ops become one kernel. And the verifiers of graph and plan, on faults planted
 * for them to find. */
#include "check_schedule.h"
#include "compiled.h"
#include "spawn.h"

/* The ops of a program's kernels from `begin` on: "linear+bias+relu, ..." */
static void assert_chains(const struct schedule *s, int begin, int end, const char *expected)
{
  char chains[2048];
  size_t length = 0;
  for (int i = begin; i < end; i++)
    for (int k = 0; k < s->kernels[i].length; k++)
      length += (size_t)snprintf(chains + length, sizeof chains - length, "%s%s",
                                 k > 0       ? "+"
                                 : i > begin ? ", "
                                             : "",
                                 op_table[s->kernels[i].chain[k]->op].name);
  ck_assert_str_eq(chains, expected);
}

START_TEST(fusion_in_mlp)
{
  struct compiled compiled = compile_file("models/digits_mlp.lathe");
  struct schedule *const *programs = compiled.c->programs;
  const struct schedule *train = programs[PROGRAM_TRAIN];
#define ENCODER "linear+bias+relu, linear+bias+relu, linear+bias, linear+bias+clamp"
#define DECODER "linear+bias+relu, linear+bias+relu, linear+bias"
#define LOSSES ENCODER ", sample, " DECODER ", bernoulli, kl"
  assert_chains(programs[PROGRAM_ENCODE], 0, programs[PROGRAM_ENCODE]->count, ENCODER);
  assert_chains(programs[PROGRAM_DECODE], 0, programs[PROGRAM_DECODE]->count, DECODER ", sigmoid");
  assert_chains(programs[PROGRAM_EVALUATE], 0, programs[PROGRAM_EVALUATE]->count, LOSSES);
  assert_chains(train, 0, train->forward_count, LOSSES);
  assert_chains(train, train->forward_count, train->count,
                "kl_grad_mean, kl_grad_logvar, bernoulli_grad, "
                "channel_sum, linear_input+relu_grad, linear_weight, "
                "channel_sum, linear_input+relu_grad, linear_weight, "
                "channel_sum, linear_input, linear_weight, "
                "add, sample_grad_logvar+add+clamp_grad, "
                "channel_sum, linear_input, linear_weight, "
                "channel_sum, linear_input+add, linear_weight, relu_grad, "
                "channel_sum, linear_input+relu_grad, linear_weight, "
                "channel_sum, linear_weight");
#undef ENCODER
#undef DECODER
#undef LOSSES
  compiled_free(&compiled);
}
END_TEST

START_TEST(fusion_in_conv)
{
  struct compiled compiled = compile_file("models/digits_conv.lathe");
  struct schedule *const *programs = compiled.c->programs;
  const struct schedule *train = programs[PROGRAM_TRAIN];
#define HEADS "linear+bias, linear+bias+clamp"
#define WINOGRAD "winograd_data, winograd_product, winograd_inverse+bias"
#define TRANSPOSED "winograd_inverse_adjoint, winograd_product_adjoint, winograd_data_adjoint"
#define LOSSES "sample, linear+bias, " TRANSPOSED "+bias+relu, conv_input+bias, bernoulli, kl"
  assert_chains(programs[PROGRAM_ENCODE], 0, programs[PROGRAM_ENCODE]->count,
                "conv+bias+relu, winograd_filter, " WINOGRAD "+normalise_running+relu, " HEADS);
  assert_chains(
      programs[PROGRAM_DECODE], 0, programs[PROGRAM_DECODE]->count,
      "linear+bias, winograd_inverse_adjoint, winograd_filter, "
      "winograd_product_adjoint, winograd_data_adjoint+bias+relu, conv_input+bias+sigmoid");
  assert_chains(programs[PROGRAM_EVALUATE], 0, programs[PROGRAM_EVALUATE]->count,
                "conv+bias+relu, " WINOGRAD "+normalise_running+relu, " HEADS ", " LOSSES);
  assert_chains(train, 0, train->forward_count,
                "conv+bias+relu, " WINOGRAD ", moments, running_update, normalise+relu, " HEADS
                ", " LOSSES);
  assert_chains(train, train->forward_count, train->count,
                "kl_grad_mean, kl_grad_logvar, bernoulli_grad, "
                "channel_sum, conv_weight, conv+relu_grad, "
                "channel_sum, winograd_data, winograd_weight, winograd_product, winograd_inverse, "
                "channel_sum, linear_input, linear_weight, "
                "add, sample_grad_logvar+add+clamp_grad, "
                "channel_sum, linear_input, linear_weight, "
                "channel_sum, linear_input+add, linear_weight, relu_grad, "
                "channel_dot, channel_sum, normalise_grad, "
                "channel_sum, winograd_inverse_adjoint, winograd_weight, "
                "winograd_product_adjoint, winograd_data_adjoint+relu_grad, "
                "channel_sum, conv_weight");
#undef WINOGRAD
#undef TRANSPOSED
#undef HEADS
#undef LOSSES
  compiled_free(&compiled);
}
END_TEST

/* A graph of one product, to be built on: x [64], w [64, 64], y = x w. */
struct bench {
  struct result result;
  struct graph *graph;
  struct node *x, *w, *y;
};

static const char tiny[] = "model tiny { input x [64]; latent z [2]; encoder { gaussian z; }\n"
                           "  decoder { linear 64; } loss { gaussian; } }\n";

static struct bench bench_new(void)
{
  struct bench b = {.result = run_text(tiny, strlen(tiny))};
  ck_assert_msg(b.result.model != NULL, "%s", b.result.printed);
  struct mem *mem = b.result.mem;
  b.graph = graph_new(mem, b.result.model, "bench");
  b.x = graph_add(b.graph, OP_INPUT, 0, NULL);
  b.x->shape = (struct shape){.rank = 1, .dim = {64}};
  b.w = graph_add(b.graph, OP_PARAMETER, 0, NULL);
  b.w->shape = (struct shape){.rank = 1, .dim = {64 * 64}};
  b.w->per_image = false;
  b.w->parameter = mem_alloc(mem, sizeof *b.w->parameter);
  b.y = op_linear(b.graph, b.x, b.w, 64, 0);
  b.y->name = "y";
  return b;
}

static struct schedule *bench_schedule(struct bench *b, struct node *output)
{
  graph_output(b->graph, output, "mean");
  b->graph->forward_count = b->graph->count;
  graph_mark(b->graph);
  ck_assert(graph_verify(b->graph, stderr));
  struct schedule *s = schedule_build(b->graph);
  plan_memory(s, 4096, 4096);
  ck_assert(plan_verify(s, stderr));
  check_kernels(s, "bench");
  check_by_replay(s, "bench");
  return s;
}

START_TEST(value_used_twice_is_kept)
{
  struct bench b = bench_new();
  struct node *relu = op_unary(b.graph, OP_RELU, b.y);
  struct schedule *s = bench_schedule(&b, op_binary(b.graph, OP_ADD, relu, b.y));
  assert_chains(s, 0, s->count, "linear, relu+add");
  ck_assert_int_eq(schedule_slot(s, b.y)->storage, STORED_BATCH);
  release(&b.result);

  b = bench_new();
  s = bench_schedule(&b, op_unary(b.graph, OP_SIGMOID, op_unary(b.graph, OP_RELU, b.y)));
  assert_chains(s, 0, s->count, "linear+relu+sigmoid");
  release(&b.result);

  /* An output is a use, too. */
  b = bench_new();
  graph_output(b.graph, b.y, "logvar");
  s = bench_schedule(&b, op_unary(b.graph, OP_RELU, b.y));
  assert_chains(s, 0, s->count, "linear, relu");
  release(&b.result);
}
END_TEST

START_TEST(long_chain_is_cut)
{
  struct bench b = bench_new();
  struct node *node = b.y;
  for (int i = 0; i < 2 * KERNEL_MAX_CHAIN; i++)
    node = op_unary(b.graph, OP_RELU, node);
  struct schedule *s = bench_schedule(&b, node);
  ck_assert_int_eq(s->count, 3);
  ck_assert_int_eq(s->kernels[0].length, KERNEL_MAX_CHAIN);
  ck_assert_int_eq(s->kernels[1].length, KERNEL_MAX_CHAIN);
  release(&b.result);
}
END_TEST

START_TEST(unused_layers_are_left_out)
{
  /* The decoder's sigmoid is part of the loss, computed from the logits. */
  struct compiled compiled = compile_file("models/digits_conv.lathe");
  const struct schedule *train = compiled.c->programs[PROGRAM_TRAIN];
  int sigmoids = 0;
  for (int i = 0; i < train->graph->count; i++)
    if (train->graph->nodes[i]->op == OP_SIGMOID) {
      sigmoids++;
      ck_assert(!train->graph->nodes[i]->alive);
      ck_assert_int_eq(train->slots[i].storage, STORED_NOWHERE);
    }
  ck_assert_int_eq(sigmoids, 1);
  compiled_free(&compiled);
}
END_TEST

/* ---- The verifiers ---- */

static void plant_late_operand(struct bench *b)
{
  b->y->in[0] = op_unary(b->graph, OP_RELU, b->y);
}

static void plant_no_operand(struct bench *b)
{
  b->y->in[1] = NULL;
}

static void plant_itself(struct bench *b)
{
  b->y->in[0] = b->y;
}

static void plant_other_size(struct bench *b)
{
  op_unary(b->graph, OP_RELU, b->y)->shape.dim[0] = 32;
}

static void plant_other_order(struct bench *b)
{
  op_unary(b->graph, OP_RELU, b->y)->interleave = 8;
}

static void plant_bad_interleave(struct bench *b)
{
  b->y->interleave = 7;
}

static void plant_no_shape(struct bench *b)
{
  b->y->shape.rank = 0;
}

static void plant_empty_shape(struct bench *b)
{
  b->y->shape.dim[0] = 0;
}

static void plant_wrong_number(struct bench *b)
{
  b->y->id = 0;
}

static const struct {
  const char *name;
  void (*plant)(struct bench *b);
  const char *words;
} faults[] = {
    {"an operand after its use", plant_late_operand, "linear|y|comes after"},
    {"a missing operand", plant_no_operand, "linear|y"},
    {"a node that reads itself", plant_itself, "linear|y|comes after"},
    {"another size", plant_other_size, "relu|another size"},
    {"another memory order", plant_other_order, "relu|order"},
    {"an interleave that does not fit", plant_bad_interleave, "linear|interleave"},
    {"no shape", plant_no_shape, "linear|shape"},
    {"an empty shape", plant_empty_shape, "linear|shape"},
    {"a wrong number", plant_wrong_number, "linear|number"},
};

START_TEST(graph_faults_are_found)
{
  struct bench b = bench_new();
  char *said;
  size_t size;
  FILE *err = open_memstream(&said, &size);
  ck_assert(graph_verify(b.graph, err));
  faults[_i].plant(&b);
  bool sound = graph_verify(b.graph, err);
  fclose(err);
  ck_assert_msg(!sound, "%s is not found", faults[_i].name);
  assert_words(said, faults[_i].words);
  assert_words(said, "graph bench: node ");
  free(said);
  release(&b.result);
}
END_TEST

/* Two values of a training step that live at the same time, neither made from the other in place.
 */
static void find_neighbours(struct schedule *s, struct slot **a, struct slot **b)
{
  for (int i = 0; i < s->graph->count; i++)
    for (int k = 0; k < i; k++) {
      *a = &s->slots[k];
      *b = &s->slots[i];
      if ((*a)->storage == STORED_BATCH && (*b)->storage == STORED_BATCH &&
          (*a)->first < (*b)->first && (*a)->last > (*b)->last && (*a)->offset != (*b)->offset)
        return;
    }
  ck_abort_msg("no two values live at the same time");
}

START_TEST(overlap_is_found)
{
  for (int shift = 0; shift <= 16; shift += 16) {
    struct compiled compiled = compile_file("models/digits_conv.lathe");
    struct schedule *s = compiled.c->programs[PROGRAM_TRAIN];
    struct slot *a, *b;
    find_neighbours(s, &a, &b);
    b->offset = a->offset + a->size - 16 + shift; /* at first the last 16 elements are shared */
    char *said;
    size_t size;
    FILE *err = open_memstream(&said, &size);
    bool sound = plan_verify(s, err);
    fclose(err);
    const char *name = s->graph->nodes[a - s->slots]->name;
    bool named = strstr(said, name) != NULL && strstr(said, "overlap") != NULL;
    if (shift == 0)
      ck_assert_msg(!sound && named, "the overlap with %s is not found:\n%s", name, said);
    free(said);
    compiled_free(&compiled);
  }
}
END_TEST

/* A value overwritten in place although it is read once more. */
START_TEST(overwritten_too_early_is_found)
{
  struct bench b = bench_new();
  struct node *relu = op_unary(b.graph, OP_RELU, b.y);
  struct node *sigmoid = op_unary(b.graph, OP_SIGMOID, b.y);
  struct node *product = op_linear(b.graph, relu, b.w, 64, 0);
  struct schedule *s = bench_schedule(&b, op_binary(b.graph, OP_ADD, product, sigmoid));
  assert_chains(s, 0, s->count, "linear, relu, sigmoid, linear+add");
  ck_assert(!s->kernels[1].in_place && s->kernels[2].in_place);
  schedule_slot(s, relu)->offset = schedule_slot(s, b.y)->offset;
  s->kernels[1].in_place = true;
  char *said;
  size_t size;
  FILE *err = open_memstream(&said, &size);
  bool sound = plan_verify(s, err);
  fclose(err);
  ck_assert_msg(!sound, "relu overwrites what sigmoid reads after it");
  assert_words(said, "plan bench: |y|overlap");
  free(said);
  release(&b.result);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("schedule");
  TCase *fusion = tcase_create("fusion");
  tcase_add_test(fusion, fusion_in_mlp);
  tcase_add_test(fusion, fusion_in_conv);
  tcase_add_test(fusion, value_used_twice_is_kept);
  tcase_add_test(fusion, long_chain_is_cut);
  tcase_add_test(fusion, unused_layers_are_left_out);
  suite_add_tcase(suite, fusion);
  TCase *verifiers = tcase_create("verifiers");
  tcase_add_loop_test(verifiers, graph_faults_are_found, 0, LENGTH(faults));
  tcase_add_test(verifiers, overlap_is_found);
  tcase_add_test(verifiers, overwritten_too_early_is_found);
  suite_add_tcase(suite, verifiers);
  return run_suite(suite);
}
