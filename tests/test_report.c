/* The pages that people look at: report.html of a run, and runs compared. With Chromium they are
 * opened in it, wide and narrow, light and dark; without it this is skipped. */
#include "binary.h"
#include "read_html.h"

/* Names that would be markup, if they were not escaped; the last byte is no UTF-8. */
#define RUN_NAME "run <i>&amp;'\"\xff"
#define DATA_NAME "digits/<b>it's & \"data\".npz"

static void setup(void)
{
  make_digits_and_small();
  ck_assert_int_eq(symlink(TRAIN, in_folder(DATA_NAME)), 0);
  SPAWN_QUIETLY(MLP, "train", "--data", in_folder(DATA_NAME), "--labelled", FEW, "--run",
                in_folder(RUN_NAME), "--epochs", "3", "--seed", "7", "--quiet");
  ck_assert_int_eq(symlink(in_folder(RUN_NAME), in_folder("plain")), 0);
  train_small(in_folder("small-run"));
  SPAWN_QUIETLY(MLP, "report", "--run", in_folder(RUN_NAME), "--data", TEST, "-o",
                in_folder("test.html"), "--quiet");
  SPAWN_QUIETLY(MLP, "compare", in_folder(RUN_NAME), in_folder("small-run"), "-o",
                in_folder("compare.html"), "--quiet");
}

static char *read_report(const char *run)
{
  return read_file(in_folder("%s/report.html", run), NULL);
}

static const char *const sections[] = {
#define SECTION(id, heading) "<section id=\"" #id "\">\n<h2>" heading "</h2>\n",
#include "runtime/report.def"
#undef SECTION
};

START_TEST(report_has_all_sections)
{
  static const char *const runs[] = {RUN_NAME, "small-run"};
  for (int i = 0; i < 2; i++) {
    char *text = read_report(runs[i]);
    int shown = 0;
    for (size_t j = 0; j < sizeof sections / sizeof *sections; j++) {
      bool plane = strstr(sections[j], "manifold") != NULL;
      bool there = strstr(text, sections[j]) != NULL;
      ck_assert_msg(there == (i == 0 || !plane), "%s: %s", runs[i], sections[j]);
      shown += there;
    }
    struct page page = read_page(text);
    ck_assert_int_eq(page.links, shown);
    /* 5 curves, 2 views of the latents, 32 reconstructed, 4 x 16 drawn, 3 paths, 20 unsure. */
    ck_assert_int_eq(page.pictures, 5 + 2 + 32 + 64 + 3 * 12 + 20 + (i == 0));
    free(text);
  }
}
END_TEST

START_TEST(report_escapes_what_people_named)
{
  char *text = read_report(RUN_NAME);
  ck_assert_ptr_nonnull(strstr(text, "run &lt;i&gt;&amp;amp;&#39;&quot;\xef\xbf\xbd"));
  ck_assert_ptr_nonnull(strstr(text, "/&lt;b&gt;it&#39;s &amp; &quot;data&quot;.npz, SHA-256 "));
  /* and in the command, as a shell reads it */
  ck_assert_ptr_nonnull(strstr(text, "/&lt;b&gt;it&#39;\\&#39;&#39;s &amp; &quot;data&quot;"));
  ck_assert_ptr_null(strstr(text, "<b>it"));
  ck_assert_ptr_null(strstr(text, "<i>"));
  free(text);
}
END_TEST

START_TEST(report_says_where_settings_come_from)
{
  char *text = read_report(RUN_NAME);
  assert_words(
      text,
      "<tr><th>epochs</th><td class=\"n\">3</td><td>command line (description: 100)|"
      "<tr><th>seed</th><td class=\"n\">7</td><td>command line (description: 0)|"
      "<tr><th>batch</th><td class=\"n\">64</td><td>description|"
      "--epochs 3 --batch 64 --lr 0.0009 --split 0.9 --seed 7 --run again|model digits_mlp {");
  free(text);
}
END_TEST

/* What the curves and the matrix come to stands beside them, in words. */
START_TEST(report_says_what_was_found)
{
  char *text = read_report(RUN_NAME), *other = read_file(in_folder("test.html"), NULL);
  char words[128], *csv = read_file(in_folder("plain/metrics.csv"), NULL);
  double first, last;
  ck_assert_int_eq(sscanf(strchr(csv, '\n'), "\n1,%lf", &first), 1);
  ck_assert_int_eq(sscanf(strstr(csv, "\n3,"), "\n3,%lf", &last), 1);
  snprintf(words, sizeof words,
           "After 3 epochs the training loss is %.5g nats an image, from %.5g after the first; ",
           last, first);
  assert_words(text, words);
  assert_words(text, "the validation loss is |<p>EM settled after ");
  struct said said = SPAWN_GOOD(MLP, "eval", "--run", in_folder("plain"), "--data", TEST, "--json");
  json_t *eval = parse_json(said.out, "eval");
  json_t *counts = json_object_get(json_object_get(eval, "confusion"), "counts");
  json_int_t most = 0, of = 0;
  for (size_t i = 0; i < 3; i++) {
    json_int_t all = 0, wrong = 0;
    for (size_t j = 0; j < 3; j++) {
      json_int_t count = json_integer_value(json_array_get(json_array_get(counts, i), j));
      all += count;
      wrong = j != i && count > wrong ? count : wrong;
    }
    if (wrong > most) {
      most = wrong;
      of = all;
    }
  }
  snprintf(words, sizeof words, "The most frequent mistake is to take |: %d of %d.", (int)most,
           (int)of);
  ck_assert_int_gt(most, 0);
  assert_words(other, words);
  json_decref(eval);
  said_free(&said);
  free(csv);
  free(other);
  free(text);
}
END_TEST

/* Nothing in a report is of the moment: it is the same bytes when it is made again. */
START_TEST(report_is_made_again)
{
  static const char *const binaries[] = {"models/digits_mlp", NULL};
  static const char *const runs[] = {RUN_NAME, "small-run"};
  for (int i = 0; i < 2; i++) {
    const char *binary = binaries[i] != NULL ? built(binaries[i]) : SMALL;
    SPAWN_QUIETLY(binary, "report", "--run", in_folder("%s", runs[i]), "-o",
                  in_folder("again.html"));
    ck_assert(same_file(in_folder("again.html"), in_folder("%s/report.html", runs[i])));
    SPAWN_QUIETLY(binary, "report", "--run", in_folder("%s", runs[i]));
    ck_assert(same_file(in_folder("again.html"), in_folder("%s/report.html", runs[i])));
  }
}
END_TEST

/* Of labelled images it shows what eval says of them. */
START_TEST(report_scores_other_images)
{
  char *text = read_file(in_folder("test.html"), NULL);
  struct said said = SPAWN_GOOD(MLP, "eval", "--run", in_folder("plain"), "--data", TEST, "--json");
  json_t *eval = parse_json(said.out, "eval");
  json_t *counts = json_object_get(json_object_get(eval, "confusion"), "counts");
  read_page(text);
  char words[64];
  snprintf(words, sizeof words, "<b>%.2f %%</b>",
           100 * json_number_value(json_object_get(eval, "accuracy")));
  ck_assert_msg(strstr(text, words) != NULL, "%s", words);
  ck_assert_ptr_nonnull(strstr(text, "label: "));
  const char *at = strstr(text, "class=\"confusion\"");
  for (size_t i = 0; i < 9; i++) {
    json_t *count = json_array_get(json_array_get(counts, i / 3), i % 3);
    at = strstr(at, ")\">");
    ck_assert_ptr_nonnull(at);
    at += 3;
    ck_assert_int_eq(atoi(at), (int)json_integer_value(count));
  }
  json_decref(eval);
  said_free(&said);
  free(text);
}
END_TEST

/* The likeliest cluster's probabilities, from the least on. */
START_TEST(report_begins_with_the_least_sure)
{
  char *text = read_file(in_folder("test.html"), NULL);
  const char *at = strstr(text, "<div class=\"cards\">");
  ck_assert_ptr_nonnull(at);
  int before = 0, count = 0;
  while ((at = strstr(at, "<figcaption>")) != NULL) {
    int label, share;
    ck_assert_int_eq(sscanf(at, "<figcaption>%d: %d %%", &label, &share), 2);
    ck_assert_int_le(before, share);
    before = share;
    at++;
    count++;
  }
  ck_assert_int_eq(count, 20);
  free(text);
}
END_TEST

START_TEST(report_needs_its_images)
{
  const char *moved = in_folder("moved.npz");
  ck_assert_int_eq(rename(in_folder(DATA_NAME), moved), 0);
  assert_refused(SPAWN(MLP, "report", "--run", in_folder(RUN_NAME)), MLP, 1, "cannot be opened");
  ck_assert_int_eq(symlink(TEST, in_folder(DATA_NAME)), 0);
  assert_refused(SPAWN(MLP, "report", "--run", in_folder(RUN_NAME)), MLP, 1, "digits/<b>");
  ck_assert_int_eq(unlink(in_folder(DATA_NAME)), 0);
  ck_assert_int_eq(rename(moved, in_folder(DATA_NAME)), 0);
  assert_refused(SPAWN(MLP, "report", "--run", in_folder("small-run")), MLP, 1, "trained by model");
  assert_refused(SPAWN(MLP, "report", "--run", in_folder(RUN_NAME), "--only", "1"), MLP, 2,
                 "--data FILE");
}
END_TEST

START_TEST(compare_shows_what_differs)
{
  struct said said = SPAWN_GOOD(MLP, "compare", in_folder(RUN_NAME), in_folder("small-run"));
  assert_words(said.out,
               "settings.seed                                     7                      5\n"
               "|architecture.encoder.0|validation.mse|last epoch.train_loss|"
               "settings.optimiser|what was reached");
  said_free(&said);
  said = SPAWN_GOOD(SMALL, "compare", in_folder("small-run"), in_folder("small-run"));
  assert_words(said.out, "(nothing: model, |training.loss");
  ck_assert_ptr_null(strstr(said.out, "settings."));
  said_free(&said);
  char *text = read_file(in_folder("compare.html"), NULL);
  /* of training and validation: loss, reconstruction, divergence; rate, and likelihood */
  ck_assert_int_eq(read_page(text).pictures, 8);
  assert_words(text, "settings.seed|>7</td>|>5</td>|What was reached|&lt;i&gt;");
  free(text);
}
END_TEST

/* Rows of the same object stand together, though a later run has some that the first has not. */
START_TEST(compare_keeps_rows_together)
{
  char object[64] = "", before[8][64];
  int objects = 0;
  struct said said = SPAWN_GOOD(SMALL, "compare", in_folder("small-run"), in_folder(RUN_NAME));
  char *end = strstr(said.out, "\n\n");
  ck_assert_ptr_nonnull(end);
  end[1] = '\0';
  for (const char *line = strchr(said.out, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
    int length = (int)strcspn(line, ". ");
    if (line[length] != '.' || (strncmp(line, object, (size_t)length) == 0 && !object[length]))
      continue;
    snprintf(object, sizeof object, "%.*s", length, line);
    for (int i = 0; i < objects; i++)
      ck_assert_msg(strcmp(before[i], object) != 0, "%s again: %s", object, said.out);
    ck_assert_int_lt(objects, 8);
    strcpy(before[objects++], object);
  }
  ck_assert_int_gt(objects, 2);
  said_free(&said);
}
END_TEST

/* lathe itself compares as binaries do. */
START_TEST(lathe_compares_runs)
{
  struct said theirs = SPAWN_GOOD(MLP, "compare", in_folder(RUN_NAME), in_folder("small-run"));
  struct said said = SPAWN_GOOD(built("lathe"), "compare", in_folder(RUN_NAME),
                                in_folder("small-run"), "-o", in_folder("again.html"));
  ck_assert_str_eq(said.out, theirs.out);
  ck_assert(same_file(in_folder("again.html"), in_folder("compare.html")));
  said_free(&theirs);
  said_free(&said);
  said = SPAWN(built("lathe"), "compare", in_folder("small-run"));
  ck_assert_int_eq(said.status, 2);
  assert_words(said.err, "compare needs two run folders");
  said_free(&said);
  assert_refused(SPAWN(built("lathe"), "compare", in_folder("small-run"), in_folder("nowhere")),
                 "lathe", 1, "no such folder");
}
END_TEST

START_TEST(compare_replaces_nothing_of_a_run)
{
  assert_refused(SPAWN(MLP, "compare", in_folder("small-run"), in_folder(RUN_NAME), "-o",
                       in_folder("plain/run.json")),
                 MLP, 2, "html");
  assert_refused(SPAWN(built("lathe"), "compare", in_folder("small-run"), in_folder("plain"), "-o",
                       in_folder("plain/metrics.csv")),
                 "lathe", 1, "would replace metrics.csv of the run");
}
END_TEST

START_TEST(compare_needs_runs)
{
  assert_refused(SPAWN(MLP, "compare"), MLP, 2, "RUN RUN");
  assert_refused(SPAWN(MLP, "compare", in_folder("small-run")), MLP, 2, "two run folders");
  assert_refused(SPAWN(MLP, "compare", in_folder("small-run"), in_folder("digits")), MLP, 1,
                 "no finished run");
  assert_refused(SPAWN(MLP, "compare", in_folder("small-run"), in_folder("nowhere")), MLP, 1,
                 "no such folder");
  SPAWN_QUIETLY("cp", "-r", in_folder("small-run"), in_folder("half"));
  ck_assert_int_eq(rename(in_folder("half/run.json"), in_folder("half/unfinished.json")), 0);
  assert_refused(SPAWN(MLP, "compare", in_folder("small-run"), in_folder("half")), MLP, 1,
                 "--resume");
  SPAWN_QUIETLY("cp", "-r", in_folder("small-run"), in_folder("damaged"));
  write_text(in_folder("damaged/metrics.csv"), "epoch,train_loss\n1,2\n3\n");
  assert_refused(SPAWN(MLP, "compare", in_folder("small-run"), in_folder("damaged")), MLP, 1,
                 "line 3");
  write_text(in_folder("damaged/metrics.csv"), "epoch,train_loss\n1,much\n");
  assert_refused(SPAWN(MLP, "compare", in_folder("small-run"), in_folder("damaged")), MLP, 1,
                 "line 2");
  write_text(in_folder("damaged/metrics.json"), "[]");
  remove_below(in_folder("damaged/metrics.csv"));
  assert_refused(SPAWN(MLP, "compare", in_folder("small-run"), in_folder("damaged")), MLP, 1,
                 "not an object");
}
END_TEST

/* ---- In a browser ---- */

static const char *const pages[] = {"test.html", "small-run/report.html", "compare.html"};

static const struct {
  const char *size, *scheme, *paper;
} views[] = {
    {"--window-size=1200,900", "--blink-settings=preferredColorScheme=1", "rgb(255, 255, 255)"},
    {"--window-size=1200,900", "--blink-settings=preferredColorScheme=0", "rgb(20, 20, 20)"},
    {"--window-size=500,900", "--blink-settings=preferredColorScheme=1", "rgb(255, 255, 255)"},
};

/* Opens a page; what its document is at last, and on standard error what the console was told. */
static struct said open_page(const char *path, int view)
{
  char url[SPAWN_PATH + 16], profile[SPAWN_PATH + 32];
  snprintf(url, sizeof url, "file://%s", path);
  snprintf(profile, sizeof profile, "--user-data-dir=%s", in_folder("profile"));
  return SPAWN("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
               "--disable-dev-shm-usage", "--no-first-run", "--enable-logging=stderr", "--dump-dom",
               profile, views[view].size, views[view].scheme, url);
}

/* The page with a script that looks at it, which its policy is widened for. */
static void write_probe(const char *page, const char *path)
{
  static const char policy[] = "default-src 'none'; ";
  static const char script[] =
      "<script>addEventListener('load', () => {\n"
      "  const missing = [...document.images].filter(i => !i.complete || !i.naturalWidth).length;\n"
      "  const wide = [...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll')\n"
      "    && e.getBoundingClientRect().right > innerWidth + 1).length;\n"
      "  const over = document.documentElement.scrollWidth - innerWidth;\n"
      "  const paper = getComputedStyle(document.body).backgroundColor;\n"
      "  document.title = `missing ${missing}, wide ${wide}, over ${Math.max(over, 0)}, "
      "${paper}`;\n"
      "});</script>\n";
  char *text = read_file(page, NULL);
  char *rest = strstr(text, policy), *end = strstr(text, "</body>");
  ck_assert(rest != NULL && end != NULL);
  rest += strlen(policy);
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  fprintf(file, "%.*sscript-src 'unsafe-inline'; %.*s%s%s", (int)(rest - text), text,
          (int)(end - rest), rest, script, end);
  fclose(file);
  free(text);
}

START_TEST(pages_open_in_a_browser)
{
  if (!installed("chromium")) {
    printf("pages: not opened in a browser, for there is no chromium\n");
    return;
  }
  setenv("HOME", folder, 1); /* where a browser leaves things */
  const char *page = in_folder("%s", pages[_i]);
  struct said said = open_page(page, 0);
  ck_assert_int_eq(said.status, 0);
  ck_assert_msg(strstr(said.err, "CONSOLE") == NULL, "%s: %s", pages[_i], said.err);
  said_free(&said);
  const char *probe = in_folder("probe.html");
  write_probe(page, probe);
  for (int view = 0; view < (int)(sizeof views / sizeof *views); view++) {
    char title[96];
    snprintf(title, sizeof title, "<title>missing 0, wide 0, over 0, %s</title>",
             views[view].paper);
    said = open_page(probe, view);
    const char *found = strstr(said.out, "<title>");
    ck_assert_msg(strstr(said.out, title) != NULL, "%s, view %d: %.100s", pages[_i], view,
                  found != NULL ? found : said.err);
    said_free(&said);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("report");
  TCase *tests = tcase_create("pages");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 300);
  tcase_add_test(tests, report_has_all_sections);
  tcase_add_test(tests, report_escapes_what_people_named);
  tcase_add_test(tests, report_says_where_settings_come_from);
  tcase_add_test(tests, report_says_what_was_found);
  tcase_add_test(tests, report_is_made_again);
  tcase_add_test(tests, report_scores_other_images);
  tcase_add_test(tests, report_begins_with_the_least_sure);
  tcase_add_test(tests, report_needs_its_images);
  tcase_add_test(tests, compare_shows_what_differs);
  tcase_add_test(tests, compare_keeps_rows_together);
  tcase_add_test(tests, lathe_compares_runs);
  tcase_add_test(tests, compare_replaces_nothing_of_a_run);
  tcase_add_test(tests, compare_needs_runs);
  tcase_add_loop_test(tests, pages_open_in_a_browser, 0, sizeof pages / sizeof *pages);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
