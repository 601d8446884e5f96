/* Makes up data that are not images (points, measurements, answers, series) and writes them as .npz
 * files to train, label and test a model with. */
#include "data_files.h"
#include "data_kinds.h"
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_EXAMPLES = 1000000, PATH_LENGTH = 4096 };
enum set { TRAIN, TEST, FEW, SETS, ORDER = SETS };
static const char *const SET_NAME[SETS] = {"train", "test", "few"};

struct request {
  const struct data_kind *kind;
  const char *folder;
  uint64_t seed;
  int64_t examples[SETS]; /* examples[FEW] is for each class */
};

static int help(void)
{
  printf("Usage: draw_data KIND -o FOLDER [OPTION]...\n"
         "Makes up data and writes FOLDER/KIND_train.npz, KIND_test.npz and KIND_few.npz:\n"
         "data float32 [N, ...], labels int64 [N]. The same options give the same files.\n"
         "\n"
         "Kinds:\n");
  for (const struct data_kind *kind = data_kinds; kind->name; kind++)
    printf("  %-8s %s\n", kind->name, kind->what);
  printf("\n"
         "  -o, --output FOLDER  where to write; made if it is not there\n"
         "      --train N        examples to train on (default 4000)\n"
         "      --test N         examples to test with (default 1000)\n"
         "      --few N          labelled examples of each class (default 5)\n"
         "  -s, --seed N         another seed makes other examples (default 0)\n"
         "  -h, --help           show this and exit\n");
  return ferror(stdout) || fflush(stdout) != 0 ? 1 : 0;
}

/* The class of example `index`: in turn for the labelled few, by the classes' shares elsewhere. */
static int label_of(const struct request *request, enum set set, int64_t index)
{
  const struct data_kind *kind = request->kind;
  if (set == FEW)
    return (int)(index / request->examples[FEW]);
  int sum = 0, label = 0;
  for (int i = 0; i < kind->classes; i++)
    sum += kind->shares[i];
  struct dice order = {request->seed, ORDER + (uint32_t)set, (uint64_t)index, 0};
  int at = (int)dice_uniform(&order, 0, sum);
  while (at >= kind->shares[label])
    at -= kind->shares[label++];
  return label;
}

static bool write_set(const struct request *request, enum set set, const char *path,
                      struct lathe_error *err)
{
  const struct data_kind *kind = request->kind;
  int64_t n = request->examples[set] * (set == FEW ? kind->classes : 1);
  int values = data_kind_values(kind);
  struct lathe_array data = {.dtype = LATHE_F32,
                             .rank = 1 + kind->rank,
                             .shape = {n, kind->shape[0], kind->shape[1]},
                             .count = n * values};
  struct lathe_array labels = {.dtype = LATHE_I64, .rank = 1, .shape = {n}, .count = n};
  data.data = malloc((size_t)data.count * sizeof(float));
  labels.data = malloc((size_t)n * sizeof(int64_t));
  bool done = data.data && labels.data;
  if (!done)
    lathe_fail(err, "%s: out of memory for %" PRId64 " examples", path, n);
  for (int64_t i = 0; i < n && done; i++) {
    int label = label_of(request, set, i);
    struct dice dice = {request->seed, (uint32_t)set, (uint64_t)i, 0};
    ((int64_t *)labels.data)[i] = label;
    kind->make(label, &dice, (float *)data.data + i * values);
  }
  done = done && write_examples(path, &data, &labels, err);
  free(data.data);
  free(labels.data);
  return done;
}

static bool write_all(const struct request *request, struct lathe_error *err)
{
  if (mkdir(request->folder, 0777) != 0 && errno != EEXIST)
    return lathe_fail(err, "%s: cannot make this folder: %s", request->folder, strerror(errno));
  for (enum set set = TRAIN; set < SETS; set++) {
    char path[PATH_LENGTH];
    int length = snprintf(path, sizeof path, "%s/%s_%s.npz", request->folder, request->kind->name,
                          SET_NAME[set]);
    if (length < 0 || length >= PATH_LENGTH)
      return lathe_fail(err, "%.40s...: this path is too long", request->folder);
    if (!write_set(request, set, path, err))
      return false;
    puts(path);
  }
  return fflush(stdout) == 0 || lathe_fail(err, "standard output: %s", strerror(errno));
}

static int usage_error(const char *what, const char *value, const char *expected)
{
  fprintf(stderr, "draw_data: %s %s: expected %s; see draw_data --help\n", what, value, expected);
  return 2;
}

/* Reads the command line; -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct request *request)
{
  enum { OPTION_TRAIN = 256, OPTION_TEST, OPTION_FEW };
  static const struct option OPTIONS[] = {
      {"output", required_argument, NULL, 'o'},
      {"seed", required_argument, NULL, 's'},
      {"train", required_argument, NULL, OPTION_TRAIN},
      {"test", required_argument, NULL, OPTION_TEST},
      {"few", required_argument, NULL, OPTION_FEW},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  int option;
  while ((option = getopt_long(argc, argv, "o:s:h", OPTIONS, NULL)) != -1) {
    uint64_t number;
    switch (option) {
    case 'o':
      request->folder = optarg;
      break;
    case 's':
      if (!parse_number(optarg, 0, UINT64_MAX, &request->seed))
        return usage_error("--seed", optarg, "a whole number from 0 to 18446744073709551615");
      break;
    case OPTION_TRAIN:
    case OPTION_TEST:
    case OPTION_FEW:
      if (!parse_number(optarg, 1, MOST_EXAMPLES, &number))
        return usage_error("number of examples", optarg, "a whole number from 1 to 1000000");
      request->examples[option - OPTION_TRAIN] = (int64_t)number;
      break;
    case 'h':
      return help();
    default: /* getopt has said what is wrong */
      fputs("See draw_data --help.\n", stderr);
      return 2;
    }
  }
  if (argc - optind != 1) {
    fputs("draw_data: say one KIND of data; see draw_data --help\n", stderr);
    return 2;
  }
  for (request->kind = data_kinds; request->kind->name; request->kind++)
    if (strcmp(request->kind->name, argv[optind]) == 0)
      break;
  if (!request->kind->name)
    return usage_error("kind", argv[optind], "one of those that the help lists");
  if (!request->folder || !request->folder[0]) {
    fputs("draw_data: say where to write with -o FOLDER; see draw_data --help\n", stderr);
    return 2;
  }
  return -1;
}

int main(int argc, char **argv)
{
  struct request request = {.examples = {[TRAIN] = 4000, [TEST] = 1000, [FEW] = 5}};
  int status = parse(argc, argv, &request);
  if (status >= 0)
    return status;
  struct lathe_error err;
  bool done = write_all(&request, &err);
  if (!done)
    fprintf(stderr, "draw_data: %s\n", err.text);
  return done ? 0 : 1;
}
