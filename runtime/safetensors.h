/* The safetensors format: 8 bytes with the header's length, a JSON header, the tensors' values
 * (https://huggingface.co/docs/safetensors). */
#ifndef LATHE_SAFETENSORS_H
#define LATHE_SAFETENSORS_H

#include "output.h"
#include "tensors.h"

/* Reads a file into `tensors`, whose former contents are not looked at; it is empty on failure.
 * Refused: a header that is no JSON object or longer than the file, names given twice, types other
 * than U8, I64, F32, F64, sizes that disagree with shapes, and tensors that do not fill the rest of
 * the file exactly, without gaps or overlap, and bytes that a checksum in the metadata denies. No
 * more memory is taken for values than the file has
 * bytes. */
bool lathe_tensors_read(struct lathe_tensors *tensors, const char *path, struct lathe_error *err);

/* Writes a file, whole or not at all. Types of 8 bytes come first, then of 4, then of 1, so that
 * all values are aligned; within each in the order added. Equal tensors give equal bytes. */
bool lathe_tensors_write(const struct lathe_tensors *tensors, const char *path,
                         struct lathe_error *err);

/* The same but for the end: all is written to an output that waits for lathe_output_commit. NULL,
 * with a message, when it cannot be. */
struct lathe_output *lathe_tensors_begin(const struct lathe_tensors *tensors, const char *path,
                                         struct lathe_error *err);

/* Has the tensors written with a checksum: metadata crc32, eight hexadecimal digits, the CRC-32 of
 * the whole file in which these digits are 0. */
bool lathe_tensors_want_checksum(struct lathe_tensors *tensors, struct lathe_error *err);

#endif
