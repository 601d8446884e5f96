/* Emitted code with a main of another kind than the command line's. */
#ifndef OTHER_MAIN_H
#define OTHER_MAIN_H

#include "emit_model.h"

/* The same files with a main that hands its arguments and the model to `function` of
 * <lathe/HEADER>, for "TITLE of NAME". */
struct emitted *emitted_with_main(struct mem *mem, const struct emitted *emitted, const char *name,
                                  const char *title, const char *header, const char *function);

#endif
