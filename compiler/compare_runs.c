/* `lathe compare`: runs side by side, as each model's binary compares them. */
#include "../runtime/compare.h"
#include "commands.h"
#include <stdio.h>

int command_compare(struct mem *mem, const struct command_line *line)
{
  struct lathe_compare compare;
  struct lathe_error err = {.text = ""};
  (void)mem;
  bool done = lathe_compare_read(&compare, line->operand_count, line->operands, &err) &&
              (line->output == NULL || lathe_compare_write(&compare, line->output, &err));
  if (done) {
    lathe_compare_print(&compare, stdout);
  } else {
    lathe_error_tidy(&err);
    fprintf(stderr, "lathe: error: %s\n", err.text);
  }
  lathe_compare_free(&compare);
  return done ? DONE : FAILED;
}
