#include "settings.h"
#include <stddef.h>

enum type { INTEGER, REAL };
enum use { COMPILED, GIVEN, RECORDED };

/* Every number of the settings; a flag has the size of a bool. */
static const struct {
  const char *name;
  enum type type;
  enum use use;
  size_t offset, size;
} all[] = {
#define TRAINING(type, member, use)                                                                \
  {#member, type, use, offsetof(struct lathe_training, member),                                    \
   sizeof(((struct lathe_training *)NULL)->member)},
#include "training.def"
#undef TRAINING
};
enum { ALL = sizeof all / sizeof *all };

/* The place in `all` of the i-th that is recorded; ALL beyond the last. */
static int place(int i)
{
  int k = 0;
  while (k < ALL && (all[k].use != RECORDED || i-- > 0))
    k++;
  return k;
}

int lathe_settings_count(void)
{
  int count = 0;
  while (place(count) < ALL)
    count++;
  return count;
}

const char *lathe_settings_name(int i)
{
  return all[place(i)].name;
}

double lathe_settings_value(const struct lathe_training *training, int i)
{
  int k = place(i);
  const void *member = (const char *)training + all[k].offset;
  if (all[k].type == REAL)
    return *(const double *)member;
  return all[k].size == sizeof(bool) ? *(const bool *)member : *(const int *)member;
}

void lathe_settings_put(const struct lathe_training *training, json_t *object)
{
  for (int i = 0; i < lathe_settings_count(); i++) {
    double value = lathe_settings_value(training, i);
    if (value != 0)
      json_object_set_new(object, lathe_settings_name(i),
                          all[place(i)].type == REAL ? json_real(value)
                                                     : json_integer((json_int_t)value));
  }
}

void lathe_settings_take(struct lathe_training *training, const json_t *object)
{
  for (int i = 0; i < lathe_settings_count(); i++) {
    int k = place(i);
    double value = json_number_value(json_object_get(object, all[k].name));
    void *member = (char *)training + all[k].offset;
    if (all[k].type == REAL)
      *(double *)member = value;
    else if (all[k].size == sizeof(bool))
      *(bool *)member = value != 0;
    else
      *(int *)member = (int)value;
  }
}
