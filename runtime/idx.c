#include "idx.h"

/* The format's type codes. */
static const struct {
  unsigned char code;
  enum lathe_dtype dtype;
} codes[] = {
    {0x08, LATHE_U8},  {0x09, LATHE_I8},  {0x0b, LATHE_I16},
    {0x0c, LATHE_I32}, {0x0d, LATHE_F32}, {0x0e, LATHE_F64},
};

static bool find_dtype(unsigned char code, enum lathe_dtype *dtype)
{
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (codes[i].code == code) {
      *dtype = codes[i].dtype;
      return true;
    }
  return false;
}

bool lathe_idx_detect(const unsigned char *bytes, size_t size)
{
  enum lathe_dtype dtype;
  return size >= 4 && bytes[0] == 0 && bytes[1] == 0 && find_dtype(bytes[2], &dtype) &&
         bytes[3] >= 1;
}

static void swap_bytes(unsigned char *bytes, int64_t count, size_t size)
{
  for (int64_t i = 0; i < count; i++, bytes += size)
    for (size_t a = 0, b = size - 1; a < b; a++, b--) {
      unsigned char byte = bytes[a];
      bytes[a] = bytes[b];
      bytes[b] = byte;
    }
}

bool lathe_idx_read(struct lathe_reader *reader, struct lathe_array *out, struct lathe_error *err)
{
  const char *name = lathe_reader_name(reader);
  unsigned char start[4], digits[4];
  struct lathe_array array = {0};
  if (!lathe_reader_take(reader, start, sizeof start, "IDX header", err))
    return false;
  if (!lathe_idx_detect(start, sizeof start) || !find_dtype(start[2], &array.dtype))
    return lathe_fail(err, "%s: is not an IDX file; give .npz, .npy or IDX", name);
  if (start[3] > LATHE_ARRAY_RANK)
    return lathe_fail(err, "%s: has %d dimensions, more than %d; reshape it", name, start[3],
                      LATHE_ARRAY_RANK);
  array.rank = start[3];
  for (int i = 0; i < array.rank; i++) {
    if (!lathe_reader_take(reader, digits, sizeof digits, "IDX header", err))
      return false;
    array.shape[i] = (int64_t)digits[0] << 24 | digits[1] << 16 | digits[2] << 8 | digits[3];
  }
  char shape[LATHE_SHAPE_TEXT];
  lathe_shape_text(shape, array.rank, array.shape);
  size_t size = lathe_dtype_size(array.dtype);
  array.count = lathe_shape_count(array.rank, array.shape, size);
  if (array.count < 0)
    return lathe_fail(err, "%s: claims an impossible shape, %s; it is damaged, get it anew", name,
                      shape);
  array.data = lathe_reader_take_new(reader, (size_t)array.count * size, shape, &array.before, err);
  if (!array.data || !lathe_reader_end(reader, err)) {
    lathe_array_free(&array);
    return false;
  }
  swap_bytes(array.data, array.count, size);
  *out = array;
  return true;
}
