/* Pictures of a model: its graph, and its plan of memory. What they show is what the compiler's
 * tables say. */
#include "compiled.h"
#include "compiler/op.h"
#include "spawn.h"

#define LATHE built("lathe")

static const char tiny[] = "model tiny {\n  input x [1, 6, 6];\n  latent z [2];\n"
                           "  encoder { conv2d 4, kernel 3; batchnorm; relu; gaussian z; }\n"
                           "  decoder { linear 8; relu; linear 36; reshape [1, 6, 6]; }\n"
                           "  loss { gaussian; }\n}\n";

static const char *const descriptions[] = {"models/digits_mlp.lathe", "models/digits_conv.lathe",
                                           NULL /* tiny */};

static const char *description(int i)
{
  if (descriptions[i] != NULL)
    return descriptions[i];
  const char *path = in_folder("tiny.lathe");
  write_text(path, tiny);
  return path;
}

/* What lathe prints, to be freed. */
static char *printed(const char *const *argv)
{
  struct said said = spawn_good(argv);
  char *text = strdup(said.out);
  ck_assert_str_eq(said.err, "");
  said_free(&said);
  return text;
}

#define PRINTED(...) printed((const char *const[]){LATHE, __VA_ARGS__, NULL})

static int count_of(const char *text, const char *word)
{
  int count = 0;
  for (; (text = strstr(text, word)) != NULL; text += strlen(word))
    count++;
  return count;
}

/* ---- lathe graph ---- */

/* Every living node once, every operand an edge with its shape, every gradient a node. */
START_TEST(graph_has_all)
{
  const char *path = description(_i);
  struct compiled compiled = compile_file(path);
  const struct graph *g = compiled.c->programs[PROGRAM_TRAIN]->graph;
  char *text = PRINTED("graph", path), *forward = PRINTED("graph", path, "--stage=forward");
  char *again = PRINTED("graph", path, "--stage", "training"), line[256];
  ck_assert_str_eq(text, again);
  int edges = 0, forward_edges = 0, gradients = 0;
  for (int i = 0; i < g->count; i++) {
    const struct node *node = g->nodes[i];
    snprintf(line, sizeof line, "\n    n%d [label=\"", i);
    ck_assert_int_eq(count_of(text, line), node->alive);
    ck_assert_int_eq(count_of(forward, line), node->alive && i < g->forward_count);
    for (int k = 0; node->alive && k < node->in_count; k++) {
      const struct node *in = node->in[k];
      const char *shape = shape_text(g->mem, &in->shape);
      if (in->parameter != NULL)
        continue;
      snprintf(line, sizeof line, "  n%d -> n%d [label=\"[%s%s\"", in->id, i,
               in->per_image ? "N, " : "", shape + 1);
      ck_assert_msg(strstr(text, line) != NULL, "%s is missing", line);
    }
    edges += node->alive ? node->in_count : 0;
    forward_edges += node->alive && i < g->forward_count ? node->in_count : 0;
  }
  for (int i = 0; i < g->output_count; i++)
    gradients += g->outputs[i].gradient_of != NULL;
  ck_assert_int_gt(gradients, 0);
  ck_assert_int_eq(count_of(text, " -> "), edges + gradients);
  ck_assert_int_eq(count_of(forward, " -> "), forward_edges);
  ck_assert_int_eq(count_of(forward, "gradient"), 0);
  for (int i = 0; i < compiled.c->parameters->count; i++) {
    const struct parameter *p = compiled.c->parameters->items[i];
    snprintf(line, sizeof line, "label=\"d.%s\"", p->tensor.name);
    ck_assert_int_eq(count_of(text, line), p->tensor.role == LATHE_PARAMETER);
  }
  const struct section *encoder = &compiled.result.model->encoder;
  for (int i = 0; i < encoder->count; i++) {
    snprintf(line, sizeof line, "label=\"%s: %s\"", encoder->layers[i].name,
             encoder->layers[i].text);
    ck_assert_int_eq(count_of(forward, line), 1);
  }
  free(text);
  free(forward);
  free(again);
  compiled_free(&compiled);
}
END_TEST

START_TEST(graph_says_shapes)
{
  char *text = PRINTED("graph", description(2));
  assert_words(text, "[label=\"[N, 1, 6, 6]\"|[label=\"[4, 1, 3, 3]\"|[label=\"[N, 4, 4, 4]\"|"
                     "[label=\"[N, 2]\"|style=dashed|style=bold|shape=cylinder");
  free(text);
}
END_TEST

/* Graphviz takes it, and its picture shows every layer. */
START_TEST(graph_is_drawn)
{
  struct said version = SPAWN("dot", "-V");
  bool there = version.status == 0;
  said_free(&version);
  if (!there) {
    printf("skipped: dot is not installed\n");
    return;
  }
  const char *dot = in_folder("graph.dot"), *svg = in_folder("graph.svg");
  SPAWN_QUIETLY(LATHE, "graph", description(_i), "-o", dot);
  struct said said = SPAWN_GOOD("dot", "-Tsvg", dot, "-o", svg);
  ck_assert_str_eq(said.err, "");
  said_free(&said);
  char *text = read_file(svg, NULL);
  assert_words(text, "</svg>|encoder.0|gaussian z|d.encoder");
  free(text);
}
END_TEST

START_TEST(graph_is_asked_wrongly)
{
  struct said said = SPAWN(LATHE, "graph", description(0), "--stage=plan");
  ck_assert_int_eq(said.status, 2);
  assert_words(said.err, "forward|training");
  said_free(&said);
  said = SPAWN(LATHE, "graph", description(0), "-o", in_folder("no/graph.dot"));
  ck_assert_int_eq(said.status, 1);
  assert_words(said.err, "cannot write|no/graph.dot");
  said_free(&said);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("looking");
  TCase *tests = tcase_create("looking");
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_set_timeout(tests, 2 * SPAWN_SECONDS);
  tcase_add_loop_test(tests, graph_has_all, 0, LENGTH(descriptions));
  tcase_add_test(tests, graph_says_shapes);
  tcase_add_loop_test(tests, graph_is_drawn, 0, LENGTH(descriptions));
  tcase_add_test(tests, graph_is_asked_wrongly);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
