/* Pictures of a model: its graph, and its plan of memory. What they show is what the compiler's
 * tables say. */
#include "compiled.h"
#include "compiler/op.h"
#include "spawn.h"
#include <jansson.h>

#define LATHE built("lathe")

static const char tiny[] =
    "model tiny {\n  input x [1, 6, 6];\n  latent z [2];\n"
    "  encoder { conv2d 4, kernel 3, bias on; batchnorm; relu; gaussian z; }\n"
    "  decoder { linear 8; relu; linear 36; reshape [1, 6, 6]; }\n"
    "  loss { gaussian; }\n}\n";

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

/* ---- lathe diff ---- */

/* The same with another filter, one layer more and one less, other settings. */
static const char other[] =
    "model tiny {\n  precision float64;\n  input x [1, 6, 6], range [0, 2];\n  latent z [2];\n"
    "  encoder { conv2d 5, kernel 3; relu; flatten; gaussian z; }\n"
    "  decoder { linear 8; relu; linear 36; reshape [1, 6, 6]; }\n"
    "  loss { gaussian, variance 0.5; kl 2; }\n  train { sgd 0.1, momentum 0.5; seed 7; }\n}\n";

static json_t *json_of(char *text)
{
  json_error_t why;
  json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &why);
  ck_assert_msg(json != NULL, "%s in %.1000s", why.text, text);
  free(text);
  return json;
}

static void assert_json(const json_t *json, const char *expected)
{
  char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
  ck_assert_str_eq(text, expected);
  free(text);
}

START_TEST(diff_finds_what_differs)
{
  const char *a = description(2), *b = in_folder("other.lathe");
  write_text(b, other);
  json_t *json = json_of(PRINTED("diff", a, b, "--json"));
  static const char *const settings[][4] = {
      {"model", "precision", "precision float32", "precision float64"},
      {"model", "input", "input x [1, 6, 6], range [0, 1]", "input x [1, 6, 6], range [0, 2]"},
      {"loss", "likelihood", "gaussian, variance 1, floor 1e-06, start 1",
       "gaussian, variance 0.5, floor 1e-06, start 1"},
      {"loss", "kl", "kl 1", "kl 2"},
      {"train", "optimiser", "adam 0.001, beta1 0.9, beta2 0.999, eps 1e-08, weight_decay 0",
       "sgd 0.1, momentum 0.5, weight_decay 0"},
      {"train", "seed", "seed 0", "seed 7"},
  };
  static const char *const keys[] = {"section", "name", "a", "b"};
  const json_t *found = json_object_get(json, "settings");
  ck_assert_uint_eq(json_array_size(found), LENGTH(settings));
  for (int i = 0; i < LENGTH(settings); i++)
    for (int k = 0; k < 4; k++)
      ck_assert_str_eq(
          json_string_value(json_object_get(json_array_get(found, (size_t)i), keys[k])),
          settings[i][k]);
  assert_json(
      json_object_get(json, "layers"),
      "[{\"section\":\"encoder\",\"change\":\"changed\","
      "\"a\":{\"name\":\"encoder.0\",\"layer\":\"conv2d 4, kernel 3\",\"input\":[1,6,6],"
      "\"output\":[4,4,4],\"parameters\":40,\"flops_forward\":1216.0},"
      "\"b\":{\"name\":\"encoder.0\",\"layer\":\"conv2d 5, kernel 3\",\"input\":[1,6,6],"
      "\"output\":[5,4,4],\"parameters\":50,\"flops_forward\":1520.0}},"
      "{\"section\":\"encoder\",\"change\":\"removed\","
      "\"a\":{\"name\":\"encoder.1\",\"layer\":\"batchnorm\",\"input\":[4,4,4],"
      "\"output\":[4,4,4],\"parameters\":8,\"flops_forward\":512.0},\"b\":null},"
      "{\"section\":\"encoder\",\"change\":\"changed\","
      "\"a\":{\"name\":\"encoder.2\",\"layer\":\"relu\",\"input\":[4,4,4],\"output\":[4,4,4],"
      "\"parameters\":0,\"flops_forward\":64.0},"
      "\"b\":{\"name\":\"encoder.1\",\"layer\":\"relu\",\"input\":[5,4,4],\"output\":[5,4,4],"
      "\"parameters\":0,\"flops_forward\":80.0}},"
      "{\"section\":\"encoder\",\"change\":\"added\",\"a\":null,"
      "\"b\":{\"name\":\"encoder.2\",\"layer\":\"flatten\",\"input\":[5,4,4],\"output\":[80],"
      "\"parameters\":0,\"flops_forward\":0.0}},"
      "{\"section\":\"encoder\",\"change\":\"changed\","
      "\"a\":{\"name\":\"encoder.3\",\"layer\":\"gaussian z\",\"input\":[4,4,4],\"output\":[2],"
      "\"parameters\":260,\"flops_forward\":524.0},"
      "\"b\":{\"name\":\"encoder.3\",\"layer\":\"gaussian z\",\"input\":[80],\"output\":[2],"
      "\"parameters\":324,\"flops_forward\":652.0}}]");
  /* The totals are those of the summaries. */
  const char *const paths[] = {a, b};
  const json_t *totals = json_object_get(json, "totals");
  for (int i = 0; i < 2; i++) {
    json_t *summary = json_of(PRINTED("summary", paths[i], "--json"));
    const json_t *memory = json_object_get(summary, "memory"), *total;
    const char *name;
    json_object_foreach((json_t *)totals, name, total)
    {
      const json_t *own = json_object_get(summary, name);
      own = own != NULL ? own : json_object_get(memory, name);
      ck_assert_msg(json_number_value(own) == json_number_value(json_array_get(total, (size_t)i)),
                    "%s", name);
    }
    json_decref(summary);
  }
  ck_assert_uint_eq(json_object_size(totals), 5);
  json_decref(json);
}
END_TEST

START_TEST(diff_for_people)
{
  const char *a = description(2), *b = in_folder("other.lathe");
  write_text(b, other);
  char *text = PRINTED("diff", a, b);
  assert_words(text, "  ~- train    adam 0.001|  ~+ train    sgd 0.1, momentum 0.5|"
                     "  -  encoder.1   batchnorm |  +  encoder.2   flatten |"
                     "  ~- encoder.0   conv2d 4, kernel 3 |  ~+ encoder.0   conv2d 5, kernel 3 ");
  ck_assert_int_eq(count_of(text, "decoder"), 0);
  free(text);
  text = PRINTED("diff", a, a);
  ck_assert_int_eq(count_of(text, "  the same\n"), 2);
  ck_assert_int_eq(count_of(text, "+0.0%\n"), 5);
  free(text);
  struct said said = SPAWN(LATHE, "diff", a);
  ck_assert_int_eq(said.status, 2);
  assert_words(said.err, "diff needs two descriptions");
  said_free(&said);
  said = SPAWN(LATHE, "diff", a, in_folder("none.lathe"));
  ck_assert_int_eq(said.status, 1);
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
  tcase_add_loop_test(tests, plan_shows_the_plan, 0, LENGTH(descriptions));
  tcase_add_test(tests, plan_shows_whole_lives);
  tcase_add_test(tests, diff_finds_what_differs);
  tcase_add_test(tests, diff_for_people);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
