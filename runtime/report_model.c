/* Sections of a report: the model, its settings and where they come from, how to make it again. */
#include "commas.h"
#include "report_parts.h"
#include "schedule.h"
#include "settings.h"
#include "version.h"
#include "words.h"
#include <stdlib.h>
#include <string.h>

bool lathe_report_has_model(const struct lathe_report_page *page)
{
  (void)page;
  return true;
}

/* Whether a layer stands right inside another, or inside "encoder" or "decoder": "encoder.3" in
 * "encoder", "encoder.3.0" in "encoder.3". */
static bool is_inside(const struct lathe_layer *layer, const char *parent)
{
  size_t length = strlen(parent);
  return strncmp(layer->name, parent, length) == 0 && layer->name[length] == '.' &&
         !strchr(layer->name + length + 1, '.');
}

static bool holds_layers(const struct lathe_model *model, const char *parent)
{
  for (int i = 0; i < model->layer_count; i++)
    if (is_inside(&model->layers[i], parent))
      return true;
  return false;
}

/* The layers in `parent`, one behind another; what they hold themselves stands in them. */
static void write_layers(FILE *out, const struct lathe_model *model, const char *parent)
{
  for (int i = 0; i < model->layer_count; i++) {
    const struct lathe_layer *layer = &model->layers[i];
    if (!is_inside(layer, parent))
      continue;
    bool holds = holds_layers(model, layer->name);
    fputs(" &#8594; <span>", out);
    lathe_html_printf(out, "%.*s", (int)(holds ? strcspn(layer->text, "{") : strlen(layer->text)),
                      layer->text);
    if (holds)
      write_layers(out, model, layer->name);
    fputs("</span>", out);
  }
}

static void write_chain(FILE *out, const struct lathe_model *model, const char *name,
                        const char *from, const char *to)
{
  fprintf(out, "<h3>%c%s</h3>\n<div class=\"chain\"><span class=\"end\">", name[0] - 'a' + 'A',
          name + 1);
  lathe_html_text(out, from);
  fputs("</span>", out);
  write_layers(out, model, name);
  fputs(" &#8594; <span class=\"end\">", out);
  lathe_html_text(out, to);
  fputs("</span></div>\n", out);
}

static void write_graph(FILE *out, const struct lathe_model *model)
{
  char image[64], latent[32];
  const int *shape = model->input_shape;
  if (model->input_rank == 3)
    snprintf(image, sizeof image, "image [%d, %d, %d]", shape[0], shape[1], shape[2]);
  else if (model->input_rank == 2)
    snprintf(image, sizeof image, "series [%d, %d]", shape[0], shape[1]);
  else
    snprintf(image, sizeof image, "row [%d]", shape[0]);
  snprintf(latent, sizeof latent, "z [%d]", model->latent);
  write_chain(out, model, "encoder", image, latent);
  write_chain(out, model, "decoder", latent, image);
}

static void write_alone(const struct lathe_report_page *page)
{
  const struct lathe_model *model = page->model;
  const struct lathe_mixing *mixing = &model->mixing;
  long long parameters =
      (long long)lathe_mixture_freedom(mixing->covariance, mixing->components, model->latent);
  fputs("<p>", page->out);
  lathe_html_printf(page->out,
                    "A mixture of %d Gaussian%s of the %d values of its input, %lld parameters in "
                    "all (%s), fitted by expectation-maximisation.",
                    mixing->components, mixing->components == 1 ? "" : "s", model->latent,
                    parameters, model->precision);
  fputs("</p>\n", page->out);
}

bool lathe_report_model(struct lathe_report_page *page, struct lathe_error *err)
{
  const struct lathe_model *model = page->model;
  char parameters[LATHE_COMMAS], forward[LATHE_COMMAS], step[LATHE_COMMAS];
  FILE *out = page->out;
  (void)err;
  if (lathe_is_alone(model)) {
    write_alone(page);
    return true;
  }
  fputs("<p>", out);
  lathe_html_printf(out,
                    "%s autoencoder of %s parameters (%s), and a mixture of %d "
                    "Gaussian%s over its %d latent dimension%s. A forward pass takes %s "
                    "floating-point operations %s, a training step %s.",
                    lathe_has_prior(model) ? "A variational" : "A plain",
                    lathe_commas(parameters, (double)model->parameter_count), model->precision,
                    model->mixing.components, model->mixing.components == 1 ? "" : "s",
                    model->latent, model->latent == 1 ? "" : "s",
                    lathe_commas(forward, model->flops_forward), lathe_input_one(model),
                    lathe_commas(step, model->flops_step));
  fputs("</p>\n", out);
  write_graph(out, model);
  fputs("<div class=\"scroll\"><table>\n<thead><tr><th>Layer</th><th></th><th>Output</th>"
        "<th class=\"n\">Parameters</th></tr></thead>\n<tbody>\n",
        out);
  for (int i = 0; i < model->layer_count; i++) {
    const struct lathe_layer *layer = &model->layers[i];
    fputs("<tr><td>", out);
    lathe_html_text(out, layer->name);
    fputs("</td><td>", out);
    lathe_html_text(out, layer->text);
    fputs("</td><td>", out);
    lathe_html_text(out, layer->shape);
    fprintf(out, "</td><td class=\"n\">%s</td></tr>\n",
            lathe_commas(parameters, (double)layer->parameters));
  }
  fputs("</tbody></table></div>\n", out);
  return true;
}

bool lathe_report_has_settings(const struct lathe_report_page *page)
{
  return json_object_get(page->record, "settings") != NULL;
}

/* One setting: what the run had, and whether the description says so; what no option sets is else
 * what the description leaves to the number of epochs. */
static void write_setting(const struct lathe_report_page *page, const char *name, double described,
                          bool option)
{
  FILE *out = page->out;
  const json_t *value = json_object_get(json_object_get(page->record, "settings"), name);
  if (!json_is_number(value))
    return;
  double number = json_number_value(value);
  fputs("<tr><th>", out);
  lathe_html_text(out, name);
  fprintf(out, "</th><td class=\"n\">%.10g</td><td>", number);
  if (number == described)
    fputs("description", out);
  else if (!option)
    fputs("the epochs, as the description gives none", out);
  else
    fprintf(out, "command line (description: %.10g)", described);
  fputs("</td></tr>\n", out);
}

/* How the epochs ended, where early stopping watched them. */
static void write_ending(const struct lathe_report_page *page)
{
  const json_t *ending = json_object_get(page->record, "training");
  if (!json_object_get(json_object_get(page->record, "settings"), "stop_patience") || !ending)
    return;
  fputs("<p>", page->out);
  lathe_html_printf(
      page->out,
      "%s after %lld epochs. The weights are those of epoch %lld, whose loss, %.6g, is the "
      "least.",
      json_is_true(json_object_get(ending, "stopped_early")) ? "Stopped early" : "Ended",
      (long long)json_integer_value(json_object_get(ending, "epochs")),
      (long long)json_integer_value(json_object_get(ending, "kept_epoch")),
      json_number_value(json_object_get(ending, "best_loss")));
  fputs("</p>\n", page->out);
}

bool lathe_report_settings(struct lathe_report_page *page, struct lathe_error *err)
{
  const struct lathe_training *training = &page->model->training;
  const json_t *settings = json_object_get(page->record, "settings");
  FILE *out = page->out;
  (void)err;
  fputs("<div class=\"scroll\"><table>\n<thead><tr><th>Setting</th><th class=\"n\">Value</th>"
        "<th>From</th></tr></thead>\n<tbody>\n",
        out);
  write_setting(page, "epochs", training->epochs, true);
  if (!lathe_is_alone(page->model))
    write_setting(page, "batch", training->batch, true);
  write_setting(page, "rate", training->rate, true);
  write_setting(page, "split", training->split, true);
  write_setting(page, "seed", (double)training->seed, true);
  const char *schedule = json_string_value(json_object_get(settings, "schedule"));
  if (schedule && strcmp(schedule, lathe_schedule_name(LATHE_CONSTANT)) != 0) {
    fputs("<tr><th>schedule</th><td>", out);
    lathe_html_text(out, schedule);
    fputs("</td><td>description</td></tr>\n", out);
  }
  for (int i = 0; i < lathe_settings_count(); i++)
    write_setting(page, lathe_settings_name(i), lathe_settings_value(training, i), false);
  const json_t *threads = json_object_get(settings, "threads");
  if (json_is_integer(threads))
    fprintf(out,
            "<tr><th>threads</th><td class=\"n\">%lld</td><td>command line, or the machine; of no "
            "influence on results</td></tr>\n",
            (long long)json_integer_value(threads));
  fputs("</tbody></table></div>\n", out);
  write_ending(page);
  const char *key;
  json_t *value, *compiled = json_object_get(page->record, "compiled");
  if (compiled) {
    fputs("<h3>Compiled in, from the description</h3>\n<div class=\"scroll\"><table><tbody>\n",
          out);
    json_object_foreach(compiled, key, value) if (json_is_string(value))
        lathe_html_fact(out, key, "%s", json_string_value(value));
    fputs("</tbody></table></div>\n", out);
  }
  return true;
}

bool lathe_report_has_reproduce(const struct lathe_report_page *page)
{
  (void)page;
  return true;
}

/* A word as a shell reads it. */
static void write_word(FILE *out, const char *word)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "_-./,:=+@%";
  if (*word && word[strspn(word, plain)] == '\0') {
    lathe_html_text(out, word);
    return;
  }
  lathe_html_text(out, "'");
  while (*word) {
    size_t length = strcspn(word, "'");
    lathe_html_printf(out, "%.*s", (int)length, word);
    word += length;
    if (*word == '\'') {
      lathe_html_text(out, "'\\''");
      word++;
    }
  }
  lathe_html_text(out, "'");
}

static void write_path(const struct lathe_report_page *page, const char *option, const char *member,
                       const char *key)
{
  const char *path = json_string_value(json_object_get(json_object_get(page->record, member), key));
  if (!path)
    return;
  fprintf(page->out, " \\\n    --%s ", option);
  write_word(page->out, path);
}

/* The fewest digits from which a number reads back as it is. */
static int digits_of(double value)
{
  char text[32];
  for (int digits = 1; digits < 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value)
      return digits;
  }
  return 17;
}

static void write_option(const struct lathe_report_page *page, const char *option, const char *name)
{
  const json_t *value = json_object_get(json_object_get(page->record, "settings"), name);
  if (json_is_integer(value))
    fprintf(page->out, " --%s %lld", option, (long long)json_integer_value(value));
  else if (json_is_number(value))
    fprintf(page->out, " --%s %.*g", option, digits_of(json_number_value(value)),
            json_number_value(value));
}

/* The command that trains the same again; every setting is in it. */
static void write_command(const struct lathe_report_page *page)
{
  FILE *out = page->out;
  bool valid = json_is_object(json_object_get(page->record, "valid"));
  fputs("<pre>lathe build model.lathe -o ", out);
  write_word(out, page->model->name);
  fputs("\n./", out);
  write_word(out, page->model->name);
  fputs(" train", out);
  write_path(page, "data", "data", "path");
  write_path(page, "labels", "data", "labels");
  write_path(page, "label-column", "data", "label_column");
  write_path(page, "only", "data", "only");
  write_path(page, "valid", "valid", "path");
  write_path(page, "labelled", "labelled", "path");
  fputs(" \\\n   ", out);
  write_option(page, "epochs", "epochs");
  if (!lathe_is_alone(page->model))
    write_option(page, "batch", "batch");
  write_option(page, "lr", "rate");
  if (!valid) /* which exclude each other */
    write_option(page, "split", "split");
  write_option(page, "seed", "seed");
  fputs(" --run again</pre>\n", out);
}

static void write_file(const struct lathe_report_page *page, const char *name, const char *member)
{
  const json_t *file = json_object_get(page->record, member);
  const char *path = json_string_value(json_object_get(file, "path"));
  const char *hash = json_string_value(json_object_get(file, "sha256"));
  if (path)
    lathe_html_fact(page->out, name, "%s%s%s", path, hash ? ", SHA-256 " : "", hash ? hash : "");
}

/* A run that has diverged went on at another rate, from a checkpoint: the command alone is not all.
 */
static void write_divergences(const struct lathe_report_page *page)
{
  size_t i;
  json_t *one, *all = json_object_get(page->record, "diverged");
  json_array_foreach(all, i, one)
  {
    const char *words = json_string_value(json_object_get(one, "words"));
    json_int_t kept = json_integer_value(json_object_get(one, "checkpoint"));
    double rate = json_number_value(json_object_get(one, "rate"));
    fputs("<p>", page->out);
    lathe_html_printf(page->out,
                      "This run diverged at the learning rate %g, and went on from its state after "
                      "step %lld: %s.",
                      rate, (long long)(kept > 0 ? kept : 0), words ? words : "?");
    fputs("</p>\n", page->out);
  }
}

bool lathe_report_reproduce(struct lathe_report_page *page, struct lathe_error *err)
{
  const struct lathe_model *model = page->model;
  FILE *out = page->out;
  (void)err;
  const char *imported = json_string_value(json_object_get(page->record, "imported_from"));
  if (imported) {
    fputs("<p>", out);
    lathe_html_printf(out, "The weights were not trained here: they were imported from %s.",
                      imported);
    fputs("</p>\n", out);
  } else {
    fputs("<p>The same description, data, seed and build give the same bits, for any number of "
          "threads. <code>model.lathe</code> is in the run folder, and below.</p>\n",
          out);
    write_command(page);
    write_divergences(page);
  }
  fputs("<div class=\"scroll\"><table><tbody>\n", out);
  lathe_html_fact(out, "model", "%s, fingerprint %s", model->name, model->fingerprint);
  const json_t *description = json_object_get(page->record, "description");
  const char *hash = json_string_value(json_object_get(description, "sha256"));
  if (hash)
    lathe_html_fact(out, "description", "model.lathe, SHA-256 %s", hash);
  write_file(page, "data", "data");
  write_file(page, "validation data", "valid");
  write_file(page, "labelled data", "labelled");
  const char *key;
  json_t *value, *build = json_object_get(page->record, "build");
  json_object_foreach(build, key, value) if (json_is_string(value))
      lathe_html_fact(out, key, "%s", json_string_value(value));
  lathe_html_fact(out, "this report", "lathe %s", LATHE_VERSION);
  fputs("</tbody></table></div>\n<details><summary>The description</summary>\n<pre>", out);
  for (const char *const *piece = model->source; *piece; piece++)
    lathe_html_text(out, *piece);
  fputs("</pre></details>\n", out);
  return true;
}
