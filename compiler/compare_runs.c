/* `lathe compare`: runs side by side, by the program for it (compare/lathe_compare.c). */
#include "commands.h"
#include "installed.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int command_compare(struct mem *mem, const struct command_line *line)
{
  const char *program = installed_file(mem, "lathe-compare");
  if (program == NULL)
    return FAILED;
  /* Its name, the runs, -o and its value, NULL. */
  char **argv = mem_alloc(mem, ((size_t)line->operand_count + 4) * sizeof *argv);
  int count = 0;
  argv[count++] = mem_string(mem, program, strlen(program));
  for (int i = 0; i < line->operand_count; i++)
    argv[count++] = line->operands[i];
  if (line->output != NULL) {
    argv[count++] = mem_string(mem, "-o", 2);
    argv[count++] = mem_string(mem, line->output, strlen(line->output));
  }
  argv[count] = NULL;
  execv(program, argv);
  fprintf(stderr, "lathe: error: cannot run '%s': %s\n", program, strerror(errno));
  return FAILED;
}
