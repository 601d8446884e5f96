/* NumPy's .npy format, versions 1.0, 2.0 and 3.0 (numpy.lib.format). */
#ifndef LATHE_NPY_H
#define LATHE_NPY_H

#include "array.h"
#include "reader.h"

enum { LATHE_NPY_HEADER = 256 };

/* Whether `size` first bytes of a file are those of an .npy file. */
bool lathe_npy_detect(const unsigned char *bytes, size_t size);

/* Reads one array, from the magic to the last byte; see lathe_array_read for what is refused. */
bool lathe_npy_read(struct lathe_reader *reader, struct lathe_array *out, struct lathe_error *err);

/* Writes the version 1.0 header of `array` to `text`, as numpy.save would, and returns its length:
 * a multiple of 64. The array's bytes follow it in the file. */
size_t lathe_npy_header(const struct lathe_array *array, char text[LATHE_NPY_HEADER]);

#endif
