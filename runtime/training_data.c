#include "training_data.h"
#include "origin.h"
#include "scores.h"
#include "words.h"

void lathe_training_data_free(struct lathe_training_data *data)
{
  lathe_split_free(&data->split);
  lathe_dataset_free(&data->images);
  lathe_dataset_free(&data->valid);
  lathe_dataset_free(&data->labelled);
}

/* Each class names one component. */
static bool check_classes(const struct lathe_training_data *data, const struct lathe_model *model,
                          struct lathe_error *err)
{
  const int64_t *labels = data->labelled.labels.data;
  struct lathe_scores scores;
  if (data->labelled.count == 0 || model->mixing.init != LATHE_INIT_LABELLED)
    return true;
  if (!lathe_scores_new(&scores, data->labelled.count, labels, labels, err))
    return false;
  int classes = scores.classes;
  lathe_scores_free(&scores);
  if (classes != model->mixing.components)
    return lathe_fail(err,
                      "%s has labels of %d classes, and the mixture of model %s has %d components: "
                      "give labelled %s of exactly %d classes",
                      data->inputs.labelled, classes, model->name, model->mixing.components,
                      lathe_input_words(model), model->mixing.components);
  return true;
}

/* EM needs a point for each component; better said before the epochs than after them. */
static bool check_enough(const struct lathe_training_data *data, const struct lathe_model *model,
                         struct lathe_error *err)
{
  const char *words = lathe_input_words(model);
  int components = model->mixing.components;
  if (data->split.training >= components)
    return true;
  return lathe_fail(err,
                    "%s leaves %lld %s to train on, fewer than the mixture's %d components: give "
                    "more %s, or a larger --split",
                    data->inputs.data, (long long)data->split.training, words, components, words);
}

bool lathe_training_data_load(struct lathe_training_data *data, const struct lathe_model *model,
                              const struct lathe_training *settings,
                              const struct lathe_resume *resume, struct lathe_error *err)
{
  const struct lathe_inputs *in = &data->inputs;
  struct lathe_source images = {
      .data = in->data, .labels = in->labels, .only = in->only, .label_column = in->label_column};
  struct lathe_source valid = {
      .data = in->valid, .only = in->only, .label_column = in->label_column};
  struct lathe_source labelled = {.data = in->labelled,
                                  .only = in->only,
                                  .want_labels = true,
                                  .need_labels = true,
                                  .label_column = in->label_column};
  return (!in->labelled || lathe_dataset_load(&data->labelled, model, &labelled, err)) &&
         check_classes(data, model, err) &&
         (!in->valid || lathe_dataset_load(&data->valid, model, &valid, err)) &&
         lathe_dataset_load(&data->images, model, &images, err) &&
         lathe_resume_check(resume, model, "data", in->data, &data->images, err) &&
         lathe_resume_check(resume, model, "valid", in->valid, &data->valid, err) &&
         lathe_resume_check(resume, model, "labelled", in->labelled, &data->labelled, err) &&
         lathe_split_new(&data->split, data->images.count, settings->split, settings->seed, err) &&
         check_enough(data, model, err);
}

struct lathe_part lathe_training_data_part(const struct lathe_training_data *data)
{
  return lathe_split_training(&data->split, &data->images);
}

struct lathe_part lathe_validation_data_part(const struct lathe_training_data *data)
{
  return data->valid.count > 0 ? lathe_part_all(&data->valid)
                               : lathe_split_validation(&data->split, &data->images);
}

json_t *lathe_training_data_json(const struct lathe_training_data *data, struct lathe_error *err)
{
  const struct lathe_inputs *in = &data->inputs;
  json_t *images = NULL, *valid = NULL, *labelled = NULL;
  if (!lathe_origin_file(&images, in->data, &data->images, err) ||
      !lathe_origin_file(&valid, in->valid, &data->valid, err) ||
      !lathe_origin_file(&labelled, in->labelled, &data->labelled, err)) {
    json_decref(images);
    json_decref(valid);
    return NULL;
  }
  json_object_set_new(images, "labels", in->labels ? json_string(in->labels) : json_null());
  json_object_set_new(images, "only", in->only ? json_string(in->only) : json_null());
  if (in->label_column)
    json_object_set_new(images, "label_column", json_string(in->label_column));
  json_t *json = json_pack("{s:o, s:o, s:o}", "data", images, "valid", valid, "labelled", labelled);
  if (json && data->labelled.names.count > 0)
    json_object_set_new(json, "label_names", lathe_class_names_json(&data->labelled.names));
  if (!json)
    lathe_fail(err, "not enough memory to note what the run is made from; free some memory");
  return json;
}
