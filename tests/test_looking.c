/* Pictures of a model: its graph, and its plan of memory. What they show is what the compiler's
 * tables say. */
#include "compiled.h"
#include "compiler/op.h"
#include "looking.h"

static const char *const descriptions[] = {"models/digits_mlp.lathe", "models/digits_conv.lathe",
                                           NULL /* tiny */, "tests/good/repeat.lathe"};

static const char *description(int i)
{
  if (descriptions[i] != NULL)
    return descriptions[i];
  const char *path = in_folder("tiny.lathe");
  write_text(path, tiny);
  return path;
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

/* ---- lathe plan ---- */

/* Asserts that every element of a text is closed, in order, and every attribute quoted; returns how
 * many there are. */
static int check_xml(const char *text)
{
  const char *open[64];
  int depth = 0, count = 0;
  for (; (text = strchr(text, '<')) != NULL; text++) {
    const char *end = strchr(text, '>');
    ck_assert_ptr_nonnull(end);
    if (text[1] == '/') {
      size_t length = strcspn(text + 2, ">");
      ck_assert_int_gt(depth, 0);
      ck_assert_msg(strncmp(open[--depth], text + 2, length) == 0, "%.20s", text);
      continue;
    }
    int quotes = 0;
    for (const char *c = text; c < end; c++) {
      quotes += *c == '"';
      ck_assert_msg(*c != '=' || c[1] == '"', "%.80s", text);
    }
    ck_assert_int_eq(quotes % 2, 0);
    count++;
    ck_assert_int_lt(depth, LENGTH(open));
    if (end[-1] != '/')
      open[depth++] = text + 1;
  }
  ck_assert_int_eq(depth, 0);
  return count;
}

struct rectangle {
  double x, y, width, height;
  const char *tooltip;
};

/* The buffers' rectangles, in the order in which they are drawn. */
static int read_rectangles(const char *text, struct rectangle *found, int most)
{
  int count = 0;
  static const char *const classes[] = {"forward", "backward"};
  for (const char *at = text; (at = strstr(at, "<rect class=\"")) != NULL; at++)
    for (int i = 0; i < LENGTH(classes); i++) {
      const char *class = at + strlen("<rect class=\"");
      if (strncmp(class, classes[i], strlen(classes[i])) != 0)
        continue;
      struct rectangle *r = &found[count++];
      ck_assert_int_le(count, most);
      ck_assert_int_eq(sscanf(strstr(class, " x="),
                              " x=\"%lf\" y=\"%lf\" width=\"%lf\" height=\"%lf\"", &r->x, &r->y,
                              &r->width, &r->height),
                       4);
      r->tooltip = strstr(class, "<title>") + strlen("<title>");
    }
  return count;
}

/* Every buffer has its rectangle, in proportion to its bytes and kernels, and no two meet. */
START_TEST(plan_shows_the_plan)
{
  enum { MOST = 256 };
  struct rectangle found[MOST];
  const char *path = description(_i), *svg = in_folder("plan.svg");
  SPAWN_QUIETLY(LATHE, "plan", path, "-o", svg);
  char *text = read_file(svg, NULL), line[256];
  struct compiled compiled = compile_file(path);
  const struct schedule *s = compiled.c->programs[PROGRAM_TRAIN];
  int count = read_rectangles(text, found, MOST), next = 0;
  ck_assert_int_gt(check_xml(text), 2 * count);
  for (int i = 0; i < s->graph->count; i++) {
    const struct slot *slot = &s->slots[i];
    if (slot->storage != STORED_BATCH)
      continue;
    ck_assert_int_lt(next, count);
    const struct rectangle *r = &found[next++];
    snprintf(line, sizeof line, "%s %s: ", s->graph->nodes[i]->name,
             shape_text(compiled.result.mem, &s->graph->nodes[i]->shape));
    ck_assert_msg(strncmp(r->tooltip, line, strlen(line)) == 0, "%.80s is not %s", r->tooltip,
                  line);
    double image = 520.0 / (double)s->per_image;
    ck_assert_double_eq_tol(r->y, 76 + image * (double)slot->offset, 0.02);
    ck_assert_double_eq_tol(r->height, image * (double)slot->size, 0.02);
    ck_assert_double_eq_tol(r->x, 96 + 34.0 * slot->first, 0.1);
    int last = slot->last < s->count ? slot->last : s->count - 1;
    ck_assert_double_le(r->width, 34.0 * (last + 1 - slot->first));
    ck_assert_double_ge(r->width, 34.0);
  }
  ck_assert_int_eq(next, count);
  for (int i = 0; i < count; i++)
    for (int k = 0; k < i; k++) {
      const struct rectangle *a = &found[i], *b = &found[k];
      ck_assert_msg(a->x + a->width <= b->x + 0.1 || b->x + b->width <= a->x + 0.1 ||
                        a->y + a->height <= b->y + 0.02 || b->y + b->height <= a->y + 0.02,
                    "%.40s and %.40s overlap", a->tooltip, b->tooltip);
    }
  assert_words(text,
               "prefers-color-scheme: dark|parameters, buffers, tables of them: |EM statistics: |"
               ">forward<|>backward<|kernel 0: encoder.");
  ck_assert_int_eq(count_of(text, "<title>kernel "), s->count);
  free(text);
  compiled_free(&compiled);
}
END_TEST

/* A long life ends with its last use, not before. */
START_TEST(plan_shows_whole_lives)
{
  struct compiled compiled = compile_file(description(1));
  const struct schedule *s = compiled.c->programs[PROGRAM_TRAIN];
  const struct node *first = kernel_result(&s->kernels[0]);
  const struct slot *slot = &s->slots[first->id];
  char line[256], *text = PRINTED("plan", description(1));
  snprintf(line, sizeof line, "<title>%s [64, 14, 14]: 50,176 B an image from 0, kernels 0 to %d<",
           first->name, slot->last);
  ck_assert_int_gt(slot->last, s->forward_count);
  ck_assert_msg(strstr(text, line) != NULL, "%s is missing", line);
  free(text);
  compiled_free(&compiled);
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
  tcase_add_loop_test(tests, plan_shows_the_plan, 0, LENGTH(descriptions));
  tcase_add_test(tests, plan_shows_whole_lives);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
