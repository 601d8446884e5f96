/* How the runtime reports what could not be done: a function that can fail returns false (or NULL)
 * and leaves one line in the caller's lathe_error: what, where, and what to do about it. */
#ifndef LATHE_ERROR_H
#define LATHE_ERROR_H

#include <stdbool.h>

struct lathe_error {
  char text[1024];
};

/* Formats `format` into err->text (cut at its size; err may be NULL) and returns false, so that a
 * caller can write `return lathe_fail(err, "...")`. */
bool lathe_fail(struct lathe_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whatever a message quotes, it stays one line: control characters become spaces. */
void lathe_error_tidy(struct lathe_error *err);

#endif
