/* The IDX format of the MNIST files: two zero bytes, a type, a rank, big-endian 32-bit dimensions,
 * then the values, big-endian (http://yann.lecun.com/exdb/mnist/). */
#ifndef LATHE_IDX_H
#define LATHE_IDX_H

#include "array.h"
#include "reader.h"

/* Whether `size` first bytes of a file are those of an IDX file. */
bool lathe_idx_detect(const unsigned char *bytes, size_t size);

/* Reads one array, from the first byte to the last. All types of the format are read. */
bool lathe_idx_read(struct lathe_reader *reader, struct lathe_array *out, struct lathe_error *err);

#endif
