/* The functions that commands.def names: each carries its command out, and returns the exit status.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "command_line.h"

typedef int command_function(struct mem *mem, const struct command_line *line);

#define COMMAND(name, run, ...) command_function run;
#include "commands.def"

#endif
