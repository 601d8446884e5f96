/* Where the files are that lathe needs: beside the program in the build folder, or as installed. */
#ifndef INSTALLED_H
#define INSTALLED_H

#include "mem.h"

/* The folder of this program. NULL, having said why on standard error, when it cannot be known. */
const char *installed_folder(struct mem *mem);

/* The path of a file beside this program, or else in ../lib/lathe; NULL, having said what to do,
 * when it is in neither. */
const char *installed_file(struct mem *mem, const char *name);

#endif
