/* What makes writing descriptions easier elsewhere: all of it made from the compiler's tables. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include "mem.h"
#include <stdio.h>

/* A commented description of a first model, laid out as `lathe fmt` does it. */
void starter_print(FILE *out, const char *name);

void completion_bash(FILE *out); /* completion of the command line, for bash */
void manual_page(FILE *out);     /* lathe(1), for man */

/* Colours for descriptions: a syntax file of Vim, a TextMate grammar (JSON) as VS Code takes it. */
void syntax_vim(FILE *out);
void syntax_textmate(FILE *out);

#endif
