#define _GNU_SOURCE /* madvise, dl_iterate_phdr and malloc_trim are not POSIX */
#include "resident.h"
#include <stdint.h>
#include <unistd.h>

#ifdef __linux__
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>

/* The whole pages inside of a stretch of memory are dropped. */
static void drop(uintptr_t begin, uintptr_t end)
{
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  begin = (begin + page - 1) / page * page;
  end = end / page * page;
  if (begin >= end)
    return;
  /* NOLINTNEXTLINE(performance-no-int-to-ptr): the loader gives addresses as numbers */
  madvise((void *)begin, end - begin, MADV_DONTNEED); /* that it fails changes nothing */
}

void lathe_resident_release(void *memory, size_t bytes)
{
  drop((uintptr_t)memory, (uintptr_t)memory + bytes);
}

void lathe_resident_large(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
  const uintptr_t large = (uintptr_t)1 << 21; /* as most processors have them */
  const uintptr_t begin = ((uintptr_t)memory + large - 1) / large * large;
  const uintptr_t end = ((uintptr_t)memory + bytes) / large * large;
  if (begin < end)
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): rounded up as a number */
    madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#else
  (void)memory;
  (void)bytes;
#endif
}

/* Segments that may be written hold this process's own data; all others are the file's. */
static int drop_library(struct dl_phdr_info *library, size_t size, void *arg)
{
  (void)size;
  (void)arg;
  for (int i = 0; i < library->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &library->dlpi_phdr[i];
    const uintptr_t begin = library->dlpi_addr + segment->p_vaddr;
    if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0)
      drop(begin, begin + segment->p_memsz);
  }
  return 0;
}

void lathe_resident_trim(void)
{
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  dl_iterate_phdr(drop_library, NULL);
}

#else

void lathe_resident_release(void *memory, size_t bytes)
{
  (void)memory;
  (void)bytes;
}

void lathe_resident_large(void *memory, size_t bytes)
{
  (void)memory;
  (void)bytes;
}

void lathe_resident_trim(void)
{
}

#endif
