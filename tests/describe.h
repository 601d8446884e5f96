/* For tests of the front end: a description through parser and checker. */
#ifndef TESTS_DESCRIBE_H
#define TESTS_DESCRIBE_H

#include "compiler/check.h"
#include "compiler/check_memory.h"
#include <check.h>
#include <stdlib.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

/* One description through the front end. */
struct result {
  struct mem *mem;
  struct ast_model *ast;
  struct diags *diags;
  struct model *model; /* NULL when it was rejected */
  char *printed;       /* the diagnostics */
};

static inline struct result run(struct mem *mem, struct source *source,
                                const char *const *definitions, int count)
{
  struct result result = {.mem = mem, .diags = diags_new(mem, source)};
  size_t size;
  FILE *out = open_memstream(&result.printed, &size);
  result.ast = parse(mem, source, &source->files[0], result.diags);
  const struct expanded *expanded =
      expand(mem, result.ast, source, definitions, count, result.diags);
  result.model = check(mem, expanded, result.diags);
  if (result.model != NULL && !check_memory(mem, result.model, result.diags))
    result.model = NULL;
  diags_print(out, result.diags, DIAG_PLAIN);
  fclose(out);
  return result;
}

static inline struct result run_text(const char *text, size_t length)
{
  struct mem *mem = mem_new();
  return run(mem, source_from_text(mem, "test.lathe", text, length), NULL, 0);
}

/* The same for a file; `definitions` as of -D. */
static inline struct result run_file_with(const char *path, const char *const *definitions,
                                          int count)
{
  char error[256] = "";
  struct mem *mem = mem_new();
  struct source *source = source_read(mem, path, error, sizeof error);
  ck_assert_msg(source != NULL, "%s", error);
  return run(mem, source, definitions, count);
}

static inline struct result run_file(const char *path)
{
  return run_file_with(path, NULL, 0);
}

static inline void release(struct result *result)
{
  free(result->printed);
  mem_free(result->mem);
}

/* A file's bytes, NUL-terminated, to be freed; NULL when there is none. */
static inline char *read_text(const char *path)
{
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    return NULL;
  size_t length = 0, size = 1 << 16;
  char *text = malloc(size);
  for (size_t got; (got = fread(text + length, 1, size - length - 1, file)) > 0;) {
    length += got;
    if (length + 1 == size)
      text = realloc(text, size *= 2);
  }
  text[length] = '\0';
  fclose(file);
  return text;
}

#endif
