#define _XOPEN_SOURCE 700 /* mkdtemp */
#include "toolchain.h"
#include "child.h"
#include "installed.h"
#include "text.h"
#include "work_folder.h"
#include "write.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the Makefile found the libraries to need. */
#ifndef LATHE_LIBRARIES
#define LATHE_LIBRARIES "-lcairo -lzip -ljansson -ldeflate -lz"
#endif
#ifndef LATHE_BLAS
#define LATHE_BLAS "-lopenblas"
#endif
#ifndef LATHE_INCLUDES
#define LATHE_INCLUDES ""
#endif

/* ---- Files ---- */

/* What is to go when memory does not last: the binary that is not linked yet, the folder of
 * objects. Names in the pool; NULL where there is none. */
static struct {
  const char *binary, *folder;
} unfinished;

static void remove_unfinished(void)
{
  if (unfinished.binary != NULL)
    unlink(unfinished.binary);
  DIR *dir = unfinished.folder != NULL ? opendir(unfinished.folder) : NULL;
  for (const struct dirent *entry; dir != NULL && (entry = readdir(dir));)
    unlinkat(dirfd(dir), entry->d_name, 0); /* . and .. stay */
  if (dir != NULL)
    closedir(dir);
  if (unfinished.folder != NULL)
    rmdir(unfinished.folder);
}

static const char *object_name(struct mem *mem, const char *folder, const struct emitted_file *file)
{
  return mem_printf(mem, "%s/%s.o", folder, file->name);
}

/* Objects, and emitted files where they were written there, too. */
static void remove_work(struct mem *mem, const struct emitted *emitted, const char *folder)
{
  for (int i = 0; i < emitted->count; i++) {
    unlink(mem_printf(mem, "%s/%s", folder, emitted->files[i].name));
    unlink(object_name(mem, folder, &emitted->files[i]));
  }
  rmdir(folder);
  unfinished.folder = NULL;
}

/* ---- The compiler's command line ---- */

struct arguments {
  struct mem *mem;
  const char **items;
  int count, capacity;
};

static void add(struct arguments *a, const char *item)
{
  a->items = mem_grow(a->mem, a->items, &a->capacity, a->count + 2, sizeof *a->items);
  a->items[a->count++] = mem_string(a->mem, item, strlen(item));
  a->items[a->count] = NULL;
}

static void add_words(struct arguments *a, const char *words)
{
  static const char blank[] = " \t\n";
  for (const char *p = words + strspn(words, blank); *p != '\0';) {
    size_t length = strcspn(p, blank);
    add(a, mem_string(a->mem, p, length));
    p += length;
    p += strspn(p, blank);
  }
}

/* "-DNAME=\"a b\"", whatever characters a and b hold. */
static const char *define_string(struct mem *mem, const char *name, const char *a, const char *b)
{
  struct text text = {.mem = mem};
  text_printf(&text, "-D%s=\"", name);
  for (const char *p = mem_printf(mem, "%s%s%s", a, b[0] != '\0' ? " " : "", b); *p != '\0'; p++)
    text_printf(&text, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
  text_printf(&text, "\"");
  return text.data;
}

static bool exists(const char *path)
{
  return access(path, R_OK) == 0;
}

/* Where the runtime is: beside this program in the build folder, or as installed. */
static bool find_runtime(struct mem *mem, const char *archive, const char **headers,
                         const char **library)
{
  const char *self = installed_folder(mem);
  if (self == NULL)
    return false;
  const char *const places[] = {"", "/.."};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    *headers = mem_printf(mem, "%s%s/include", self, places[i]);
    if (exists(mem_printf(mem, "%s/lathe/model.h", *headers)))
      break;
  }
  *library = installed_file(mem, archive);
  return *library != NULL;
}

static bool ended_well(int status)
{
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static const struct {
  const char *name, *help;
} targets[] = {
#define TARGET(name, help) {#name, help},
#include "targets.def"
#undef TARGET
};

enum { TARGETS = sizeof targets / sizeof *targets };

bool target_known(const char *name)
{
  for (int i = 0; i < TARGETS; i++)
    if (strcmp(targets[i].name, name) == 0)
      return true;
  return false;
}

void targets_help(FILE *out)
{
  for (int i = 0; i < TARGETS; i++)
    fprintf(out, "  %-10s %s\n", targets[i].name, targets[i].help);
}

/* Says on the line that the cursor is on how many files are done; NULL: clears it. The cursor stays
 * at its beginning, so that a compiler's messages are written over it. */
static void show_progress(const struct build_options *options, const char *what, int done,
                          int count)
{
  if (!options->progress || !isatty(STDERR_FILENO))
    return;
  fputs("\033[K", stderr);
  if (what != NULL && count > 1)
    fprintf(stderr, "lathe: %s, %d of %d files\r", what, done, count);
  else if (what != NULL)
    fprintf(stderr, "lathe: %s\r", what);
  fflush(stderr);
}

/* Runs `count` compilers, as many at a time as there are processors; all that were started have
 * ended when it returns. After a failure no further one is started. */
static bool run_all(const struct arguments *commands, int count, const char *what,
                    const struct build_options *options)
{
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  int most = processors < 1 ? 1 : processors < CHILDREN_MOST ? (int)processors : CHILDREN_MOST;
  int running = 0, error = 0;
  bool compiled = true;
  for (int i = 0; i < count && compiled && error == 0; i++) {
    show_progress(options, what, i - running, count);
    if (running == most) {
      compiled = ended_well(child_wait());
      running--;
    }
    if (compiled)
      error = child_start(commands[i].items, NULL);
    if (compiled && error == 0)
      running++;
  }
  for (; running > 0; running--) {
    show_progress(options, what, count - running, count);
    compiled = ended_well(child_wait()) && compiled;
  }
  show_progress(options, NULL, 0, 0);
  const char *cc = commands[0].items[0];
  if (interrupted())
    return false;
  if (error != 0)
    fprintf(stderr, "lathe: error: cannot run the C compiler '%s': %s; name another with --cc\n",
            cc, strerror(error));
  else if (!compiled)
    fprintf(stderr, "lathe: error: the C compiler '%s' failed; its messages stand above\n", cc);
  return compiled && error == 0;
}

/* What makes mistakes in memory harder to use. _FORTIFY_SOURCE needs optimisation. Sanitizers find
 * more without either; and beside a guard, gcc 12's AddressSanitizer misplaces vectors. */
static const char *hardening(const char *cflags)
{
  if (strstr(cflags, "-fsanitize") != NULL)
    return "-fPIE";
  return strstr(cflags, "-O0") != NULL
             ? "-fPIE -fstack-protector-strong"
             : "-fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2";
}

/* The compiler and what it is told whether it compiles or links. */
static struct arguments compiler_line(struct mem *mem, const struct model *model,
                                      const struct build_options *options, const char *headers)
{
  struct arguments a = {.mem = mem};
  const char *cc = options->cc != NULL ? options->cc : getenv("CC");
  add_words(&a, cc != NULL && cc[strspn(cc, " \t\n")] != '\0' ? cc : "cc");
  /* No -ffast-math: contraction into FMA, and no errno or traps of mathematical functions, are all
   * that the emitted loops need to become vector code. */
  const char *target = options->target != NULL ? options->target : "native";
  const char *flags = mem_printf(
      mem, "-std=c11 -O3 -march=%s -ffp-contract=fast -fno-math-errno -fno-trapping-math", target);
  const char *more = options->cflags != NULL ? options->cflags : "";
  flags = mem_printf(mem, "%s %s", flags, hardening(more));
  add_words(&a, flags);
  add_words(&a, more);
  add(&a, define_string(mem, "LATHE_CFLAGS", flags, more));
  add(&a, define_string(mem, "LATHE_TARGET", target, ""));
  if (model->float64)
    add(&a, "-DLATHE_FLOAT64");
  add(&a, "-I");
  add(&a, headers);
  add_words(&a, LATHE_INCLUDES);
  return a;
}

static struct arguments copy_of(const struct arguments *line)
{
  struct arguments copy = {.mem = line->mem};
  for (int i = 0; i < line->count; i++)
    add(&copy, line->items[i]);
  return copy;
}

/* The largest files first, so that the last compiler to end did not begin late. */
static int larger_first(const void *a, const void *b)
{
  const struct emitted_file *x = *(const struct emitted_file *const *)a;
  const struct emitted_file *y = *(const struct emitted_file *const *)b;
  return x->length != y->length ? (x->length < y->length ? 1 : -1) : strcmp(x->name, y->name);
}

/* The emitted C files; returns how many. */
static int sources_of(const struct emitted *emitted, const struct emitted_file **sources)
{
  int count = 0;
  for (int i = 0; i < emitted->count; i++) {
    const char *name = emitted->files[i].name;
    if (name[strlen(name) - 1] == 'c')
      sources[count++] = &emitted->files[i];
  }
  qsort(sources, (size_t)count, sizeof *sources, larger_first);
  return count;
}

/* A library is loaded before a binary does anything: OpenBLAS takes 3 ms. */
static bool calls_blas(const struct emitted *emitted)
{
  for (int i = 0; i < emitted->count; i++)
    if (strstr(emitted->files[i].text, "cblas_") != NULL)
      return true;
  return false;
}

/* Compiles the emitted files side by side, into `objects`, and links them. */
static bool compile_and_link(struct mem *mem, const struct model *model,
                             const struct emitted *emitted, const char *folder,
                             const struct build_options *options, const char *objects,
                             const char *output)
{
  const char *headers, *library;
  const char *archive = model->float64 ? "liblathe-f64.a" : "liblathe-f32.a";
  if (!find_runtime(mem, archive, &headers, &library))
    return false;
  struct arguments link = compiler_line(mem, model, options, headers);
  const struct emitted_file **sources = mem_alloc(mem, (size_t)emitted->count * sizeof *sources);
  int count = sources_of(emitted, sources);
  struct arguments *compile = mem_alloc(mem, (size_t)count * sizeof *compile);
  for (int i = 0; i < count; i++) {
    compile[i] = copy_of(&link);
    /* So that the folder leaves no trace: the same description gives the same bytes. */
    add(&compile[i], mem_printf(mem, "-ffile-prefix-map=%s=.", folder));
    add(&compile[i], "-c");
    add(&compile[i], mem_printf(mem, "%s/%s", folder, sources[i]->name));
    add(&compile[i], "-o");
    add(&compile[i], object_name(mem, objects, sources[i]));
  }
  const char *more = options->cflags != NULL ? options->cflags : "";
  if (strstr(more, "-static") == NULL && strstr(more, "-no-pie") == NULL)
    add(&link, "-pie");
  add_words(&link, "-Wl,-z,relro,-z,now");
  for (int i = 0; i < count; i++)
    add(&link, object_name(mem, objects, sources[i]));
  add(&link, library);
  add_words(&link, LATHE_LIBRARIES);
  if (calls_blas(emitted))
    add_words(&link, LATHE_BLAS);
  add_words(&link, "-lm -lpthread -o");
  add(&link, output);
  return run_all(compile, count, "compiling", options) && run_all(&link, 1, "linking", options);
}

bool may_replace(const char *output, const struct model *model)
{
  struct stat there;
  if (stat(output, &there) != 0)
    return true;
  const char *why = NULL;
  if (!S_ISREG(there.st_mode))
    why = "not a regular file";
  for (int i = 0; i < model->read_from->count; i++) {
    const struct source_file *file = &model->read_from->files[i];
    if (file->inode == there.st_ino && file->device == there.st_dev)
      why = i == 0 ? "the description" : "a file that the description includes";
  }
  if (why != NULL)
    fprintf(stderr, "lathe: error: cannot write '%s': it is %s; name another file with -o\n",
            output, why);
  return why == NULL;
}

bool build_binary(struct mem *mem, const struct model *model, const struct emitted *emitted,
                  const struct build_options *options)
{
  if (!may_replace(options->output, model))
    return false;
  mem_when_exhausted(remove_unfinished);
  const char *work = work_folder(mem, "build", NULL);
  if (work == NULL)
    return false;
  unfinished.folder = work;
  const char *folder = options->emit_dir != NULL ? options->emit_dir : work;
  /* Linked beside its final place, so that the last step is a rename. */
  char *linked = mem_printf(mem, "%s.XXXXXX", options->output);
  int fd = mkstemp(linked);
  bool done = fd >= 0 || write_failed("write", options->output);
  if (fd >= 0) {
    unfinished.binary = linked;
    close(fd);
  }
  done = done && write_emitted(emitted, folder) &&
         compile_and_link(mem, model, emitted, folder, options, work, linked);
  if (done && (chmod(linked, write_mode(0777)) != 0 || rename(linked, options->output) != 0))
    done = write_failed("write", options->output);
  if (!done && fd >= 0)
    unlink(linked);
  unfinished.binary = NULL;
  remove_work(mem, emitted, work);
  return done;
}
