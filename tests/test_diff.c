/* What two descriptions differ in, and the table of layers. */
#include "compiled.h"
#include "looking.h"
#include <ctype.h>

static const char *write_tiny(void)
{
  const char *path = in_folder("tiny.lathe");
  write_text(path, tiny);
  return path;
}

/* The same with another filter, one layer more and one less, other settings. */
static const char other[] =
    "model tiny {\n  precision float64;\n  input x [1, 6, 6], range [0, 2];\n  latent z [2];\n"
    "  encoder { conv2d 5, kernel 3; relu; flatten; gaussian z; }\n"
    "  decoder { linear 8; relu; linear 36; reshape [1, 6, 6]; }\n"
    "  loss { gaussian, variance 0.5; kl 2; }\n  train { sgd 0.1, momentum 0.5, nesterov; seed 7; "
    "}\n}\n";

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
  const char *a = write_tiny(), *b = in_folder("other.lathe");
  write_text(b, other);
  json_t *json = json_of(PRINTED("diff", a, b, "--json"));
  static const char *const settings[][4] = {
      {"model", "precision", "precision float32", "precision float64"},
      {"model", "input", "input x [1, 6, 6], range [0, 1]", "input x [1, 6, 6], range [0, 2]"},
      {"loss", "likelihood", "gaussian, variance 1", "gaussian, variance 0.5"},
      {"loss", "kl", "kl 1", "kl 2"},
      {"train", "optimiser", "adam 0.001", "sgd 0.1, momentum 0.5, nesterov"},
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
      "\"parameters\":260,\"flops_forward\":526.0},"
      "\"b\":{\"name\":\"encoder.3\",\"layer\":\"gaussian z\",\"input\":[80],\"output\":[2],"
      "\"parameters\":324,\"flops_forward\":654.0}}]");
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

/* Layers within layers are compared with those of the layer that answers to theirs; what a new one
 * holds is new. */
START_TEST(diff_looks_into_layers)
{
#define NESTED(encoder, decoder)                                                                   \
  "model n { input x [2, 6, 6]; latent z [2];\n encoder { " encoder " gaussian z; }\n"             \
  " decoder { " decoder " linear [2, 6, 6]; sigmoid; } }\n"
  static const char *const texts[] = {
      NESTED("residual { conv2d 2, kernel 3, pad 1; relu; } concat { tanh; residual { relu; } }",
             "linear 4; relu;"),
      NESTED(
          "residual { conv2d 2, kernel 5, pad 2; relu; } concat { tanh; residual { relu; silu; } }",
          "residual { linear 2; residual { relu; } tanh; } linear 4; relu;"),
  };
  static const char *const changes[][3] = {
      {"changed", "encoder.0.0", "encoder.0.0"},
      {"changed", "encoder.1", "encoder.1"},
      {"changed", "encoder.1.1", "encoder.1.1"},
      {"added", NULL, "encoder.1.1.1"},
      {"added", NULL, "decoder.0"},
      {"added", NULL, "decoder.0.0"},
      {"added", NULL, "decoder.0.1"},
      {"added", NULL, "decoder.0.1.0"},
      {"added", NULL, "decoder.0.2"},
  };
  const char *a = in_folder("first.lathe"), *b = in_folder("second.lathe");
  write_text(a, texts[0]);
  write_text(b, texts[1]);
  json_t *json = json_of(PRINTED("diff", a, b, "--json"));
  const json_t *found = json_object_get(json, "layers");
  ck_assert_uint_eq(json_array_size(found), LENGTH(changes));
  for (int i = 0; i < LENGTH(changes); i++) {
    const json_t *change = json_array_get(found, (size_t)i);
    ck_assert_str_eq(json_string_value(json_object_get(change, "change")), changes[i][0]);
    for (int k = 1; k < 3; k++) {
      const json_t *layer = json_object_get(change, k == 1 ? "a" : "b");
      ck_assert_pstr_eq(json_string_value(json_object_get(layer, "name")), changes[i][k]);
    }
  }
  json_decref(json);
  char *text = PRINTED("diff", a, a);
  ck_assert_int_eq(count_of(text, "  the same\n"), 2);
  free(text);
}
END_TEST

/* ---- lathe summary ---- */

/* Every column begins in one place, however long names and layers are. */
START_TEST(summary_is_aligned)
{
  const char *path = in_folder("long.lathe");
  write_text(path,
             "model m { input x [2, 12, 12]; latent z [2];\n encoder {\n"
             " conv2d 8, kernel [3, 5], stride [2, 1], pad [1, 2], groups 2, bias off;\n"
             " residual { concat { residual { relu; } } conv2d 8, kernel 1; }\n gaussian z; }\n"
             " decoder { linear [2, 12, 12]; sigmoid; } }\n");
  char *text = PRINTED("summary", path), *end;
  const char *table = strstr(text, "\nLayer") + 1;
  int rows = 0;
  ptrdiff_t output = strstr(table, "Output") - table;
  ptrdiff_t parameters = strstr(table, "Parameters") + strlen("Parameters") - table;
  ptrdiff_t algorithm = strstr(table, "Algorithm") - table;
  for (const char *line = strchr(table, '\n') + 1; *line != '\n'; line = end + 1, rows++) {
    end = strchr(line, '\n');
    ck_assert_msg(line[output] == '[' && line[output - 1] == ' ', "%.*s", (int)(end - line), line);
    ck_assert_msg(isdigit((unsigned char)line[parameters - 1]) && line[parameters] == ' ', "%.*s",
                  (int)(end - line), line);
    ck_assert_msg(end - line >= algorithm && line[algorithm - 1] == ' ', "%.*s", (int)(end - line),
                  line);
  }
  ck_assert_int_eq(rows, 9);
  free(text);
}
END_TEST

/* Of a setting that differs, what does not differ is left out, and of one that another has taken
 * the place of, what is as it would be anyway. */
START_TEST(settings_say_what_differs)
{
#define WITH(rest)                                                                                 \
  "model m { input x [2, 3, 3]; latent z [2]; encoder { gaussian z; } decoder { linear [2, 3, 3];" \
  " }\n" rest " }\n"
  static const struct {
    const char *a, *b;
    const char *said; /* of the two, the lines that the settings take */
  } cases[] = {
      {WITH("loss { gaussian; }"), WITH("loss { gaussian; kl 1, warmup 5; }"),
       "  ~- loss     kl 1\n  ~+ loss     kl 1, warmup 5\n"},
      {WITH("loss { gaussian; }"), WITH("loss { gaussian, variance learned; }"),
       "  ~- loss     gaussian, variance 1\n  ~+ loss     gaussian, variance learned\n"},
      {WITH("loss { gaussian; kl 1, free_bits 0.5; }"),
       WITH("loss { gaussian; kl 2, free_bits "
            "0.5; }"),
       "  ~- loss     kl 1\n  ~+ loss     kl 2\n"},
      {WITH("loss { gaussian; } train { adam 1e-3, beta1 0.8; }"),
       WITH("loss { gaussian; } train { sgd 1e-2; }"),
       "  ~- train    adam 0.001, beta1 0.8\n  ~+ train    sgd 0.01\n"},
      {WITH("loss { gaussian; } train { clip 1; }"),
       WITH("loss { gaussian; } train { clip 1, by value; }"),
       "  ~- train    clip 1, by norm\n  ~+ train    clip 1, by value\n"},
      {WITH("loss { gaussian; } normalise given, mean [1, 2];"),
       WITH("loss { gaussian; } normalise given, mean 1;"),
       "  ~- model    normalise given, mean [1, 2]\n  ~+ model    normalise given, mean 1\n"},
      {WITH("loss { gaussian; } normalise standard;"), WITH("loss { gaussian; }"),
       "  ~- model    normalise standard\n  ~+ model    normalise none\n"},
  };
  for (int i = 0; i < LENGTH(cases); i++) {
    write_text(in_folder("a.lathe"), cases[i].a);
    write_text(in_folder("b.lathe"), cases[i].b);
    char *text = PRINTED("diff", in_folder("a.lathe"), in_folder("b.lathe"));
    const char *settings = strstr(text, "Settings\n") + strlen("Settings\n");
    size_t length = (size_t)(strstr(settings, "\nLayers") - settings);
    ck_assert_msg(length == strlen(cases[i].said) && strncmp(settings, cases[i].said, length) == 0,
                  "%.*s", (int)length, settings);
    free(text);
  }
}
END_TEST

START_TEST(diff_for_people)
{
  const char *a = write_tiny(), *b = in_folder("other.lathe");
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
  Suite *suite = suite_create("diff");
  TCase *tests = tcase_create("diff");
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_set_timeout(tests, 2 * SPAWN_SECONDS);
  tcase_add_test(tests, diff_finds_what_differs);
  tcase_add_test(tests, diff_looks_into_layers);
  tcase_add_test(tests, settings_say_what_differs);
  tcase_add_test(tests, diff_for_people);
  tcase_add_test(tests, summary_is_aligned);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
