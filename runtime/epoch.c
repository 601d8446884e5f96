#include "epoch.h"
#include <stddef.h>

static const struct {
  const char *name;
  size_t offset;
  bool validation, divergence;
  const char *format;
} fields[LATHE_EPOCH_FIELDS] = {
#define ALWAYS false, false
#define VALIDATED true, false
#define DIVERGENT false, true
#define VALIDATED_DIVERGENT true, true
#define EPOCH_FIELD(name, member, when, format)                                                    \
  {#name, offsetof(struct lathe_epoch, member), when, format},
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
  return (epoch->validated || !fields[field].validation) &&
         (epoch->divergence || !fields[field].divergence);
}
