/* Labels of a data set: where they come from, and the choice of images by them. */
#include "dataset_labels.h"
#include "labels.h"
#include "reader.h"
#include "table.h"
#include "words.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LISTED_LABELS = 20 };

/* The labels of a table: its only column, or the one that is named. */
static bool read_column(struct lathe_dataset *dataset, const struct lathe_source *source,
                        struct lathe_reader *reader, struct lathe_error *err)
{
  struct lathe_table table;
  struct lathe_table_wanted wanted = {
      .label_column = source->label_column, .labels_alone = true, .names = source->names};
  if (!lathe_table_read(&table, reader, &wanted, err))
    return false;
  lathe_class_names_free(&dataset->names);
  lathe_array_free(&table.values);
  dataset->labels = table.labels;
  dataset->names = table.names;
  return true;
}

/* The file of --labels. */
static bool read_file(struct lathe_dataset *dataset, const struct lathe_source *source,
                      struct lathe_error *err)
{
  bool found = false;
  struct lathe_reader *reader = lathe_reader_open(source->labels, err);
  if (!reader)
    return false;
  bool good = lathe_table_detect(reader) ? read_column(dataset, source, reader, err)
                                         : lathe_array_take(source->labels, reader, "labels",
                                                            &dataset->labels, &found, err) &&
                                               found; /* an archive without them: err says so */
  lathe_reader_close(reader);
  return good;
}

/* Reads dataset->labels, one for each image; labels.count stays 0 where there are none. */
static bool load_labels(struct lathe_dataset *dataset, const struct lathe_model *model,
                        const struct lathe_source *source, bool is_table, struct lathe_error *err)
{
  struct lathe_array *labels = &dataset->labels;
  bool archive = false, found;
  if (!source->labels && is_table)
    return true; /* they came with it, if they are there */
  if (!source->labels && source->label_column)
    return lathe_fail(err,
                      "%s: is no CSV table, and --label-column is about the columns of one: labels "
                      "are the member `labels` of an .npz, or in a file that --labels names",
                      source->data);
  lathe_array_free(labels);
  if (source->labels ? !read_file(dataset, source, err)
                     : !lathe_array_has_members(source->data, &archive, err) ||
                           (archive && !lathe_array_read_optional(source->data, "labels", labels,
                                                                  &found, err)))
    return false;
  if (!source->labels && (!archive || !found))
    return true;
  char text[LATHE_SHAPE_TEXT], name[4096];
  snprintf(name, sizeof name, "%s, labels", source->labels ? source->labels : source->data);
  if (labels->count != dataset->count || labels->rank < 1 || labels->shape[0] != dataset->count)
    return lathe_fail(err, "%s: have shape %s, but %s has %lld %s; give one label %s %s", name,
                      lathe_shape_text(text, labels->rank, labels->shape), source->data,
                      (long long)dataset->count, lathe_input_words(model),
                      model->input_rank == 3 ? "an" : "a", lathe_input_word(model));
  return lathe_array_to_i64(labels, name, err);
}

/* Reads one label of a comma-separated list, a whole number or, where labels have names, one of
 * these (-1 for a word that is none), and moves *at behind it and its comma. */
static bool next_label(const char **at, const struct lathe_class_names *names, int64_t *label)
{
  size_t length = strcspn(*at, ",");
  const char *word = *at, *end = word + length;
  char *digits;
  errno = 0;
  *label = strtoll(word, &digits, 10);
  bool good = digits == end && length > 0 && errno == 0;
  int named = lathe_class_find(names, word, length);
  if (named >= 0 || (!good && names->count > 0)) {
    *label = named;
    good = length > 0;
  }
  *at = *end == ',' ? end + 1 : end;
  return good && (*end == '\0' || end[1] != '\0');
}

static bool check_list(const char *only, const struct lathe_class_names *names,
                       struct lathe_error *err)
{
  const char *at = only;
  int64_t label;
  do
    if (!next_label(&at, names, &label))
      return lathe_fail(err, "--only %s: is no list of labels; write %s", only,
                        names->count > 0 ? "their names, with commas between them"
                                         : "whole numbers, as in 1,4,8");
  while (*at);
  return true;
}

static bool is_listed(const char *only, const struct lathe_class_names *names, int64_t wanted)
{
  int64_t label;
  do {
    next_label(&only, names, &label);
    if (label == wanted)
      return true;
  } while (*only);
  return false;
}

static bool nothing_kept(const struct lathe_dataset *dataset, const struct lathe_model *model,
                         const struct lathe_source *source, struct lathe_error *err)
{
  const struct lathe_array *labels = &dataset->labels;
  const int64_t *values = labels->data;
  int64_t seen[LISTED_LABELS];
  char text[LISTED_LABELS * 24] = "", room[LATHE_CLASS_TEXT];
  int count = 0;
  size_t used = 0;
  for (int64_t i = 0; i < labels->count && count < LISTED_LABELS; i++) {
    bool known = false;
    for (int j = 0; j < count; j++)
      known |= seen[j] == values[i];
    if (known)
      continue;
    used += (size_t)snprintf(text + used, sizeof text - used, count ? ", %.20s" : "%.20s",
                             lathe_class_text(&dataset->names, values[i], room));
    seen[count++] = values[i];
  }
  return lathe_fail(err, "--only %s: no %s of %s has such a label; its labels are %s", source->only,
                    lathe_input_word(model), source->data, text);
}

/* Moves the images and labels that are listed to the front, in their order, and forgets the rest.
 */
static bool filter(struct lathe_dataset *dataset, const struct lathe_model *model,
                   const struct lathe_source *source, struct lathe_error *err)
{
  struct lathe_array *images = &dataset->images, *labels = &dataset->labels;
  int64_t *values = labels->data, size = images->count / dataset->count, kept = 0;
  size_t bytes = (size_t)size * lathe_dtype_size(images->dtype);
  unsigned char *data = images->data;
  if (!check_list(source->only, &dataset->names, err))
    return false;
  for (int64_t i = 0; i < dataset->count; i++)
    if (is_listed(source->only, &dataset->names, values[i])) {
      memmove(data + (size_t)kept * bytes, data + (size_t)i * bytes, bytes);
      values[kept++] = values[i];
    }
  if (kept == 0)
    return nothing_kept(dataset, model, source, err);
  dataset->count = images->shape[0] = labels->shape[0] = labels->count = kept;
  images->count = kept * size;
  return true;
}

static bool no_labels(const struct lathe_source *source, bool is_table, struct lathe_error *err)
{
  const char *path = source->data,
             *why = source->need_labels ? "are needed here" : "--only goes by";
  bool archive = false;
  if (is_table)
    return lathe_fail(err,
                      "%s: has no labels, which %s; say which column has them with --label-column, "
                      "or name a file of them with --labels",
                      path, why);
  if (!lathe_array_has_members(path, &archive, err))
    return false;
  return lathe_fail(err, "%s: has no labels, which %s; %s", path, why,
                    archive ? "store them as member `labels` or name a file with --labels"
                            : "name a file of them with --labels");
}

bool lathe_dataset_apply_labels(struct lathe_dataset *dataset, const struct lathe_model *model,
                                const struct lathe_source *source, bool is_table,
                                struct lathe_error *err)
{
  bool keep = source->want_labels || source->need_labels;
  if ((keep || source->only) && !load_labels(dataset, model, source, is_table, err))
    return false;
  if ((source->need_labels || source->only) && dataset->labels.count == 0)
    return no_labels(source, is_table, err);
  if (source->only && !filter(dataset, model, source, err))
    return false;
  if (!keep)
    lathe_array_free(&dataset->labels);
  return true;
}
