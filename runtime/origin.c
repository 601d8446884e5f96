#include "origin.h"
#include "optimiser_state.h"
#include "part.h"
#include "run.h"
#include "sha256.h"
#include "version.h"
#include "words.h"
#include <stdio.h>
#include <string.h>

const char lathe_origin_architecture[] = "architecture", lathe_origin_compiled[] = "compiled";

static const char *const covariances[] = {[LATHE_FULL] = "full",
                                          [LATHE_DIAG] = "diag",
                                          [LATHE_TIED] = "tied",
                                          [LATHE_SPHERICAL] = "spherical"};
static const char *const inits[] = {[LATHE_INIT_LABELLED] = "labelled",
                                    [LATHE_INIT_KMEANS] = "kmeans++",
                                    [LATHE_INIT_RANDOM] = "random"};

static json_t *input_text(const struct lathe_model *model)
{
  const int *shape = model->input_shape;
  return model->input_rank == 1   ? json_sprintf("[%d]", shape[0])
         : model->input_rank == 2 ? json_sprintf("[%d, %d]", shape[0], shape[1])
                                  : json_sprintf("[%d, %d, %d]", shape[0], shape[1], shape[2]);
}

static json_t *architecture(const struct lathe_model *model)
{
  json_t *json = json_object();
  json_object_set_new(json, "input", input_text(model));
  if (model->normalised)
    json_object_set_new(json, "normalise", json_string(model->normalised));
  json_object_set_new(json, "latent", json_sprintf("%d", model->latent));
  json_object_set_new(json, "components", json_sprintf("%d", model->mixing.components));
  json_object_set_new(json, "covariance", json_string(covariances[model->mixing.covariance]));
  for (int i = 0; i < model->layer_count; i++) {
    const struct lathe_layer *layer = &model->layers[i];
    json_object_set_new(json, layer->name, json_sprintf("%s %s", layer->text, layer->shape));
  }
  return json;
}

/* Its numbers, and what it does besides. */
static json_t *optimiser_text(const struct lathe_training *t)
{
  enum { ROOM = 64 };
  char decay[ROOM] = "", clip[ROOM] = "";
  const char *name = lathe_optimiser_name(t->optimiser);
  if (t->weight_decay > 0)
    snprintf(decay, ROOM, ", weight_decay %.15g", t->weight_decay);
  if (t->clip > 0)
    snprintf(clip, ROOM, ", clip %.15g by %s", t->clip,
             t->clipping == LATHE_CLIP_NORM ? "norm" : "value");
  if (t->optimiser == LATHE_SGD)
    return json_sprintf("%s, momentum %.15g%s%s%s", name, t->momentum,
                        t->nesterov ? ", nesterov" : "", decay, clip);
  if (t->optimiser == LATHE_RMSPROP)
    return json_sprintf("%s, alpha %.15g, eps %.15g, momentum %.15g%s%s%s", name, t->alpha, t->eps,
                        t->momentum, t->centered ? ", centered" : "", decay, clip);
  return json_sprintf("%s, beta1 %.15g, beta2 %.15g, eps %.15g%s%s", name, t->beta1, t->beta2,
                      t->eps, decay, clip);
}

static json_t *compiled(const struct lathe_model *model)
{
  const struct lathe_mixing *mixing = &model->mixing;
  json_t *json = json_object();
  json_object_set_new(json, "precision", json_string(model->precision));
  json_object_set_new(json, "range",
                      json_sprintf("[%.15g, %.15g]", model->range[0], model->range[1]));
  if (!lathe_is_alone(model)) {
    json_object_set_new(json, "likelihood", json_string(model->loss));
    if (lathe_has_prior(model)) {
      if (model->logvar[0] != -30 || model->logvar[1] != 20) /* older records do not say */
        json_object_set_new(json, "logvar",
                            json_sprintf("[%.15g, %.15g]", model->logvar[0], model->logvar[1]));
      json_object_set_new(
          json, "kl",
          json_sprintf("%.15g%s", model->kl_weight,
                       lathe_kl_scheduled(&model->training) ? ", by a schedule" : ""));
      if (model->free_bits > 0)
        json_object_set_new(json, "free_bits", json_sprintf("%.15g", model->free_bits));
    }
    json_object_set_new(json, "optimiser", optimiser_text(&model->training));
  }
  json_object_set_new(
      json, "mixture",
      json_sprintf("init %s, floor %.15g, tolerance %.15g, iterations %d, restarts %d",
                   inits[mixing->init], mixing->floor, mixing->tolerance, mixing->iterations,
                   mixing->restarts));
  return json;
}

/* Of the text as model.lathe in the run folder has it. */
static json_t *description(const struct lathe_model *model)
{
  struct lathe_sha256 sha;
  char digest[LATHE_SHA256_TEXT];
  lathe_sha256_start(&sha);
  for (const char *const *piece = model->source; *piece; piece++)
    lathe_sha256_add(&sha, *piece, strlen(*piece));
  lathe_sha256_text(&sha, digest);
  return json_pack("{s:s, s:s}", "file", lathe_run_name(LATHE_RUN_MODEL), "sha256", digest);
}

json_t *lathe_origin_json(const struct lathe_model *model)
{
  return json_pack("{s:o, s:o, s:o, s:{s:s, s:s, s:s?, s:s?}}", "description", description(model),
                   lathe_origin_architecture, architecture(model), lathe_origin_compiled,
                   compiled(model), "build", "lathe", LATHE_VERSION, "compiler", __VERSION__,
                   "flags", model->flags, "blas", model->blas ? model->blas->config() : NULL);
}

void lathe_origin_difference(const json_t *record, const char *member,
                             const struct lathe_model *model, char text[LATHE_DIFFERENCE])
{
  const char *key;
  json_t *value, *theirs = json_object_get(record, member);
  json_t *ours = strcmp(member, lathe_origin_compiled) == 0 ? compiled(model) : architecture(model);
  text[0] = '\0';
  if (!json_is_object(theirs)) {
    json_decref(ours);
    return;
  }
  json_object_foreach(ours, key, value)
  {
    const char *here = json_string_value(value);
    const char *there = json_string_value(json_object_get(theirs, key));
    if (text[0] == '\0' && !there)
      snprintf(text, LATHE_DIFFERENCE, "%.60s is `%.120s` here and missing there", key, here);
    else if (text[0] == '\0' && strcmp(here, there) != 0)
      snprintf(text, LATHE_DIFFERENCE, "%.60s is `%.120s` there and `%.120s` here", key, there,
               here);
  }
  json_object_foreach(theirs, key, value)
  {
    const char *there = json_string_value(value);
    if (text[0] == '\0' && !json_object_get(ours, key))
      snprintf(text, LATHE_DIFFERENCE, "%.60s is `%.120s` there and missing here", key,
               there ? there : "?");
  }
  json_decref(ours);
}

bool lathe_origin_file(json_t **json, const char *path, const struct lathe_dataset *dataset,
                       struct lathe_error *err)
{
  char digest[LATHE_SHA256_TEXT];
  *json = NULL;
  if (path && !lathe_sha256_file(path, digest, err))
    return false;
  json_t *labels = path && dataset->labels.count > 0
                       ? json_integer((json_int_t)lathe_labels_checksum(dataset))
                       : json_null();
  *json =
      path ? json_pack("{s:s, s:s?, s:I, s:I, s:o}", "path", path, "sha256",
                       digest[0] ? digest : NULL, "images", (json_int_t)dataset->count, "checksum",
                       (json_int_t)lathe_dataset_checksum(dataset), "labels_checksum", labels)
           : labels;
  return *json || lathe_fail(err,
                             "%s: no memory to note where it is from (or its name is not "
                             "UTF-8); rename it",
                             path ? path : "data");
}

bool lathe_origin_check_file(const json_t *json, const char *run, const char *path,
                             const struct lathe_model *model, const struct lathe_dataset *dataset,
                             struct lathe_error *err)
{
  const char *words = lathe_input_words(model);
  json_int_t images = json_integer_value(json_object_get(json, "images"));
  json_int_t checksum = json_integer_value(json_object_get(json, "checksum"));
  const json_t *labels = json_object_get(json, "labels_checksum");
  if (images != (json_int_t)dataset->count)
    return lathe_fail(err,
                      "%s holds %lld %s, and the run in %s was begun with %lld: give the same "
                      "file, or start anew with --force",
                      path, (long long)dataset->count, words, run, (long long)images);
  if (checksum != (json_int_t)lathe_dataset_checksum(dataset))
    return lathe_fail(err,
                      "%s holds other %s than the run in %s was begun with: give the same "
                      "file, or start anew with --force",
                      path, words, run);
  if (json_is_integer(labels) &&
      json_integer_value(labels) != (json_int_t)lathe_labels_checksum(dataset))
    return lathe_fail(err,
                      "%s holds other labels than the run in %s was begun with: give the same "
                      "file, or start anew with --force",
                      path, run);
  return true;
}
