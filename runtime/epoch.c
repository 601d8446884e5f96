#include "epoch.h"
#include <stddef.h>

static const struct {
  const char *name;
  size_t offset;
  bool validation;
  const char *format;
} fields[LATHE_EPOCH_FIELDS] = {
#define EPOCH_FIELD(name, member, validation, format)                                              \
  {#name, offsetof(struct lathe_epoch, member), validation, format},
#include "epoch.def"
#undef EPOCH_FIELD
};

const char *lathe_epoch_name(int field)
{
  return fields[field].name;
}

const char *lathe_epoch_format(int field)
{
  return fields[field].format;
}

double *lathe_epoch_value(struct lathe_epoch *epoch, int field)
{
  return (double *)(void *)((char *)epoch + fields[field].offset);
}

bool lathe_epoch_known(const struct lathe_epoch *epoch, int field)
{
  return epoch->validated || !fields[field].validation;
}
