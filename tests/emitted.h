/* For tests of the C that the compiler writes: a description is emitted, compiled to a shared
 * object with every warning an error, and loaded into the test. It calls the runtime inside the
 * test program, which is therefore linked with -rdynamic and the runtime of the same precision. */
#ifndef EMITTED_H
#define EMITTED_H

#include "folders.h"
#include "runtime/kernel.h"
#include "runtime/model.h"
#include "runtime/pool.h"
#include <cblas.h>
#include <check.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct emitted {
  char folder[FOLDER_PATH]; /* the emitted C and the shared object, until emitted_close */
  void *library;
  const struct lathe_model *model;
};

/* What emitted code calls, so that the linker takes it out of the runtime's archive. */
__attribute__((used)) static void (*const emitted_calls[])(void) = {
    (void (*)(void))lathe_kernel,
    (void (*)(void))lathe_parallel,
};

#ifdef LATHE_FLOAT64
static const char emitted_precision[] = " precision float64;";
static const char emitted_define[] = " -DLATHE_FLOAT64";
#else
static const char emitted_precision[] = "";
static const char emitted_define[] = "";
#endif

/* Code that is tested under the sanitizers calls emitted code that is, too. */
#ifdef __SANITIZE_ADDRESS__
static const char emitted_sanitize[] =
    " -g -fsanitize=address,undefined -fno-sanitize-recover=undefined";
#else
static const char emitted_sanitize[] = "";
#endif

/* What `lathe emit` is told besides. */
#ifndef EMITTED_OPTIONS
#define EMITTED_OPTIONS ""
#endif

static inline const char *emitted_environment(const char *name, const char *otherwise)
{
  const char *value = getenv(name);
  return value != NULL && value[0] != '\0' ? value : otherwise;
}

/* Runs one line of the shell; fails the test when it does not exit with 0. */
static inline void emitted_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void emitted_run(const char *format, ...)
{
  char line[4096];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  ck_assert_int_lt(length, (int)sizeof line);

  char *const argv[] = {"sh", "-c", line, NULL};
  pid_t child;
  int status = 0;
  ck_assert_int_eq(posix_spawnp(&child, argv[0], NULL, NULL, argv, environ), 0);
  while (waitpid(child, &status, 0) < 0)
    ck_assert_int_eq(errno, EINTR);
  ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "failed: %s", line);
}

/* The file in the folder whose name ends so, its name without that end in `name`. */
static inline bool emitted_find(const char *folder, const char *end, char *name, size_t size)
{
  bool found = false;
  DIR *dir = opendir(folder);
  ck_assert_ptr_nonnull(dir);
  for (const struct dirent *entry; !found && (entry = readdir(dir));) {
    size_t length = strlen(entry->d_name), tail = strlen(end);
    found = length > tail && strcmp(entry->d_name + length - tail, end) == 0;
    if (found)
      snprintf(name, size, "%.*s", (int)(length - tail), entry->d_name);
  }
  closedir(dir);
  return found;
}

static inline void emitted_symbol(void *library, const char *name, void *symbol)
{
  void *address = dlsym(library, name); /* ISO C has no cast from it to a function */
  ck_assert_msg(address != NULL, "%s is not in the emitted code", name);
  memcpy(symbol, &address, sizeof address);
}

static inline void emitted_close(struct emitted *e)
{
  if (e->library != NULL)
    dlclose(e->library);
  emitted_run("rm -r '%s'", e->folder);
  memset(e, 0, sizeof *e);
}

/* The model of a description's text, in the precision of the test program (which the text then does
 * not say). All but the command line's main is compiled, as a strict caller would compile it. */
static inline struct emitted emitted_open_text(const char *text)
{
  struct emitted e = {0};
  new_folder(e.folder);

  char path[2 * FOLDER_PATH], name[128], symbol[160];
  snprintf(path, sizeof path, "%s/model.lathe", e.folder);
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  size_t head = strcspn(text, "{");
  ck_assert_msg(text[head] == '{', "a description without a model");
  fprintf(file, "%.*s{%s%s", (int)head, text, emitted_precision, text + head + 1);
  ck_assert_int_eq(fclose(file), 0);

  const char *build = emitted_environment("LATHE_BUILD", "build");
  const char *cc = emitted_environment("CC", "cc");
  emitted_run("'%s/lathe' emit '%s' -o '%s/c' %s", build, path, e.folder, EMITTED_OPTIONS);
  snprintf(path, sizeof path, "%s/c", e.folder);
  ck_assert(emitted_find(path, "_model.c", name, sizeof name));
  emitted_run("build=$(cd '%s' && pwd) && cd '%s' && rm %s_main.c && ls *.c | "
              "xargs -P 2 -I FILE %s -std=c11 -O1 -fPIC -Wall -Wextra -Wpedantic -Wconversion "
              "-Wshadow -Werror%s%s -I \"$build/include\" $(pkg-config --cflags openblas) "
              "-c FILE -o FILE.o && %s -shared%s *.o -o ../model.so",
              build, path, name, cc, emitted_define, emitted_sanitize, cc, emitted_sanitize);
  snprintf(path, sizeof path, "%s/model.so", e.folder);
  e.library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  ck_assert_msg(e.library != NULL, "%s", dlerror());
  snprintf(symbol, sizeof symbol, "%s_model", name);
  emitted_symbol(e.library, symbol, &e.model);
  openblas_set_num_threads(1); /* as the runtime does: its own threads are the only ones */
  return e;
}

/* The same for a file, of at most 16 KiB. */
static inline struct emitted emitted_open(const char *path)
{
  char text[1 << 14];
  FILE *file = fopen(path, "r");
  ck_assert_msg(file != NULL, "%s: cannot be read; run from the root of the repository", path);
  size_t length = fread(text, 1, sizeof text - 1, file);
  ck_assert_int_ne(feof(file), 0);
  fclose(file);
  text[length] = '\0';
  return emitted_open_text(text);
}

#endif
