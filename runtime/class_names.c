#include "class_names.h"
#include "json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lathe_class_names_free(struct lathe_class_names *names)
{
  for (int i = 0; i < names->count; i++)
    free(names->name[i]);
  free(names->name);
  *names = (struct lathe_class_names){0};
}

int lathe_class_find(const struct lathe_class_names *names, const char *name, size_t length)
{
  for (int i = 0; i < names->count; i++)
    if (strncmp(names->name[i], name, length) == 0 && names->name[i][length] == '\0')
      return i;
  return -1;
}

bool lathe_class_add(struct lathe_class_names *names, const char *name, struct lathe_error *err)
{
  if (names->count == LATHE_CLASSES_MOST)
    return lathe_fail(err, "more than %d different labels: are they names of classes?",
                      LATHE_CLASSES_MOST);
  char *copy = strdup(name);
  char **more =
      copy ? realloc(names->name, ((size_t)names->count + 1) * sizeof *names->name) : NULL;
  if (!more) {
    free(copy);
    return lathe_fail(err, "no memory for the names of classes");
  }
  names->name = more;
  names->name[names->count++] = copy;
  return true;
}

const char *lathe_class_text(const struct lathe_class_names *names, int64_t label,
                             char room[LATHE_CLASS_TEXT])
{
  if (names && label >= 0 && label < names->count)
    return names->name[label];
  snprintf(room, LATHE_CLASS_TEXT, "%lld", (long long)label);
  return room;
}

void lathe_class_brief(const struct lathe_class_names *names, int64_t label, char *text,
                       size_t size)
{
  char room[LATHE_CLASS_TEXT];
  const char *whole = lathe_class_text(names, label, room);
  size_t length = strlen(whole);
  if (length < size) {
    memcpy(text, whole, length + 1);
    return;
  }
  length = size - sizeof "...";
  while (length > 0 && (whole[length] & 0xc0) == 0x80) /* in the midst of a character of UTF-8 */
    length--;
  snprintf(text, size, "%.*s...", (int)length, whole);
}

json_t *lathe_class_names_json(const struct lathe_class_names *names)
{
  json_t *list = names && names->count > 0 ? json_array() : json_null();
  for (int i = 0; names && i < names->count; i++)
    json_array_append_new(list, lathe_json_text(names->name[i]));
  return list;
}

bool lathe_class_names_take(struct lathe_class_names *names, const json_t *json,
                            struct lathe_error *err)
{
  *names = (struct lathe_class_names){0};
  bool list = !json || json_is_null(json) || json_is_array(json), good = list;
  for (size_t i = 0; good && i < json_array_size(json); i++) {
    const char *name = json_string_value(json_array_get(json, i));
    list = name != NULL;
    good = list && lathe_class_add(names, name, err);
  }
  if (!good)
    lathe_class_names_free(names);
  return list ? good : lathe_fail(err, "its names of classes are no list of texts: train again");
}
