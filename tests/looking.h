/* What the tests of `lathe graph`, `plan`, `diff` and `summary` share. */
#ifndef TESTS_LOOKING_H
#define TESTS_LOOKING_H

#include "spawn.h"
#include <jansson.h>

#define LATHE built("lathe")

static const char tiny[] =
    "model tiny {\n  input x [1, 6, 6];\n  latent z [2];\n"
    "  encoder { conv2d 4, kernel 3, bias on; batchnorm; relu; gaussian z; }\n"
    "  decoder { linear 8; relu; linear 36; reshape [1, 6, 6]; }\n"
    "  loss { gaussian; }\n}\n";

/* What lathe prints, to be freed. */
static inline char *printed(const char *const *argv)
{
  struct said said = spawn_good(argv);
  char *text = strdup(said.out);
  ck_assert_str_eq(said.err, "");
  said_free(&said);
  return text;
}

#define PRINTED(...) printed((const char *const[]){LATHE, __VA_ARGS__, NULL})

static inline int count_of(const char *text, const char *word)
{
  int count = 0;
  for (; (text = strstr(text, word)) != NULL; text += strlen(word))
    count++;
  return count;
}

#endif
