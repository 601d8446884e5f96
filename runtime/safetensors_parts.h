/* What reading and writing safetensors share; safetensors.h is what others use. */
#ifndef LATHE_SAFETENSORS_PARTS_H
#define LATHE_SAFETENSORS_PARTS_H

#include "array.h"

/* A file begins with the header's length in so many bytes, the lowest first. */
enum { LENGTH_BYTES = 8 };

/* The types that are read and written, the widest first: the order in which values are written. */
enum { LATHE_TENSORS_TYPES = 4 };
struct lathe_tensors_type {
  const char *name;
  enum lathe_dtype dtype;
};
extern const struct lathe_tensors_type lathe_tensors_types[LATHE_TENSORS_TYPES];

extern const char lathe_metadata_key[];

/* Metadata of eight hexadecimal digits: the CRC-32 of the whole file in which these digits are 0.
 */
extern const char lathe_checksum_key[];
enum { CHECKSUM_DIGITS = 8 };

/* Where a header's text has these digits; NULL when it has none. */
char *lathe_checksum_find(char *header);

#endif
