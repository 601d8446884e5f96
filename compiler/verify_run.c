#include "child.h"
#include "verify_parts.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static void read_findings(struct findings *findings, FILE *out)
{
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, out) > 0)
    findings_add_line(findings, line);
  free(line);
  fclose(out);
}

bool run_check(struct findings *findings, const char *precision, const char *const *argv)
{
  struct mem *mem = findings->mem;
  const char *why = NULL;
  FILE *out = NULL;
  int error = child_start_read(argv, &out);
  if (error != 0) {
    why = mem_printf(mem, "%s cannot be run: %s", argv[0], strerror(error));
  } else {
    if (out != NULL)
      read_findings(findings, out);
    int status = child_wait();
    if (WIFSIGNALED(status))
      why = mem_printf(mem, "%s: ended by signal %d, %s", argv[1], WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0 || out == NULL)
      why = mem_printf(mem, "%s: could not be done", argv[1]);
  }
  if (why != NULL && !interrupted())
    findings_add(findings, (struct finding){.check = argv[1],
                                            .precision = precision,
                                            .item = "the check itself",
                                            .error = NAN,
                                            .detail = why});
  return why == NULL;
}
