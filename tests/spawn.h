/* For tests of programs: a private folder, and programs run in it as a person runs them, without a
 * shell in between, with what they say kept. */
#ifndef TESTS_SPAWN_H
#define TESTS_SPAWN_H

#include "folders.h"
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SPAWN_SECONDS = 120, SPAWN_PATH = 512, SPAWN_ARGUMENTS = 64 };

/* ---- A private folder ---- */

static char folder[FOLDER_PATH];

static inline void make_folder(void)
{
  new_folder(folder);
}

/* Path of a name in the private folder, formatted; valid until the eighth call after. */
static inline const char *in_folder(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline const char *in_folder(const char *format, ...)
{
  static char paths[8][SPAWN_PATH];
  static int turn;
  char *path = paths[turn++ % 8];
  int length = snprintf(path, SPAWN_PATH, "%s/", folder);
  va_list arguments;
  va_start(arguments, format);
  length += vsnprintf(path + length, (size_t)(SPAWN_PATH - length), format, arguments);
  va_end(arguments);
  ck_assert_int_lt(length, SPAWN_PATH);
  return path;
}

static inline void remove_below(const char *path)
{
  ck_assert_msg(remove_entry(AT_FDCWD, path), "%s cannot be removed", path);
}

static inline void remove_folder(void)
{
  remove_below(folder);
}

/* Entries of a folder, the hidden ones too; -1 when there is none. */
static inline int entries_of(const char *path)
{
  DIR *dir = opendir(path);
  if (dir == NULL)
    return -1;
  int count = -2; /* . and .. */
  while (readdir(dir) != NULL)
    count++;
  closedir(dir);
  return count;
}

static inline bool exists(const char *path)
{
  struct stat status;
  return lstat(path, &status) == 0;
}

/* A file's bytes and a NUL behind them, to be freed; fails the test when it cannot be read. */
static inline char *read_file(const char *path, size_t *size)
{
  FILE *file = fopen(path, "rb");
  ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
  size_t length = 0, room = 1 << 16;
  char *bytes = malloc(room);
  for (size_t got; (got = fread(bytes + length, 1, room - length - 1, file)) > 0;) {
    length += got;
    if (length + 1 == room)
      bytes = realloc(bytes, room *= 2);
  }
  ck_assert_int_eq(fclose(file), 0);
  bytes[length] = '\0';
  if (size != NULL)
    *size = length;
  return bytes;
}

static inline void write_file(const char *path, const void *bytes, size_t size)
{
  FILE *file = fopen(path, "wb");
  ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
  ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
  ck_assert_int_eq(fclose(file), 0);
}

static inline void write_text(const char *path, const char *text)
{
  write_file(path, text, strlen(text));
}

static inline bool same_file(const char *a, const char *b)
{
  size_t m, n;
  char *x = read_file(a, &m), *y = read_file(b, &n);
  bool same = m == n && memcmp(x, y, n) == 0;
  free(x);
  free(y);
  return same;
}

/* ---- Programs ---- */

/* The folder that everything is built in. */
static inline const char *build_folder(void)
{
  const char *build = getenv("LATHE_BUILD");
  return build != NULL && build[0] != '\0' ? build : "build";
}

/* What is built there under a name: "lathe", "models/digits_mlp". Made absolute, so that it can be
 * run from elsewhere; valid until the fourth call after. */
static inline const char *built(const char *name)
{
  static char paths[4][SPAWN_PATH];
  static int turn;
  char *path = paths[turn++ % 4], here[SPAWN_PATH / 2] = "";
  if (build_folder()[0] != '/')
    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
  int length = snprintf(path, SPAWN_PATH, "%s%s%s/%s", here, here[0] == '\0' ? "" : "/",
                        build_folder(), name);
  ck_assert_int_lt(length, SPAWN_PATH);
  return path;
}

/* What a program said, as strings, and how it ended. */
struct said {
  int status; /* exit status; 128 + the signal that ended it */
  char *out, *err;
};

static inline void said_free(struct said *said)
{
  free(said->out);
  free(said->err);
  *said = (struct said){0};
}

static inline double spawn_now(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* While it is not 0, programs run on a disk that seems to be full: no file may grow beyond so many
 * bytes. (Tests do not write to /dev/full: broken code, run as root, could replace it.) */
static rlim_t spawn_file_limit;

/* While it is not 0, programs have so many bytes of address space. */
static rlim_t spawn_memory_limit;

/* The child's half: never returns. */
static inline void spawn_child(const char *where, const char *const *argv, int out, int err)
{
  int in = open("/dev/null", O_RDONLY);
  struct rlimit limit;
  setpgid(0, 0);
  if (spawn_file_limit > 0 && getrlimit(RLIMIT_FSIZE, &limit) == 0) {
    limit.rlim_cur = spawn_file_limit;
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);
  }
  if (spawn_memory_limit > 0 && getrlimit(RLIMIT_AS, &limit) == 0) {
    limit.rlim_cur = spawn_memory_limit;
    setrlimit(RLIMIT_AS, &limit);
  }
  if ((where == NULL || chdir(where) == 0) && in >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
      dup2(err, 2) == 2)
    execvp(argv[0], (char *const *)argv);
  fprintf(stderr, "%s cannot be run: %s\n", argv[0], strerror(errno));
  _exit(127);
}

/* Reads both pipes to their ends; false when that takes longer than SPAWN_SECONDS. */
static inline bool spawn_read(const int pipes[2], char *texts[2])
{
  size_t length[2] = {0, 0};
  struct pollfd polls[2] = {{.fd = pipes[0], .events = POLLIN}, {.fd = pipes[1], .events = POLLIN}};
  double until = spawn_now() + SPAWN_SECONDS;
  for (int open = 2; open > 0;) {
    double left = until - spawn_now();
    if (left <= 0)
      return false;
    if (poll(polls, 2, (int)(1000 * left) + 1) < 0)
      ck_assert_int_eq(errno, EINTR);
    for (int i = 0; i < 2; i++) {
      if (polls[i].fd < 0 || polls[i].revents == 0)
        continue;
      texts[i] = realloc(texts[i], length[i] + 4097);
      ssize_t got = read(polls[i].fd, texts[i] + length[i], 4096);
      length[i] += got > 0 ? (size_t)got : 0;
      texts[i][length[i]] = '\0';
      if (got <= 0) {
        polls[i].fd = -1; /* poll passes over it */
        open--;
      }
    }
  }
  return true;
}

/* Runs a program, found in PATH when it has no slash, in folder `where` (NULL: this one), with
 * nothing to read on its standard input. Fails the test when it takes too long. */
static inline struct said spawn_in(const char *where, const char *const *argv)
{
  int out[2], err[2];
  ck_assert_int_eq(pipe(out), 0);
  ck_assert_int_eq(pipe(err), 0);
  fflush(NULL);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    close(out[0]);
    close(err[0]);
    spawn_child(where, argv, out[1], err[1]);
  }
  close(out[1]);
  close(err[1]);
  char *texts[2] = {calloc(1, 1), calloc(1, 1)};
  bool ended = spawn_read((const int[]){out[0], err[0]}, texts);
  if (!ended)
    kill(-child, SIGKILL);
  close(out[0]);
  close(err[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    ck_assert_int_eq(errno, EINTR);
  ck_assert_msg(ended, "%s %s does not end", argv[0], argv[1] != NULL ? argv[1] : "");
  return (struct said){
      .status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
      .out = texts[0],
      .err = texts[1],
  };
}

#define SPAWN(...) spawn_in(NULL, (const char *const[]){__VA_ARGS__, NULL})

/* Runs a program that is expected to succeed; what it says, to be freed. */
static inline struct said spawn_good(const char *const *argv)
{
  struct said said = spawn_in(NULL, argv);
  ck_assert_msg(said.status == 0, "%s %s: status %d\n%.3000s", argv[0], argv[1], said.status,
                said.err);
  return said;
}

/* Runs it for its effects alone. */
static inline void spawn_quietly(const char *const *argv)
{
  struct said said = spawn_good(argv);
  said_free(&said);
}

#define SPAWN_GOOD(...) spawn_good((const char *const[]){__VA_ARGS__, NULL})
#define SPAWN_QUIETLY(...) spawn_quietly((const char *const[]){__VA_ARGS__, NULL})

/* Whether a program is there to be run. */
static inline bool installed(const char *program)
{
  struct said said = SPAWN(program, "--version");
  bool there = said.status == 0;
  said_free(&said);
  return there;
}

static inline int lines_of(const char *text)
{
  int lines = 0;
  for (; *text != '\0'; text++)
    lines += *text == '\n';
  return lines;
}

/* Asserts that `text` has each of the words, which are separated by '|'. */
static inline void assert_words(const char *text, const char *words)
{
  char copy[512];
  snprintf(copy, sizeof copy, "%s", words);
  for (char *word = strtok(copy, "|"); word != NULL; word = strtok(NULL, "|"))
    ck_assert_msg(strstr(text, word) != NULL, "'%s' is not in: %.3000s", word, text);
}

/* Asserts how a program ended, and that what it said has each of the words: "" for nothing at all.
 * Frees `said`. */
static inline void check_said(struct said said, int status, const char *out, const char *err)
{
  ck_assert_msg(said.status == status, "status %d, not %d: %.1000s%.1000s", said.status, status,
                said.out, said.err);
  if (out[0] == '\0')
    ck_assert_str_eq(said.out, "");
  if (err[0] == '\0')
    ck_assert_str_eq(said.err, "");
  assert_words(said.out, out);
  assert_words(said.err, err);
  said_free(&said);
}

#endif
