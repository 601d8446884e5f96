/* Programs whose allocations and system calls fail, each in its turn: they go on, with the results
 * that they would have had, or end with status 1 and one line that says why; no file is left half
 * written, and a training that ended so is gone on with to the same bits. LATHE_FAULTS=N spoils a
 * spread of N calls of each kind, LATHE_FAULTS=all every one; LATHE_FAULTS_SHOW=1 says what became
 * of each, LATHE_FAULTS_ONLY=WORD does what has the word in its name alone. */
#define _GNU_SOURCE
#include "faults/inject.h"
#include "resumed.h"

enum { WORDS = 24, OUTPUTS = 3, SPREAD = 2 };

/* What is run, in the private folder, and what it writes. */
struct scenario {
  const char *name, *line; /* a program, built here ("lathe") or in the folder, and its words */
  const char *from;        /* the folder that is copied to "r" before it; NULL: there is no "r" */
  const char *outputs[OUTPUTS]; /* left as they were, or whole as the first run's */
  bool trains;                  /* its run, "r", is that of "ref" in the end */
};

static const struct scenario scenarios[] = {
    {"train", "small train --data x.npz --labelled few.npz --epochs 2 --quiet --run r --threads 1",
     .trains = true},
    {"resume", "small train --resume --quiet --run r --threads 1", .from = "half", .trains = true},
    {.name = "eval", .line = "small eval --run ref --data x.npz --threads 1"},
    {.name = "eval in JSON", .line = "small eval --run ref --data few.npz --json --threads 2"},
    {"classify", "small classify --run ref --data x.npz.gz -o out --quiet --threads 1",
     .outputs = {"out"}},
    {"reconstruct", "small reconstruct --run ref --data x.npz -o out --quiet --threads 1",
     .outputs = {"out"}},
    {"encode", "small encode --run ref --data x.npz -o out --quiet --threads 1",
     .outputs = {"out"}},
    {"sample", "small sample --run ref -n 7 -o out.png --quiet --threads 1",
     .outputs = {"out.png"}},
    {"report", "small report --run r --data x.npz --quiet --threads 1", .from = "ref",
     .outputs = {"r/report.html"}},
    {"compare", "small compare ref finished -o out --quiet", .outputs = {"out"}},
    {"import",
     "small import --params ref/weights.safetensors --run r --data x.npz --labelled few.npz "
     "--quiet --threads 1",
     .outputs = {"r/weights.safetensors"}},
    {"lathe emit", "lathe emit small.lathe -o r",
     .outputs = {"r/small.h", "r/small_main.c", "r/small_train.c"}},
    {"lathe build", "lathe build small.lathe -o out --cc ./cc", .outputs = {"out"}},
    {"lathe fmt", "lathe fmt r/loose.lathe", .from = "loose", .outputs = {"r/loose.lathe"}},
    {"lathe new", "lathe new fresh", .outputs = {"fresh.lathe"}},
    {.name = "lathe summary", .line = "lathe summary small.lathe"},
    {"lathe plan", "lathe plan small.lathe -o out", .outputs = {"out"}},
    {.name = "lathe check", .line = "lathe check small.lathe --json"},
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

/* ---- What they are run on ---- */

/* A compiler that takes no time: what it is to make it makes of its own text. */
static const char compiler[] =
    "#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\nexec cp \"$0\" \"$1\"\n";

/* A folder of fonts with one font, so that reading fonts is a small part of all. */
static const char fonts[] =
    "<?xml version=\"1.0\"?>\n<!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">\n<fontconfig>\n"
    "<dir>/usr/share/fonts/truetype/dejavu</dir><cachedir>%s/fonts</cachedir>\n</fontconfig>\n";

static void setup(void)
{
  char text[512];
  make_undisturbed();
  remove_below(in_folder("whole"));
  snprintf(text, sizeof text, fonts, folder);
  write_text(in_folder("fonts.conf"), text);
  setenv("FONTCONFIG_FILE", in_folder("fonts.conf"), 1);
  write_text(in_folder("cc"), compiler);
  ck_assert_int_eq(chmod(in_folder("cc"), 0755), 0);
  ck_assert_int_eq(mkdir(in_folder("loose"), 0777), 0);
  write_text(in_folder("loose/loose.lathe"), "model  loose{input image [1,2,2];latent z [1];\n"
                                             "encoder{gaussian z;}decoder{linear [1,2,2];\n"
                                             "sigmoid;}}\n");
  SPAWN_QUIETLY("gzip", "-k", in_folder("x.npz"));
  check_said(BEGIN("ref", "--quiet", "--epochs", "2"), 0, "");
  /* killed after the second step of the second epoch */
  check_said(BEGIN("half", "--quiet", "--epochs", "2", "--save-minutes", "1e-9", "--keep", "99"), 0,
             "");
  for (int i = STEPS_AN_EPOCH + 3; i <= 2 * STEPS_AN_EPOCH; i++)
    ck_assert_int_eq(unlink(checkpoint_of("half", i)), 0);
  SPAWN_QUIETLY("cp", "-r", in_folder("half"), in_folder("finished"));
  ck_assert_int_eq(rename(in_folder("half/run.json"), in_folder("half/unfinished.json")), 0);
  ck_assert_int_eq(unlink(in_folder("half/weights.safetensors")), 0);
}

static const char *const left_over[] = {"out", "out.png", "fresh.lathe"};

/* Everything as it was before the first run. */
static void prepare(const struct scenario *scenario)
{
  remove_below(in_folder("r"));
  for (size_t i = 0; i < sizeof left_over / sizeof *left_over; i++)
    remove_below(in_folder("%s", left_over[i]));
  if (scenario->from != NULL)
    SPAWN_QUIETLY("cp", "-r", in_folder("%s", scenario->from), in_folder("r"));
}

/* ---- One program, one fault ---- */

struct told {
  const struct scenario *scenario;
  const struct kind *kind;
  long at;
  const struct injected *run;
};

#define INSIST(condition, told, ...)                                                               \
  do {                                                                                             \
    if (!(condition))                                                                              \
      blame(told, __VA_ARGS__);                                                                    \
  } while (0)

static int blamed;

static void blame(const struct told *told, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void blame(const struct told *told, const char *format, ...)
{
  va_list arguments;
  printf("%s, %s number %ld (%s): ", told->scenario->name, told->kind->name, told->at,
         told->run->site);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n  status %d: %.600s\n", told->run->said.status, told->run->said.err);
  blamed++;
}

static struct injected run(const struct scenario *scenario, const struct kind *kind, long at)
{
  char line[512], program[SPAWN_PATH];
  const char *argv[WORDS] = {NULL};
  int count = 0;
  snprintf(line, sizeof line, "%s", scenario->line);
  for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
    ck_assert_int_lt(count, WORDS - 1);
    argv[count++] = word;
  }
  bool lathe = strcmp(argv[0], "lathe") == 0;
  snprintf(program, sizeof program, "%s", lathe ? built("lathe") : in_folder("%s", argv[0]));
  argv[0] = program;
  return inject(folder, argv, kind, at);
}

/* Whether a name is that of a file that is being written: "x.123-0.part", ".x.c.aB3dE6". */
static bool is_part(const char *name)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const char *dot = strrchr(name, '.');
  if (dot == NULL || strcmp(dot, ".lathe") == 0 || strcmp(dot, ".report") == 0)
    return false;
  return strcmp(dot, ".part") == 0 || (strlen(dot) == 7 && strspn(dot + 1, letters) == 6);
}

/* Finds such a file in a folder or below; false when there is none. */
static bool find_part(const char *path, char part[SPAWN_PATH])
{
  DIR *dir = opendir(path);
  bool found = false;
  for (const struct dirent *entry; dir != NULL && !found && (entry = readdir(dir));) {
    const char *name = entry->d_name;
    char below[SPAWN_PATH];
    snprintf(below, sizeof below, "%.250s/%.250s", path, name);
    if (is_part(name))
      found = snprintf(part, SPAWN_PATH, "%s", below) > 0;
    else if (entry->d_type == DT_DIR && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
      found = find_part(below, part);
  }
  if (dir != NULL)
    closedir(dir);
  return found;
}

/* The copy of an output that the undisturbed program made. */
static const char *kept(const char *output)
{
  const char *slash = strrchr(output, '/');
  return in_folder("kept/%s", slash != NULL ? slash + 1 : output);
}

static void same_run(const struct told *told)
{
  static const char *const names[] = {"weights.safetensors", "metrics.json", "em.csv",
                                      "reconstructions.png", "samples.png",  "clusters.png"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    INSIST(exists(in_folder("r/%s", names[i])) &&
               same_file(in_folder("r/%s", names[i]), in_folder("ref/%s", names[i])),
           told, "%s is another, or none", names[i]);
  char *mine = losses_of("r"), *theirs = losses_of("ref");
  INSIST(strcmp(mine, theirs) == 0, told, "metrics.csv is another");
  free(mine);
  free(theirs);
  INSIST(!exists(in_folder("r/unfinished.json")), told, "unfinished.json is left");
  INSIST(!exists(in_folder("r/lock")) || strstr(told->kind->name, "unlink"), told, "it is locked");
}

/* Libraries that draw text, of which Debian 12's, fontconfig 2.14 and cairo 1.16, do not bear to be
 * left without memory or their files: they end the program by a signal, print lines of their own,
 * or take another font. Nothing is lost by it: pictures are drawn when all else is on the disk. */
static bool in_drawing(const struct told *told)
{
  static const char *const libraries[] = {"libfontconfig", "libcairo", "libfreetype", "libpixman"};
  bool found = strncmp(told->kind->name, "memory", 6) == 0 &&
               strstr(told->run->said.err, "Fontconfig") != NULL;
  found |= strstr(told->run->site, "font") != NULL; /* a file of theirs */
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
    found |= strstr(told->run->site, libraries[i]) != NULL;
  return found;
}

/* What a program that was spoilt may have done. */
static void judge(const struct told *told, const char *said)
{
  const struct scenario *scenario = told->scenario;
  const struct said *now = &told->run->said;
  bool done = now->status == 0, unlinking = strstr(told->kind->name, "unlink") != NULL;
  bool drawing = in_drawing(told), crashed = now->status == 128 + SIGSEGV;
  INSIST(now->status <= 1 || (drawing && crashed), told, "it did not end as it should");
  INSIST(lines_of(now->err) == !done || (done && lines_of(now->err) <= 1) || drawing, told,
         "%d lines, not one", lines_of(now->err));
  INSIST(strstr(now->err, "(null)") == NULL, told, "it says (null)");
  INSIST(!done || strcmp(now->out, said) == 0, told, "it says something else: %.500s", now->out);
  char part[SPAWN_PATH];
  bool left = find_part(folder, part);
  INSIST(!left || unlinking || crashed, told, "%s is left", part);
  if (left && !scenario->trains) /* training removes it itself */
    remove_below(part);
  for (int i = 0; i < OUTPUTS && scenario->outputs[i] != NULL; i++) {
    const char *name = scenario->outputs[i], *output = in_folder("%s", name);
    INSIST(exists(output) || !done, told, "%s is missing", name);
    bool unchanged = !done && scenario->from != NULL &&
                     same_file(output, in_folder("%s%s", scenario->from, strchr(name, '/')));
    if (exists(output) && !unchanged && !drawing)
      INSIST(same_file(output, kept(name)), told, "%s is another", name);
  }
  if (!scenario->trains || (done && drawing))
    return;
  if (!done) {
    struct said again = RESUME("r", "--quiet", TRAINED_ON, "--epochs", "2");
    INSIST(again.status == 0 && again.err[0] == '\0', told, "not gone on with: %s", again.err);
    bool resumed = again.status == 0;
    said_free(&again);
    if (!resumed)
      return;
  }
  same_run(told);
}

static void show(const struct told *told)
{
  if (getenv("LATHE_FAULTS_SHOW") != NULL)
    printf("%s, %s %ld (%s): %d %s\n", told->scenario->name, told->kind->name, told->at,
           told->run->site, told->run->said.status, told->run->said.err);
}

/* Call number i of a spread over all of `count`: the first and the last, others between them that
 * are other ones in each scenario. */
static long spread(int i, long wanted, long count, long shift)
{
  if (wanted >= count || i == 0)
    return i + 1;
  if (i == wanted - 1)
    return count;
  long step = count / wanted;
  return 1 + step * i + (shift * 7919) % (step > 0 ? step : 1);
}

static void spoil_all(const struct scenario *scenario, const struct kind *kind, long wanted,
                      long shift, long totals[2])
{
  prepare(scenario);
  struct injected whole = run(scenario, kind, 0), now = {.site = ""};
  struct told told = {scenario, kind, 0, &whole};
  INSIST(whole.said.status == 0, &told, "it fails undisturbed");
  remove_below(in_folder("kept"));
  ck_assert_int_eq(mkdir(in_folder("kept"), 0777), 0);
  for (int i = 0; i < OUTPUTS && scenario->outputs[i] != NULL; i++)
    SPAWN_QUIETLY("cp", in_folder("%s", scenario->outputs[i]), kept(scenario->outputs[i]));
  long count = wanted < whole.count ? wanted : whole.count;
  told.run = &now;
  for (int i = 0; i < count; i++) {
    told.at = spread(i, wanted, whole.count, shift);
    prepare(scenario);
    now = run(scenario, kind, told.at);
    judge(&told, whole.said.out);
    show(&told);
    totals[now.said.status != 0]++;
    said_free(&now.said);
  }
  said_free(&whole.said);
}

START_TEST(spoilt)
{
  const struct scenario *scenario = &scenarios[_i];
  const char *wish = getenv("LATHE_FAULTS"), *only = getenv("LATHE_FAULTS_ONLY");
  long wanted = wish == NULL ? SPREAD : strcmp(wish, "all") == 0 ? LONG_MAX : atol(wish);
  long totals[2] = {0, 0};
  for (int k = 0; k < KINDS; k++) {
    char name[128];
    snprintf(name, sizeof name, "%s, %s", scenario->name, kinds[k].name);
    if (only == NULL || strstr(name, only) != NULL)
      spoil_all(scenario, &kinds[k], wanted, _i * KINDS + k, totals);
  }
  printf("%s: %ld faults: went on after %ld, ended after %ld\n", scenario->name,
         totals[0] + totals[1], totals[0], totals[1]);
  ck_assert_msg(blamed == 0, "%d of them did harm; they are listed above", blamed);
}
END_TEST

static bool can_trace(void)
{
  if (!CAN_INJECT)
    puts("skipped: no system calls are spoilt on this architecture");
  return CAN_INJECT;
}

int main(void)
{
  if (!can_trace())
    return 0;
  Suite *suite = suite_create("faults");
  TCase *tests = tcase_create("faults");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 24 * 3600);
  tcase_add_loop_test(tests, spoilt, 0, SCENARIOS);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
