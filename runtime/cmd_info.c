/* info: what this binary was built from and what it will use. */
#include "command.h"
#include "json.h"
#include "learned.h"
#include "pool.h"
#include "run.h"
#include "session.h"
#include "version.h"
#include "words.h"
#include <stdio.h>

struct facts {
  int batch, threads;
  size_t training_bytes, inference_bytes;
  const char *compiler, *flags;
  const char *blas;   /* NULL: none is called */
  const char *target; /* NULL: not known */
  char needs[LATHE_FEATURES_TEXT];
};

static struct facts find_facts(const struct lathe_call *call)
{
  const struct lathe_model *model = call->model;
  const struct lathe_options *options = &call->options;
  struct lathe_pool *pool = lathe_pool_new((int)options->threads);
  struct facts facts = {
      .batch = options->batch > 0 ? (int)options->batch : model->training.batch,
      .threads = lathe_pool_threads(pool),
      .compiler = __VERSION__,
      .flags = model->flags,
      .blas = model->blas ? model->blas->config() : NULL,
  };
  lathe_pool_free(pool);
  if (model->target) {
    facts.target = model->target->name;
    lathe_features_text(model->target->features, facts.needs);
  }
  facts.training_bytes = lathe_arena_bytes(model, facts.batch, facts.threads, true);
  facts.inference_bytes = lathe_arena_bytes(model, facts.batch, facts.threads, false);
  return facts;
}

static json_t *input_json(const struct lathe_model *model)
{
  json_t *shape = json_array();
  for (int i = 0; i < model->input_rank; i++)
    json_array_append_new(shape, json_integer(model->input_shape[i]));
  return shape;
}

static json_t *layers_json(const struct lathe_model *model)
{
  json_t *layers = json_array();
  for (int i = 0; i < model->layer_count; i++) {
    const struct lathe_layer *layer = &model->layers[i];
    json_array_append_new(layers, json_pack("{s:s, s:s, s:s, s:I}", "name", layer->name, "layer",
                                            layer->text, "shape", layer->shape, "parameters",
                                            (json_int_t)layer->parameters));
  }
  return layers;
}

static bool print_json(const struct lathe_model *model, const struct facts *facts,
                       const struct lathe_session *session, struct lathe_error *err)
{
  json_t *json = json_pack(
      "{s:s, s:s, s:s, s:s, s:o, s:i, s:I, s:o, s:o, s:o, s:i, s:i, s:I, s:I, s:s, s:s?, "
      "s:s?, s:s?, s:s}",
      "model", model->name, "fingerprint", model->fingerprint, "precision", model->precision,
      "lathe", LATHE_VERSION, "input", input_json(model), "latent", model->latent, "parameters",
      (json_int_t)model->parameter_count, "layers", layers_json(model), "flops_forward",
      lathe_json_number(model->flops_forward), "flops_step", lathe_json_number(model->flops_step),
      "batch", facts->batch, "threads", facts->threads, "arena_training_bytes",
      (json_int_t)facts->training_bytes, "arena_inference_bytes",
      (json_int_t)facts->inference_bytes, "compiler", facts->compiler, "cflags", facts->flags,
      "blas", facts->blas, "target", facts->target, "needs", facts->needs);
  if (model->normalised)
    json_object_set_new(json, "normalise", json_string(model->normalised));
  if (!lathe_is_alone(model))
    json_object_set_new(json, "likelihood", json_string(model->loss));
  if (session)
    lathe_learned_put(session, json);
  return lathe_json_line(json, err);
}

static void print_words(const struct lathe_model *model, const struct facts *facts,
                        const struct lathe_session *session)
{
  printf("model        %s, fingerprint %s, %s\n", model->name, model->fingerprint,
         model->precision);
  printf("input        [");
  for (int i = 0; i < model->input_rank; i++)
    printf("%s%d", i > 0 ? ", " : "", model->input_shape[i]);
  printf(model->bounded ? "], values %g to %g\n" : "], of uint8 %g to %g, else any values\n",
         model->range[0], model->range[1]);
  if (model->normalised)
    printf("normalised   %s\n", model->normalised);
  if (lathe_is_alone(model)) {
    printf("mixture      %d components, of the input itself\n", model->mixing.components);
    printf("parameters   %lld, estimated by EM\n",
           (long long)lathe_mixture_freedom(model->mixing.covariance, model->mixing.components,
                                            model->latent));
  } else {
    printf("latent       %d\n", model->latent);
    printf("likelihood   %s\n", model->loss);
    if (session)
      lathe_learned_print(session);
    printf("parameters   %lld\n", (long long)model->parameter_count);
    printf("operations   %.3g %s forward, %.3g in a training step\n", model->flops_forward,
           lathe_input_one(model), model->flops_step);
  }
  printf("arena        %.2f MiB to train, %.2f MiB to infer (batches of %d, %d threads)\n",
         (double)facts->training_bytes / 0x1p20, (double)facts->inference_bytes / 0x1p20,
         facts->batch, facts->threads);
  printf("built with   lathe %s, compiler %s%s%s\n", LATHE_VERSION, facts->compiler,
         facts->flags ? ", " : "", facts->flags ? facts->flags : "");
  printf("runs on      %s, needs: %s\n", facts->target ? facts->target : "what its flags say",
         facts->needs[0] ? facts->needs : "nothing beyond the architecture");
  printf("BLAS         %s\n", facts->blas ? facts->blas : "none is called");
  if (lathe_is_alone(model))
    return;

  printf("\n");
  printf("%-14s %-44s %-16s %12s\n", "layer", "", "output shape", "parameters");
  for (int i = 0; i < model->layer_count; i++) {
    const struct lathe_layer *layer = &model->layers[i];
    printf("%-14s %-44s %-16s %12lld\n", layer->name, layer->text, layer->shape,
           (long long)layer->parameters);
  }
}

enum lathe_status lathe_command_info(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  struct lathe_session session = {0};
  struct lathe_run run;
  bool read = options->run && !lathe_is_alone(call->model);
  if (options->run && !lathe_run_open(&run, options->run, call->model, err))
    return LATHE_FAILED;
  if (read && !lathe_session_load(&session, call->model, &run, 1, 1, err))
    return LATHE_FAILED;
  struct facts facts = find_facts(call);
  bool done = true;
  if (options->json)
    done = print_json(call->model, &facts, read ? &session : NULL, err);
  else
    print_words(call->model, &facts, read ? &session : NULL);
  lathe_session_close(&session);
  return lathe_status_of(done);
}
