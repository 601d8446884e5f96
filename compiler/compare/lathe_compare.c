/* What `lathe compare` runs: RUN RUN ... [-o FILE.html], by the runtime's code. A program of its
 * own, since pictures need libraries that take as long to load as all else that `lathe` does. */
#include "runtime/compare.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DONE, FAILED, USAGE };

int main(int argc, char **argv)
{
  const bool page = argc > 3 && strcmp(argv[argc - 2], "-o") == 0;
  const int runs = argc - 1 - (page ? 2 : 0);
  if (runs < 1) {
    fprintf(stderr, "lathe-compare: `lathe compare` runs this; see `lathe help compare`\n");
    return USAGE;
  }
  struct lathe_compare compare;
  struct lathe_error err = {.text = ""};
  bool good = lathe_compare_read(&compare, runs, &argv[1], &err) &&
              (!page || lathe_compare_write(&compare, argv[argc - 1], &err));
  if (good) {
    lathe_compare_print(&compare, stdout);
    good = (fflush(stdout) == 0 && !ferror(stdout)) ||
           lathe_fail(&err, "cannot write standard output: %s", strerror(errno));
  }
  if (!good) {
    lathe_error_tidy(&err);
    fprintf(stderr, "lathe: error: %s\n", err.text);
  }
  lathe_compare_free(&compare);
  return good ? DONE : FAILED;
}
