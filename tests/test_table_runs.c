/* Whole runs on CSV tables whose labels are words: the same bits as from an .npz of the same
 * numbers, names in everything that is written, and what is refused. */
#include "binary.h"
#include "model_files.h"

enum { ROWS = 90, D = 4, KINDS = 3 };

#define FLOWERS in_folder("flowers")
#define TABLE in_folder("flowers.csv")
#define RUN in_folder("run")

static const char text[] =
    "model flowers {\n  input x [4];\n  normalise standard;\n  latent z [2];\n"
    "  encoder { linear 8; tanh; gaussian z; }\n  decoder { linear 8; tanh; linear 4; }\n"
    "  loss { gaussian, variance 0.1; kl 0.1; }\n"
    "  mixture { components 3; covariance full; init labelled; floor 1e-3; }\n"
    "  train { adam 1e-2; batch 15; epochs 60; split 0.8; seed 2; }\n}\n";

/* Not in the order in which they come. */
static const char *const kinds[KINDS] = {"setosa", "virginica", "\"versi, color\""};
static const int64_t numbers[KINDS] = {0, 2, 1}; /* in alphabetic order */

static float measure(int row, int column)
{
  return (float)(number_of(3, row * D + column, -0.5, 0.5) + 4 * (row % KINDS == column) + column);
}

/* Rows first .. first + count - 1, with the labels in the last column, in the first (of
 * semicolons), or in none. */
static void write_table(const char *path, int first, int count, char separator, bool labelled)
{
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  fprintf(file, separator == ';' ? "species;a;b;c;d\n" : "a,b,c,d%s\n", labelled ? ",species" : "");
  for (int i = first; i < first + count; i++) {
    if (separator == ';')
      fprintf(file, "%s;", kinds[i % KINDS]);
    for (int j = 0; j < D; j++)
      fprintf(file, "%s%.9g", j > 0 ? (char[]){separator, '\0'} : "", (double)measure(i, j));
    fprintf(file, labelled && separator == ',' ? ",%s\n" : "\n", kinds[i % KINDS]);
  }
  ck_assert_int_eq(fclose(file), 0);
}

static void write_arrays(void)
{
  struct lathe_array data = new_array(LATHE_F32, 2, (int64_t[]){ROWS, D});
  struct lathe_array labels = new_array(LATHE_I64, 1, (int64_t[]){ROWS});
  for (int i = 0; i < ROWS; i++) {
    for (int j = 0; j < D; j++)
      ((float *)data.data)[i * D + j] = measure(i, j);
    ((int64_t *)labels.data)[i] = numbers[i % KINDS];
  }
  write_data(in_folder("flowers.npz"), &data, &labels);
  lathe_array_free(&data);
  lathe_array_free(&labels);
}

static void setup(void)
{
  make_folder();
  build_text("flowers", text, NULL);
  write_table(TABLE, 0, ROWS, ',', true);
  write_table(in_folder("few.csv"), 0, 12, ';', true);
  write_table(in_folder("bare.csv"), 0, ROWS, ',', false);
  write_arrays();
  SPAWN_QUIETLY("gzip", "-k", TABLE);
  SPAWN_QUIETLY(FLOWERS, "train", "--data", TABLE, "--labelled", TABLE, "--label-column", "species",
                "--run", RUN, "--quiet");
}

static void teardown(void)
{
  remove_folder();
}

static void assert_same(const char *a, const char *b)
{
  size_t sizes[2];
  char *texts[2] = {read_file(a, &sizes[0]), read_file(b, &sizes[1])};
  ck_assert_uint_eq(sizes[0], sizes[1]);
  ck_assert_mem_eq(texts[0], texts[1], sizes[0]);
  free(texts[0]);
  free(texts[1]);
}

START_TEST(same_bits_as_arrays)
{
  SPAWN_QUIETLY(FLOWERS, "train", "--data", in_folder("flowers.npz"), "--labelled",
                in_folder("flowers.npz"), "--run", in_folder("arrays"), "--quiet");
  assert_same(in_folder("run/weights.safetensors"), in_folder("arrays/weights.safetensors"));
  SPAWN_QUIETLY(FLOWERS, "encode", "--run", RUN, "--data", in_folder("flowers.csv.gz"),
                "--label-column", "5", "-o", in_folder("a.npz"));
  SPAWN_QUIETLY(FLOWERS, "encode", "--run", in_folder("arrays"), "--data", in_folder("flowers.npz"),
                "-o", in_folder("b.npz"));
  assert_same(in_folder("a.npz"), in_folder("b.npz"));
  SPAWN_QUIETLY(FLOWERS, "reconstruct", "--run", RUN, "--data", in_folder("bare.csv"), "-o",
                in_folder("a.npz"));
  struct lathe_array out = read_array(in_folder("a.npz"), "data");
  assert_form(&out, "float32 [90, 4]");
  lathe_array_free(&out);
}
END_TEST

/* What classify writes is a table of labels itself, names and all. */
START_TEST(classify_writes_names)
{
  const char *labels = in_folder("labels.csv");
  SPAWN_QUIETLY(FLOWERS, "classify", "--run", RUN, "--data", in_folder("bare.csv"), "-o", labels,
                "--quiet");
  char *written = read_file(labels, NULL);
  ck_assert_int_eq(lines_of(written), ROWS + 1);
  char *line = strtok(written, "\n");
  ck_assert_str_eq(line, "Predicted_Label");
  for (int i = 0; i < ROWS; i++) {
    line = strtok(NULL, "\n");
    ck_assert_str_eq(line, kinds[i % KINDS]);
  }
  free(written);
  struct said said = SPAWN_GOOD(FLOWERS, "eval", "--run", RUN, "--data", in_folder("bare.csv"),
                                "--labels", labels, "--json");
  json_t *json = parse_json(said.out, "eval");
  ck_assert_double_eq(json_double(json, "accuracy"), 1);
  const json_t *names = json_object_get(json, "label_names");
  ck_assert_uint_eq(json_array_size(names), KINDS);
  ck_assert_str_eq(json_string_value(json_array_get(names, 1)), "versi, color");
  json_decref(json);
  said_free(&said);
}
END_TEST

START_TEST(eval_and_report_say_names)
{
  struct said said =
      SPAWN_GOOD(FLOWERS, "eval", "--run", RUN, "--data", TABLE, "--label-column", "species");
  assert_words(said.out, "flowers.csv|90 rows|accuracy 100.00 %|versi, color|virginica|lasses ");
  ck_assert_ptr_null(strstr(said.out, "image"));
  said_free(&said);
  char *page = read_file(in_folder("run/report.html"), NULL);
  assert_words(page, "<th>versi, color</th>|labelled rows|--label-column species|nats a row");
  free(page);
  SPAWN_QUIETLY(FLOWERS, "report", "--run", RUN, "--data", in_folder("few.csv"), "--label-column",
                "species", "-o", in_folder("few.html"), "--quiet");
  page = read_file(in_folder("few.html"), NULL);
  assert_words(page, "<th>versi, color</th>|Accuracy, 12 labelled rows");
  free(page);
}
END_TEST

/* A class that the run does not know is wrong, and called by its name. */
START_TEST(unknown_classes_are_wrong)
{
  write_text(in_folder("new.csv"), "a,b,c,d,species\n4,1,2,3,setosa\n0,1,2,7,iris\n");
  struct said said = SPAWN_GOOD(FLOWERS, "eval", "--run", RUN, "--data", in_folder("new.csv"),
                                "--label-column", "species", "--json");
  json_t *json = parse_json(said.out, "eval");
  ck_assert_double_eq(json_double(json, "accuracy"), 0.5);
  const json_t *names = json_object_get(json, "label_names");
  ck_assert_str_eq(json_string_value(json_array_get(names, KINDS)), "iris");
  json_decref(json);
  said_free(&said);
}
END_TEST

START_TEST(only_goes_by_names)
{
  struct said said = SPAWN_GOOD(FLOWERS, "eval", "--run", RUN, "--data", TABLE, "--label-column",
                                "species", "--only", "setosa,virginica");
  assert_words(said.out, "60 rows");
  said_free(&said);
  assert_refused(SPAWN(FLOWERS, "eval", "--run", RUN, "--data", TABLE, "--label-column", "species",
                       "--only", "iris"),
                 FLOWERS, 1, "--only iris: no row of|setosa");
}
END_TEST

/* The column and the names are the run's: nothing of it needs to be said again. */
START_TEST(goes_on_and_reports_by_itself)
{
  SPAWN_QUIETLY(FLOWERS, "train", "--run", RUN, "--resume", "--epochs", "63", "--quiet");
  SPAWN_QUIETLY(FLOWERS, "train", "--data", TABLE, "--labelled", TABLE, "--label-column", "species",
                "--run", in_folder("straight"), "--epochs", "63", "--quiet");
  assert_same(in_folder("run/weights.safetensors"), in_folder("straight/weights.safetensors"));
  assert_same(in_folder("run/metrics.json"), in_folder("straight/metrics.json"));
  SPAWN_QUIETLY(FLOWERS, "report", "--run", RUN, "--quiet");
  assert_refused(SPAWN(FLOWERS, "train", "--run", RUN, "--resume", "--label-column", "a"), FLOWERS,
                 1, "species|label_column|a: leave the option out");
}
END_TEST

START_TEST(imported_runs_have_names)
{
  const char *weights = in_folder("run/weights.safetensors");
  SPAWN_QUIETLY(FLOWERS, "import", "--params", weights, "--run", in_folder("imported"),
                "--labelled", TABLE, "--label-column", "species", "--quiet");
  SPAWN_QUIETLY(FLOWERS, "classify", "--run", in_folder("imported"), "--data",
                in_folder("bare.csv"), "-o", in_folder("l.csv"));
  char *written = read_file(in_folder("l.csv"), NULL);
  assert_words(written, "setosa|virginica");
  free(written);
}
END_TEST

static const struct {
  const char *words; /* of the command, after --run */
  int status;
  const char *says;
} REFUSED[] = {
    {"eval --data @/flowers.csv", 1, "flowers.csv:1:1: 5 columns|takes 4|--label-column species"},
    {"eval --data @/flowers.csv --label-column kind", 1, "no column `kind`|a, b, c, d, species"},
    {"eval --data @/flowers.npz --label-column species", 1, "flowers.npz: is no CSV table|member"},
    {"eval --data @/bare.csv --only setosa", 1, "bare.csv: has no labels|--label-column"},
    {"eval --data @/bare.csv --labels @/few.csv --label-column species", 1, "12|90 rows"},
    {"eval --data @/bare.csv --labels @/few.csv", 1, "few.csv: has 5 columns: say which"},
};

START_TEST(refused)
{
  char words[512], *at = words;
  const char *argv[16] = {FLOWERS};
  int count = 1;
  for (const char *c = REFUSED[_i].words; *c != '\0'; c++)
    at += *c == '@' ? sprintf(at, "%s", folder) : sprintf(at, "%c", *c);
  for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
    argv[count++] = word;
  argv[count++] = "--run";
  argv[count++] = RUN;
  assert_refused(spawn_in(NULL, argv), FLOWERS, REFUSED[_i].status, REFUSED[_i].says);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("table_runs");
  TCase *tests = tcase_create("runs");
  tcase_add_unchecked_fixture(tests, setup, teardown);
  tcase_set_timeout(tests, 300);
  tcase_add_test(tests, same_bits_as_arrays);
  tcase_add_test(tests, classify_writes_names);
  tcase_add_test(tests, eval_and_report_say_names);
  tcase_add_test(tests, unknown_classes_are_wrong);
  tcase_add_test(tests, only_goes_by_names);
  tcase_add_test(tests, imported_runs_have_names);
  tcase_add_loop_test(tests, refused, 0, sizeof REFUSED / sizeof *REFUSED);
  tcase_add_test(tests, goes_on_and_reports_by_itself);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
