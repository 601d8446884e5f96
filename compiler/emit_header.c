#include "emit_header.h"
#include "emit_optimiser.h"
#include "emit_program.h"
#include "op.h"

/* The public header's part on EM. */
static void emit_em_prototypes(struct emitter *e)
{
  emit(e,
       "/* One EM iteration on n points [n, $latent]: the mixture is replaced by the next one, "
       "`floor`\n"
       " * added to its variances, and *log_likelihood is the points' mean log-likelihood under "
       "the\n"
       " * mixture as it was. Returns 0, or 1 + the first component whose covariance is not "
       "positive\n"
       " * definite; the mixture is then unchanged. The state must have been made for training. "
       "*/\n"
       "int ${model}_em_step(struct lathe_state *state, int64_t n, const $real *points,\n"
       "struct lathe_mixture *mixture, double floor, double *log_likelihood);\n\n"
       "/* Posterior probabilities [n, $components] of the components for points [n, $latent] and, "
       "if\n"
       " * not NULL, each point's log-likelihood [n]. Returns as em_step does. */\n"
       "int ${model}_responsibilities(const struct lathe_mixture *mixture, int64_t n,\n"
       "const $real *points, double *posterior, double *log_likelihood);\n\n");
}

void emit_alone_header(struct emitter *e, const struct compilation *c)
{
  emit_bind_int(e, "em_doubles", c->em_doubles);
  emit(
      e,
      "/* $model: a Gaussian mixture.\n"
      " *\n"
      " * Points are $input_shape, $input values each. A state (state.h) holds all memory that EM\n"
      " * needs: lathe_state_new makes one, or lathe_state_attach puts it into memory of yours,\n"
      " * lathe_arena_bytes long. No function here allocates. */\n"
      "#ifndef LATHE_EMITTED_${MODEL}_H\n"
      "#define LATHE_EMITTED_${MODEL}_H\n\n"
      "#include <lathe/model.h>\n\n"
      "enum {\n"
      "${MODEL}_INPUT = $input,\n"
      "${MODEL}_COMPONENTS = $components,\n"
      "${MODEL}_EM_DOUBLES = $em_doubles, /* memory of EM, in values of type double */\n"
      "};\n\n");
  emit_em_prototypes(e);
  emit(e, "/* The most probable component [n] of each of n points. posterior [n, $components] is "
          "filled on\n"
          " * the way. Returns as em_step does. */\n"
          "int ${model}_classify(const struct lathe_mixture *mixture, int64_t n, const $real "
          "*points,\n"
          "double *posterior, int *component);\n\n"
          "/* What the runtime needs to know of the model: sizes, settings, entry points. */\n"
          "extern const struct lathe_model ${model}_model;\n\n"
          "#endif\n");
}

/* What the header says of a variational autoencoder, and of a plain one. */
static void bind_kind(struct emitter *e, const struct model *model)
{
  static const char *const likelihoods[] = {[LATHE_BERNOULLI] = "Bernoulli",
                                            [LATHE_GAUSSIAN] = "Gaussian",
                                            [LATHE_CATEGORICAL] = "categorical"};
  const char *likelihood = likelihoods[model->likelihood];
  long long latent = model->latent, input = (long long)shape_size(&model->input);
  if (model->kind == LATHE_PLAIN) {
    emit_bind(e, "kind", "an autoencoder");
    emit_bind(e, "encoded",
              "Codes, as `mean` [n, %lld], of images [n, %lld]. `logvar` is not written: NULL will "
              "do.",
              latent, input);
    emit_bind(
        e, "losses",
        "The loss in nats an image, mean over the n images: %s reconstruction. `noise` is not "
        "read:\n * NULL will do.",
        likelihood);
    return;
  }
  emit_bind(e, "kind", "a variational autoencoder");
  emit_bind(e, "encoded",
            "Means and log-variances [n, %lld] of the posterior q(z | x) of images [n, %lld]. With "
            "NULL\n * for `logvar` the means alone are computed.",
            latent, input);
  emit_bind(e, "losses",
            "Losses in nats an image, means over the n images: %s reconstruction and KL divergence "
            "of\n"
            " * the posterior, sampled with noise [n, %lld] from N(0, 1).",
            likelihood, latent);
  if (lathe_kl_scheduled(&model->training))
    emit_bind(e, "losses",
              "%s Their total has the\n * full weight of the divergence; in the gradients of a "
              "training step it is state->kl_weight.",
              emit_value(e, "losses"));
}

void emit_header(struct emitter *e, const struct compilation *c)
{
  emit_bind_int(e, "parameters", c->parameter_count);
  emit_bind_int(e, "arena_fixed", c->fixed_inference);
  emit_bind_int(e, "arena_training", c->fixed_training);
  emit_bind_int(e, "per_image", c->per_image_inference);
  emit_bind_int(e, "per_image_training", c->per_image_training);
  emit_bind_int(e, "scratch", c->scratch);
  emit_bind_int(e, "em_doubles", c->em_doubles);
  emit_bind_int(e, "batch", c->model->training.batch);
  bind_kind(e, c->model);
  emit(
      e,
      "/* $model: $kind with a Gaussian mixture on its latents.\n"
      " *\n"
      " * Images are $input_shape, row by row, $input values each; latents have $latent values.\n"
      " * A state (state.h) holds all memory: lathe_state_new makes one for up to `capacity` "
      "images\n"
      " * in a call, or lathe_state_attach puts it into memory of yours, lathe_arena_bytes long. "
      "No\n"
      " * function here allocates. n is 1 .. capacity, except where it counts points. */\n"
      "#ifndef LATHE_EMITTED_${MODEL}_H\n"
      "#define LATHE_EMITTED_${MODEL}_H\n\n"
      "#include <lathe/model.h>\n\n"
      "enum {\n"
      "${MODEL}_INPUT = $input,\n"
      "${MODEL}_LATENT = $latent,\n"
      "${MODEL}_COMPONENTS = $components,\n"
      "${MODEL}_PARAMETERS = $parameters, /* trained */\n"
      "${MODEL}_BATCH = $batch, /* images of a training step, by the description */\n"
      "/* Memory, in values of type $real: fixed, for each image of the capacity, for each thread. "
      "*/\n"
      "${MODEL}_FIXED = $arena_fixed,\n"
      "${MODEL}_FIXED_TRAINING = $arena_training,\n"
      "${MODEL}_PER_IMAGE = $per_image,\n"
      "${MODEL}_PER_IMAGE_TRAINING = $per_image_training,\n"
      "${MODEL}_SCRATCH = $scratch,\n"
      "${MODEL}_EM_DOUBLES = $em_doubles, /* of type double, in training */\n"
      "};\n\n"
      "/* $encoded */\n"
      "void ${model}_encode(struct lathe_state *state, int n, const $real *images, $real *mean,\n"
      "$real *logvar);\n\n"
      "/* Images [n, $input] decoded from latents [n, $latent]. */\n"
      "void ${model}_decode(struct lathe_state *state, int n, const $real *latents, $real "
      "*images);\n\n"
      "/* $losses */\n"
      "struct lathe_loss ${model}_evaluate(struct lathe_state *state, int n, const $real *images,\n"
      "const $real *noise);\n\n"
      "/* The same, and one step of the optimiser at learning rate `rate`; `step` counts from 1. "
      "The\n"
      " * state must have been made for training. */\n"
      "struct lathe_loss ${model}_train_step(struct lathe_state *state, int n, const $real "
      "*images,\n"
      "const $real *noise, double rate, int64_t step);\n\n");
  emit_em_prototypes(e);
  emit(
      e,
      "/* The most probable component [n] of each of n images. mean and logvar [n, $latent] and\n"
      " * posterior [n, $components] are filled on the way; logvar may be NULL. Returns as em_step "
      "does. */\n"
      "int ${model}_classify(struct lathe_state *state, const struct lathe_mixture *mixture, int "
      "n,\n"
      "const $real *images, $real *mean, $real *logvar, double *posterior, int *component);\n\n"
      "/* What the runtime needs to know of the model: tensors, settings, entry points. */\n"
      "extern const struct lathe_model ${model}_model;\n\n"
      "#endif\n");
}

void emit_internal_header(struct emitter *e, const struct compilation *c)
{
  emit(e,
       "/* Where everything of $model lies in its arena. Offsets count values of type $real. */\n"
       "#ifndef LATHE_EMITTED_${MODEL}_INTERNAL_H\n"
       "#define LATHE_EMITTED_${MODEL}_INTERNAL_H\n\n"
       "#include \"${model}.h\"\n\n"
       "/* Parameters and buffers, in the fixed part; shapes as they lie in memory. */\n"
       "enum {\n");
  emit_parameter_offsets(e, c);
  emit_bind_int(e, "trained", c->trained);
  emit_bind_int(e, "gradients", c->gradients);
  emit(e, "};\n\n"
          "/* Parameters take up the first ${MODEL}_TRAINED values;\n"
          " * gradients");
  emit(e, c->fixed_temporaries > c->gradients + c->trained
              ? " and the optimiser's state follow in the same order. */\n"
              : " follow in the same order. */\n");
  emit(e, "enum {\n"
          "${MODEL}_TRAINED = $trained,\n"
          "${MODEL}_GRADIENTS = $gradients,\n");
  for (int i = 0; i < LATHE_MOMENTS; i++)
    if (c->moments[i] > 0) {
      emit_bind(e, "MOMENT", "%s", emit_upper(e->mem, optimiser_moment(e, i)));
      emit_bind_int(e, "moment", c->moments[i]);
      emit(e, "${MODEL}_$MOMENT = $moment,\n");
    }
  emit(e, "};\n");
  for (int i = 0; i < PROGRAM_COUNT; i++) {
    struct schedule *s = c->programs[i];
    struct emitter *values = emitter_new(c->mem, c->model);
    values->depth = 1;
    emit_offsets(values, s);
    if (values->out.length == 0)
      continue;
    emit_bind(e, "program", "%s", s->graph->name);
    emit_bind(e, "values", "%s", values->out.data);
    emit(e, "\n/* Values of `$program`: in the batch part, times the capacity, unless `fixed` is "
            "said.\n"
            " * Values that do not live at the same time share their place. */\n"
            "enum {\n");
    text_printf(&e->out, "%s", values->out.data);
    emit(e, "};\n");
  }
  emit(e, "\n/* The arguments of one call, for its tasks. */\n"
          "struct ${model}_call {\n"
          "int n;\n"
          "size_t capacity;\n"
          "$real *fixed, *batch, *scratch;\n"
          "const $real *images, *noise, *latents;\n"
          "$real *mean, *logvar, *decoded;\n"
          "const struct ${model}_update *update; /* NULL: gradients are left in memory */\n");
  if (model_draws(c->model))
    emit(e, "struct lathe_draw draw;\n");
  if (lathe_kl_scheduled(&c->model->training))
    emit(e, "double kl_weight; /* of the divergence in the gradients */\n");
  emit(e, "};\n\n");
  emit_update_struct(e);
  emit(e,
       "/* The two halves of a training step. Backward leaves the gradients of all parameters, or, "
       "with\n"
       " * an update, applies those of weight matrices as it makes them and leaves only the "
       "others. */\n"
       "struct lathe_loss ${model}_forward(struct lathe_state *state, int n, const $real *images,\n"
       "const $real *noise);\n"
       "void ${model}_backward(struct lathe_state *state, int n, const $real *images,\n"
       "const $real *noise, const struct ${model}_update *update);\n\n"
       "#endif\n");
}
