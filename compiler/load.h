/* From a file to a checked and compiled model, as the command line says. */
#ifndef LOAD_H
#define LOAD_H

#include "command_line.h"
#include "compile.h"
#include "diag.h"

/* Prints diagnostics where and how they are wanted: with --format=json to standard output. */
void print_diagnostics(const struct command_line *line, const struct diags *diags);

/* The model of line->description, with the algorithms that the command line asks for and those of
 * its tune file (--tune, or MODEL.tune where there is one); NULL when something is wrong, which has
 * been said. */
struct model *load_model(struct mem *mem, const struct command_line *line);

/* The same, compiled; the model after the pass `dump` goes to standard output. */
struct compilation *load_and_compile(struct mem *mem, const struct command_line *line,
                                     enum stage dump);

#endif
