/* For tests of the passes and of what they emit: a description compiled in the test itself. */
#ifndef TESTS_COMPILED_H
#define TESTS_COMPILED_H

#include "compiler/compile.h"
#include "describe.h"

/* A description taken through the passes; to be released with compiled_free. */
struct compiled {
  struct result result;
  struct compilation *c;
};

static inline struct compiled compile_result(struct result result, const char *what)
{
  ck_assert_msg(result.model != NULL, "%s:\n%s", what, result.printed);
  struct compiled compiled = {result, compile(result.mem, result.model, STAGE_NONE, NULL)};
  ck_assert_msg(compiled.c != NULL, "%s: a verifier has found a fault", what);
  return compiled;
}

static inline struct compiled compile_file(const char *path)
{
  return compile_result(run_file(path), path);
}

static inline struct compiled compile_text(const char *text)
{
  return compile_result(run_text(text, strlen(text)), text);
}

static inline void compiled_free(struct compiled *compiled)
{
  release(&compiled->result);
}

#endif
