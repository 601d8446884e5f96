#include "selfcheck.h"
#include "selfcheck_parts.h"
#include <stdio.h>
#include <string.h>

static const struct check {
  const char *name, *arguments;
  int count; /* of the arguments */
  const char *help;
  lathe_selfcheck *make;
} checks[] = {
#define CHECK(name, arguments, count, help) {#name, arguments, count, help, lathe_selfcheck_##name},
#include "selfcheck.def"
#undef CHECK
};
enum { CHECKS = sizeof checks / sizeof checks[0] };

static int usage(const struct lathe_model *model)
{
  fprintf(stderr, "self-check of %s; usage: CHECK [ARGUMENT]...\n", model->name);
  for (int i = 0; i < CHECKS; i++)
    fprintf(stderr, "  %s %s\n      %s\n", checks[i].name, checks[i].arguments, checks[i].help);
  return 2;
}

int lathe_selfcheck_main(int argc, char **argv, const struct lathe_model *model)
{
  const struct check *check = NULL;
  for (int i = 0; i < CHECKS && argc > 1; i++)
    if (strcmp(checks[i].name, argv[1]) == 0)
      check = &checks[i];
  if (!check || argc - 2 != check->count)
    return usage(model);

  if (model->blas)
    model->blas->set_threads(1); /* the threads are the pool's */
  struct lathe_error err = {.text = ""};
  bool made = lathe_target_check(model->target, lathe_machine_features(), &err) &&
              check->make(model, argv + 2, &err);
  if (made && (fflush(stdout) != 0 || ferror(stdout)))
    made = lathe_fail(&err, "standard output cannot be written");
  if (!made)
    fprintf(stderr, "%s: %s\n", model->name, err.text);
  return made ? 0 : 1;
}
