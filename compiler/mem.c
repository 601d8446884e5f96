#include "mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 16, ALIGNMENT = 16 };

struct block {
  struct block *next;
  size_t used, size;
  _Alignas(ALIGNMENT) unsigned char data[];
};

struct mem {
  struct block *blocks;
};

static void (*at_the_end)(void);

void mem_when_exhausted(void clean_up(void))
{
  at_the_end = clean_up;
}

void mem_exhausted(void)
{
  if (at_the_end != NULL)
    at_the_end();
  fputs("lathe: error: out of memory\n", stderr);
  exit(1);
}

static void *must(void *p)
{
  if (p == NULL)
    mem_exhausted();
  return p;
}

void *mem_malloc(size_t size)
{
  return must(malloc(size > 0 ? size : 1));
}

struct mem *mem_new(void)
{
  return must(calloc(1, sizeof(struct mem)));
}

void mem_free(struct mem *mem)
{
  for (struct block *b = mem->blocks; b != NULL;) {
    struct block *next = b->next;
    free(b);
    b = next;
  }
  free(mem);
}

void *mem_alloc(struct mem *mem, size_t size)
{
  size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  struct block *b = mem->blocks;
  if (b == NULL || b->size - b->used < size) {
    size_t room = size > BLOCK ? size : BLOCK;
    b = must(calloc(1, sizeof *b + room));
    b->size = room;
    b->next = mem->blocks;
    mem->blocks = b;
  }
  void *p = b->data + b->used;
  b->used += size;
  return p;
}

char *mem_string(struct mem *mem, const char *text, size_t length)
{
  char *copy = mem_alloc(mem, length + 1);
  memcpy(copy, text, length);
  return copy;
}

char *mem_printf(struct mem *mem, const char *format, ...)
{
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = mem_alloc(mem, (size_t)length + 1);
  vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  return text;
}

void *mem_grow(struct mem *mem, void *items, int *capacity, int needed, size_t size)
{
  if (needed <= *capacity)
    return items;
  int larger = *capacity < 8 ? 8 : *capacity * 2;
  if (larger < needed)
    larger = needed;
  void *copy = mem_alloc(mem, (size_t)larger * size);
  if (*capacity > 0)
    memcpy(copy, items, (size_t)*capacity * size);
  *capacity = larger;
  return copy;
}
