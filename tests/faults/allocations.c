/* LD_PRELOADed into a program: its FAULT_ALLOCATION-th allocation fails, whoever of the program and
 * its libraries asks for it; the dynamic loader's own are not counted. With FAULT_REPORT=FILE, says
 * there who asked, and at the end how many allocations there were; with FAULT_PLACES=FILE, writes
 * there a number of 64 bits for each allocation, which is the same for those that were asked for
 * along one path of calls. What the program starts is left alone. */
#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "marker.h"

/* glibc's allocator, under the names that stay when these functions replace it. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_long allocations;
static long failing = -1;             /* -1: none are counted */
static char report[512], places[512]; /* files; "": none */

static void append(const char *name, const void *bytes, size_t size)
{
  int fd = name[0] != '\0' ? open(name, O_WRONLY | O_CREAT | O_APPEND, 0666) : -1;
  if (fd >= 0 && write(fd, bytes, size) < 0)
    _exit(126);
  if (fd >= 0)
    close(fd);
}

static void tell(const char *text)
{
  append(report, text, strlen(text));
}

/* FNV-1a of the return addresses. Its threads, if there are several, wait for one another. */
static void note_place(void)
{
  static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
  static _Thread_local int within; /* what is done here allocates, too */
  void *frames[64];
  if (within++ == 0) {
    uint64_t place = 0xcbf29ce484222325;
    int count = backtrace(frames, 64);
    for (int i = 0; i < count; i++)
      place = (place ^ (uintptr_t)frames[i]) * 0x100000001b3;
    pthread_mutex_lock(&one);
    append(places, &place, sizeof place);
    pthread_mutex_unlock(&one);
  }
  within--;
}

/* The objects on the way from the program to the allocation, the nearest first, each once in a row.
 */
static void tell_who(void)
{
  char text[480] = "";
  const char *before = "";
  void *frames[64];
  size_t used = 0;
  int count = backtrace(frames, 64);
  for (int i = 2; i < count && used < sizeof text - 100; i++) {
    Dl_info at = {0};
    const char *name = dladdr(frames[i], &at) != 0 && at.dli_fname ? at.dli_fname : "?";
    const char *slash = strrchr(name, '/');
    name = slash ? slash + 1 : name;
    if (strcmp(name, before) != 0)
      used += (size_t)snprintf(text + used, 100, "%.40s+%#lx ", name,
                               (unsigned long)((char *)frames[i] - (char *)at.dli_fbase));
    before = name;
  }
  text[used] = '\n';
  tell(text);
}

static int fails(void)
{
  if (failing >= 0 && places[0] != '\0')
    note_place();
  if (failing < 0 || atomic_fetch_add(&allocations, 1) + 1 != failing)
    return 0;
  failing = 0; /* what is said allocates, too */
  tell_who();
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t size)
{
  return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
  return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
  return fails() ? NULL : __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
  return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
  void *got = fails() ? NULL : __libc_memalign(alignment, size);
  if (got == NULL)
    return ENOMEM;
  *memory = got;
  return 0;
}

__attribute__((constructor)) static void begin(void)
{
  const char *number = getenv("FAULT_ALLOCATION"), *file = getenv("FAULT_REPORT");
  const char *list = getenv("FAULT_PLACES");
  snprintf(report, sizeof report, "%s", file != NULL ? file : "");
  snprintf(places, sizeof places, "%s", list != NULL ? list : "");
  unsetenv("LD_PRELOAD");
  syscall(SYS_close, FAULTS_MARKER); /* which says to a tracer that the loader is done */
  if (number == NULL)
    return;
  void *frame;
  backtrace(&frame, 1); /* the first one loads a library */
  failing = atol(number);
}

__attribute__((destructor)) static void end(void)
{
  char text[64];
  snprintf(text, sizeof text, "%ld allocations\n", atomic_load(&allocations));
  if (failing >= 0) {
    failing = -1;
    tell(text);
  }
}
