/* For tests of a model binary's command line: a private folder with data files, and a way to call
 * lathe_main in a process of its own and see what it printed. */
#ifndef CLI_H
#define CLI_H

#include "fake_model.h"
#include "folders.h"
#include "runtime/array.h"
#include "runtime/npz.h"
#include "runtime/philox.h"
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRAIN = 150, FEW = 15, TEST = 60, OUTPUT = 1 << 16 };

static char cli_folder[FOLDER_PATH];
static char printed[OUTPUT], complained[OUTPUT]; /* standard output and error of the last call */
static rlim_t cli_file_limit = RLIM_INFINITY;    /* bytes a file may have in calls to come */

/* The leak sanitizer's hooks: fontconfig keeps what it has read until the process ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

const char *__lsan_default_suppressions(void)
{
  return "leak:libfontconfig\n";
}

const char *__lsan_default_options(void)
{
  return "print_suppressions=0";
}

/* `text` with each '@' replaced by the private folder. Valid until the 64th call after. */
static inline char *expand(const char *text)
{
  static char buffers[64][512];
  static int turn;
  char *out = buffers[turn++ % 64], *to = out;
  for (; *text; text++) {
    if (*text == '@')
      to += sprintf(to, "%s", cli_folder);
    else
      *to++ = *text;
  }
  *to = '\0';
  return out;
}

static inline size_t read_text(const char *path, char *text)
{
  FILE *file = fopen(path, "rb");
  ck_assert_msg(file != NULL, "%s", path);
  size_t length = fread(text, 1, OUTPUT - 1, file);
  fclose(file);
  text[length] = '\0';
  return length;
}

static inline void send_to(int fd, const char *path)
{
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0 || dup2(file, fd) < 0)
    _exit(99);
  close(file);
}

/* Reads what a child prints, to the end. */
static inline void read_pipe(int fd)
{
  size_t length = 0;
  ssize_t got;
  while (length < OUTPUT - 1 && (got = read(fd, printed + length, OUTPUT - 1 - length)) > 0)
    length += (size_t)got;
  printed[length] = '\0';
  close(fd);
}

/* Calls a model's command line, words parted by spaces; returns its exit status. Standard output
 * is a pipe, or the file `out` when that is not NULL. */
static inline int call_to(const char *out, const struct lathe_model *model, const char *line)
{
  char words[1024], *argv[64] = {"/some/where/fake"};
  int argc = 1, ends[2];
  snprintf(words, sizeof words, "%s", line);
  for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
    argv[argc++] = expand(word);
  ck_assert_int_eq(pipe(ends), 0);
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    struct rlimit limit = {cli_file_limit, cli_file_limit};
    signal(SIGXFSZ, SIG_IGN);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    if (out)
      send_to(STDOUT_FILENO, out);
    send_to(STDERR_FILENO, expand("@/stderr"));
    setrlimit(RLIMIT_FSIZE, &limit);
    exit(lathe_main(argc, argv, model));
  }
  close(ends[1]);
  read_pipe(ends[0]);
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  read_text(expand("@/stderr"), complained);
  ck_assert_msg(WIFEXITED(status), "'%s' ended by signal %d", line, WTERMSIG(status));
  return WEXITSTATUS(status);
}

static inline int call(const struct lathe_model *model, const char *line)
{
  return call_to(NULL, model, line);
}

/* A call that must do its work and complain of nothing. */
static inline void call_well(const struct lathe_model *model, const char *line)
{
  int status = call(model, line);
  ck_assert_msg(status == 0 && complained[0] == '\0', "'%s': status %d: %s", line, status,
                complained);
}

/* A call that must fail so, with one line on standard error that holds `words`. */
static inline void call_badly(const struct lathe_model *model, const char *line, int status,
                              const char *words)
{
  int got = call(model, line);
  char *end = strchr(complained, '\n');
  ck_assert_msg(got == status, "'%s': status %d, not %d: %s", line, got, status, complained);
  ck_assert_msg(strstr(complained, words) != NULL, "'%s': no '%s' in: %s", line, words, complained);
  ck_assert_msg(end && end[1] == '\0', "'%s': not one line: %s", line, complained);
  ck_assert_msg(strncmp(complained, "fake: ", 6) == 0, "%s", complained);
}

static inline bool is_there(const char *path)
{
  struct stat status;
  return stat(expand(path), &status) == 0;
}

/* Entries of a folder whose names hold `part`. */
static inline int entries(const char *path, const char *part)
{
  int count = 0;
  DIR *dir = opendir(expand(path));
  ck_assert_ptr_nonnull(dir);
  for (const struct dirent *entry; (entry = readdir(dir));)
    count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
             strstr(entry->d_name, part) != NULL;
  closedir(dir);
  return count;
}

static inline void remove_tree(const char *path)
{
  DIR *dir = opendir(path);
  if (!dir) {
    unlink(path);
    return;
  }
  for (const struct dirent *entry; (entry = readdir(dir));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    size_t size = strlen(path) + strlen(entry->d_name) + 2;
    char *inner = malloc(size);
    ck_assert_ptr_nonnull(inner);
    snprintf(inner, size, "%s/%s", path, entry->d_name);
    remove_tree(inner);
    free(inner);
  }
  closedir(dir);
  rmdir(path);
}

/* Image i is of class i % 3 (labels 1, 4, 8): a bright square in one of three places, on noise. */
static inline void draw_image(int i, uint64_t seed, unsigned char *pixels)
{
  static const int corner[3][2] = {{0, 0}, {0, 4}, {4, 2}};
  for (int p = 0; p < FAKE_PIXELS; p++) {
    int row = p / FAKE_SIDE - corner[i % 3][0], column = p % FAKE_SIDE - corner[i % 3][1];
    bool bright = row >= 0 && row < 4 && column >= 0 && column < 4;
    double u = lathe_random_uniform(seed, LATHE_RANDOM_BENCH, (uint64_t)i, (uint64_t)p);
    pixels[p] = (unsigned char)((bright ? 170 : 0) + 40 * u);
  }
}

static inline int64_t label_of(int64_t i)
{
  static const int64_t labels[3] = {1, 4, 8};
  return labels[i % 3];
}

/* Writes n images of `rank` dimensions, with `label_count` labels, to an .npz file. */
static inline void write_images(const char *path, int n, int rank, int label_count, uint64_t seed)
{
  unsigned char *pixels = malloc((size_t)n * FAKE_PIXELS);
  int64_t *labels = malloc((size_t)label_count * sizeof *labels + 1);
  for (int i = 0; i < n; i++)
    draw_image(i, seed, pixels + i * FAKE_PIXELS);
  for (int i = 0; i < label_count; i++)
    labels[i] = label_of(i);
  struct lathe_array data = {
      .rank = rank,
      .shape = {n, 1, FAKE_SIDE, FAKE_SIDE},
      .count = n * FAKE_PIXELS,
      .data = pixels,
  };
  if (rank == 3)
    data.shape[1] = FAKE_SIDE;
  if (rank == 2)
    data.shape[1] = FAKE_PIXELS;
  struct lathe_array names = {
      .dtype = LATHE_I64,
      .rank = 1,
      .shape = {label_count},
      .count = label_count,
      .data = labels,
  };
  struct lathe_error err = {""};
  struct lathe_npz *npz = lathe_npz_create(expand(path), &err);
  bool good = npz && lathe_npz_add(npz, "data", &data, &err) &&
              (label_count == 0 || lathe_npz_add(npz, "labels", &names, &err)) &&
              lathe_npz_commit(npz, &err);
  ck_assert_msg(good, "%s", err.text);
  free(pixels);
  free(labels);
}

static inline void write_text(const char *path, const char *text)
{
  FILE *file = fopen(expand(path), "w");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  fclose(file);
}

static inline struct lathe_array read_array(const char *path, const char *member)
{
  struct lathe_array array;
  struct lathe_error err;
  ck_assert_msg(lathe_array_read(expand(path), member, &array, &err), "%s", err.text);
  return array;
}

static inline json_t *parse_json(const char *text)
{
  json_error_t why;
  json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &why);
  ck_assert_msg(json != NULL, "%s in: %s", why.text, text);
  return json;
}

static inline double number_at(const json_t *json, const char *key)
{
  json_t *value = json_object_get(json, key);
  ck_assert_msg(json_is_number(value), "%s is no number", key);
  return json_number_value(value);
}

/* The files the tests share, and one run of each model. */
static inline void cli_setup(void)
{
  new_folder(cli_folder);
  write_images("@/train.npz", TRAIN, 3, TRAIN, 1);
  write_images("@/few.npz", FEW, 3, FEW, 2);
  write_images("@/test.npz", TEST, 3, TEST, 3);
  write_images("@/bare.npz", TEST, 4, 0, 3);
  write_images("@/flat.npz", TRAIN, 2, TRAIN, 1);
  call_well(&fake_plane, "train --data @/train.npz --labelled @/few.npz --run @/run --quiet");
  call_well(&fake_space, "train --data @/flat.npz --run @/unnamed --quiet");
}

static inline void cli_teardown(void)
{
  remove_tree(cli_folder);
}

/* Runs a suite after `setup` (cli_setup, or what calls it); returns the program's exit status. */
static inline int cli_run(TCase *tests, void (*setup)(void))
{
  Suite *suite = suite_create("command line");
  tcase_add_unchecked_fixture(tests, setup, cli_teardown);
  tcase_set_timeout(tests, 300);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}

#endif
