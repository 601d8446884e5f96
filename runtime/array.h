/* Arrays of numbers as files hold them: a type, a shape and the values in C (row-major) order. */
#ifndef LATHE_ARRAY_H
#define LATHE_ARRAY_H

#include "error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LATHE_ARRAY_RANK = 8, LATHE_SHAPE_TEXT = 192 };

/* Element types; images may be U8, F32 or F64, labels any of the integers. */
enum lathe_dtype {
  LATHE_U8,
  LATHE_I8,
  LATHE_U16,
  LATHE_I16,
  LATHE_U32,
  LATHE_I32,
  LATHE_U64,
  LATHE_I64,
  LATHE_F32,
  LATHE_F64,
};

/* Rank 0 is a scalar (count 1). `data` holds `count` elements in the machine's byte order, `before`
 * bytes behind the beginning of malloc'ed memory; an all-zero struct is an empty array that owns
 * nothing. */
struct lathe_array {
  enum lathe_dtype dtype;
  int rank;
  int64_t shape[LATHE_ARRAY_RANK];
  int64_t count;
  void *data;
  size_t before;
};

/* Releases the values and empties the array. */
void lathe_array_free(struct lathe_array *array);

/* Bytes of one element; NumPy's name of the type, "uint8" or "float32". */
size_t lathe_dtype_size(enum lathe_dtype dtype);
const char *lathe_dtype_name(enum lathe_dtype dtype);

/* The product of a shape; -1 where a dimension is negative or the values, `size` bytes each, would
 * have more bytes than memory can address. */
int64_t lathe_shape_count(int rank, const int64_t *shape, size_t size);

/* Writes "[3, 28, 28]" to `text` (of LATHE_SHAPE_TEXT characters) and returns it. */
const char *lathe_shape_text(char *text, int rank, const int64_t *shape);

struct lathe_reader;

/* Reads an array from a file, whose format is told by its first bytes, not by its name: .npz (the
 * member `member`, which must be given), .npy, IDX, or text, which is a table (table.h) of numbers
 * (`member` is not looked at); any of them also gzipped. `out` is overwritten and to be freed with
 * lathe_array_free; on failure it is empty. No more memory is taken than the file really fills: a
 * header that claims too much is an error, as are truncated files, bytes left over, bad checksums,
 * unknown types, big-endian .npy, and a missing member (the message lists those that are there).
 * Fortran order becomes C order. */
bool lathe_array_read(const char *path, const char *member, struct lathe_array *out,
                      struct lathe_error *err);

/* *has: whether the file is an archive of named arrays (.npz) rather than one array. */
bool lathe_array_has_members(const char *path, bool *has, struct lathe_error *err);

/* The same, but an .npz without `member` is no failure: *found says whether it was there. */
bool lathe_array_read_optional(const char *path, const char *member, struct lathe_array *out,
                               bool *found, struct lathe_error *err);

/* The same from a reader that was opened on `path` and is at its beginning. */
bool lathe_array_take(const char *path, struct lathe_reader *reader, const char *member,
                      struct lathe_array *out, bool *found, struct lathe_error *err);

/* Turns an array of any integer type into LATHE_I64 in place. `name` is what messages call it.
 * Fails for float types and for values above 2^63 - 1. */
bool lathe_array_to_i64(struct lathe_array *array, const char *name, struct lathe_error *err);

#endif
