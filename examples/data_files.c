#include "data_files.h"
#include "npz.h"
#include <errno.h>
#include <stdlib.h>

bool write_examples(const char *path, const struct lathe_array *data,
                    const struct lathe_array *labels, struct lathe_error *err)
{
  struct lathe_npz *npz = lathe_npz_create(path, err);
  if (npz && lathe_npz_add(npz, "data", data, err) && lathe_npz_add(npz, "labels", labels, err))
    return lathe_npz_commit(npz, err);
  lathe_npz_discard(npz);
  return false;
}

bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *number)
{
  char *end;
  errno = 0;
  uint64_t value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < low || value > high)
    return false;
  *number = value;
  return true;
}
