#include "generate.h"
#include "draw.h"
#include <stdlib.h>

enum { MOST_LAYERS = 6 }; /* of encoder and decoder, without their ends */

/* ---- Sections ---- */

static void print_layers(struct generator *g, const struct layers *layers, bool reversed)
{
  for (int i = 0; i < layers->count; i++)
    fprintf(g->out, "    %s\n", layers->text[reversed ? layers->count - 1 - i : i]);
}

static void print_encoder(struct generator *g, struct shape input, const char *head)
{
  struct layers layers = {.count = 0};
  for (int i = between(g, 0, MOST_LAYERS); i > 0; i--)
    encode_layer(g, &layers, &input);
  fprintf(g->out, "  encoder {\n");
  print_layers(g, &layers, false);
  fprintf(g->out, "    %s z;\n  }\n", head);
}

static void print_decoder(struct generator *g, int latent, struct shape output, bool bernoulli)
{
  struct layers layers = {.count = 0};
  if (bernoulli)
    add(&layers, "sigmoid;");
  for (int i = between(g, 0, MOST_LAYERS); i > 0; i--)
    decode_layer(g, &layers, &output);
  if (output.rank > 1 || output.dim[0] != latent || one_in(g, 2))
    add(&layers, "linear %s;", shape_words(output));
  while (one_in(g, 4))
    add_same(g, &layers, vector(latent));
  fprintf(g->out, "  decoder {\n");
  print_layers(g, &layers, true);
  fprintf(g->out, "  }\n");
}

static void print_loss(struct generator *g, bool bernoulli, int outputs, bool divergence)
{
  fprintf(g->out, "  loss {\n");
  if (outputs > 2)
    fprintf(g->out, "    categorical %d%s;\n", outputs, CHOICE(g, "", ", decode mode"));
  else if (outputs == 2)
    fprintf(g->out, "    gaussian, variance predicted, floor 0.%d;\n", between(g, 1, 9));
  else if (!bernoulli && one_in(g, 2))
    fprintf(g->out, "    gaussian, variance %s;\n", CHOICE(g, "learned", "learned_each"));
  else if (!bernoulli)
    fprintf(g->out, one_in(g, 2) ? "    gaussian;\n" : "    gaussian, variance 0.%d;\n",
            between(g, 1, 9));
  else if (one_in(g, 2))
    fprintf(g->out, "    bernoulli;\n");
  if (divergence && one_in(g, 2))
    fprintf(g->out, "    kl %s%s%s;\n", CHOICE(g, "0", "0.1", "1.0", "4"),
            CHOICE(g, "", "", ", free_bits 0.02", ", free_bits 0.3"),
            CHOICE(g, "", "", ", warmup 5", ", warmup 90, unit steps", ", cycles 4",
                   ", cycles 9, ramp 0.25, unit steps"));
  fprintf(g->out, "  }\n");
}

static void print_mixture(struct generator *g)
{
  fprintf(g->out, "  mixture {\n    components %d;\n    covariance %s;\n", between(g, 1, 6),
          CHOICE(g, "full", "diag", "tied", "spherical"));
  if (one_in(g, 2))
    fprintf(g->out, "    floor %s;\n", CHOICE(g, "0", "1e-6", "1e-3", "0.1"));
  if (one_in(g, 2))
    fprintf(g->out, "    init %s;\n", CHOICE(g, "kmeans++", "random", "labelled"));
  if (one_in(g, 4))
    fprintf(g->out, "    tolerance 1e-%d; iterations %d; restarts %d;\n", between(g, 2, 9),
            between(g, 1, 200), between(g, 1, 5));
  fprintf(g->out, "  }\n");
}

static void print_optimiser(struct generator *g)
{
  const char *decay = CHOICE(g, "", ", weight_decay 1e-3");
  int kind = between(g, 1, 5);
  if (kind == 1)
    fprintf(g->out, "    adam %s, beta1 0.%d, eps 1e-%d%s;\n", CHOICE(g, "1e-3", "9e-4", "0.05"),
            between(g, 0, 9), between(g, 6, 9), decay);
  else if (kind == 2)
    fprintf(g->out, "    adamw %s, beta2 0.9%d%s;\n", CHOICE(g, "1e-3", "9e-4", "0.05"),
            between(g, 0, 9), decay);
  else if (kind == 3)
    fprintf(g->out, "    sgd 0.0%d%s%s;\n", between(g, 1, 9),
            CHOICE(g, "", ", momentum 0.9", ", momentum 0.9, nesterov"), decay);
  else if (kind == 4)
    fprintf(g->out, "    rmsprop 1e-%d, alpha 0.9%s%s%s;\n", between(g, 2, 4),
            CHOICE(g, "", ", momentum 0.5"), CHOICE(g, "", ", centered"), decay);
  if (one_in(g, 3))
    fprintf(g->out, "    clip %s;\n", CHOICE(g, "1", "0.1", "0.1, by value"));
}

static void print_schedule(struct generator *g)
{
  int kind = between(g, 1, 6);
  if (kind == 1)
    fprintf(g->out, "    step %d, gamma 0.%d;\n", between(g, 1, 30), between(g, 1, 9));
  else if (kind == 2)
    fprintf(g->out, "    exponential 0.%d;\n", between(g, 1, 9));
  else if (kind == 3)
    fprintf(g->out, "    cosine%s;\n", CHOICE(g, "", ", minimum 1e-5", ", over 7"));
  else if (kind == 4)
    fprintf(g->out, "    plateau, gamma 0.%d, patience %d, cooldown %d;\n", between(g, 1, 9),
            between(g, 0, 9), between(g, 0, 3));
  if (one_in(g, 4))
    fprintf(g->out, "    warmup %d%s;\n", between(g, 1, 5),
            CHOICE(g, "", ", unit steps", ", start 0.5"));
  if (one_in(g, 4))
    fprintf(g->out, "    early_stopping %d%s;\n", between(g, 1, 9), CHOICE(g, "", ", gain 0.1"));
}

/* Pixels are moved where there are sides that are long enough. */
static void print_augmentation(struct generator *g, struct shape input)
{
  bool moves = input.rank > 1;
  for (int i = 1; i < input.rank; i++)
    moves = moves && input.dim[i] > 2;
  fprintf(g->out, "    augment, noise 0.0%d%s;\n", between(g, 1, 9),
          moves ? CHOICE(g, "", ", shift 2", ", flip 0.5", ", shift 1, flip 0.1") : "");
}

static void print_training(struct generator *g, struct shape input)
{
  fprintf(g->out, "  train {\n");
  print_optimiser(g);
  print_schedule(g);
  if (one_in(g, 4))
    print_augmentation(g, input);
  fprintf(g->out, "    batch %d;\n  }\n", between(g, 1, 100));
}

static void print_alone(struct generator *g)
{
  fprintf(g->out, "  input x %s;\n", shape_words(vector(between(g, 1, 12))));
  print_mixture(g);
  if (one_in(g, 2))
    fprintf(g->out, "  train { seed %d; split 0.%d; }\n", between(g, 0, 99), between(g, 1, 9));
}

static struct shape draw_input(struct generator *g)
{
  if (one_in(g, 3))
    return vector(between(g, 1, 60));
  if (one_in(g, 3))
    return series(between(g, 1, 4), between(g, 1, 60));
  return image(between(g, 1, 3), between(g, 1, 13), between(g, 1, 13));
}

/* Numbers in brackets, one for each channel (or feature), or one for all. */
static void print_numbers(struct generator *g, const char *name, int count)
{
  bool one = one_in(g, 2);
  fprintf(g->out, ", %s %s0.%d", name, one ? "" : "[", between(g, 2, 9));
  for (int i = 1; i < count && !one; i++)
    fprintf(g->out, ", 0.%d", between(g, 2, 9));
  fprintf(g->out, one ? "" : "]");
}

static void print_normalisation(struct generator *g, struct shape input)
{
  if (one_in(g, 3)) {
    fprintf(g->out, "  normalise given");
    print_numbers(g, "mean", input.dim[0]);
    print_numbers(g, "deviation", input.dim[0]);
  } else {
    fprintf(g->out, "  normalise %s%s", CHOICE(g, "standard", "minmax"),
            CHOICE(g, "", ", per value", ", per all"));
  }
  fprintf(g->out, ";\n");
}

static void print_network(struct generator *g)
{
  struct shape input = draw_input(g);
  bool bernoulli = !one_in(g, 3);
  int latent = between(g, 1, one_in(g, 5) ? 24 : 6);
  fprintf(g->out, "  input x %s%s;\n", shape_words(input),
          bernoulli ? "" : CHOICE(g, "", ", range [-1, 1]", ", range [0, 2]"));
  bool code = one_in(g, 6);
  fprintf(g->out, "  latent z [%d]%s;\n", latent, !code && one_in(g, 6) ? ", logvar [-4, 3]" : "");
  print_encoder(g, input, code ? "code" : "gaussian");
  int outputs = bernoulli || one_in(g, 2) ? 1 : one_in(g, 2) ? 2 : between(g, 3, 9);
  struct shape end = input;
  end.dim[0] *= outputs;
  print_decoder(g, latent, end, bernoulli);
  if (!bernoulli || one_in(g, 2))
    print_loss(g, bernoulli, outputs, !code);
  if (one_in(g, 2))
    print_mixture(g);
  if (one_in(g, 2))
    print_training(g, input);
  if (!bernoulli && outputs <= 2 && one_in(g, 2))
    print_normalisation(g, input);
}

char *random_description(uint64_t seed)
{
  char *text = NULL;
  size_t length = 0;
  struct generator g = {.seed = seed, .out = open_memstream(&text, &length)};
  if (g.out == NULL)
    return NULL;
  fprintf(g.out, "model random_%llu {\n", (unsigned long long)seed);
  if (one_in(&g, 4))
    fprintf(g.out, "  precision %s;\n", CHOICE(&g, "float32", "float64"));
  if (one_in(&g, 12))
    print_alone(&g);
  else
    print_network(&g);
  fprintf(g.out, "}\n");
  fclose(g.out);
  return text;
}
