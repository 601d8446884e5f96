/* The typed model: a description whose every name, number and shape has been checked. */
#ifndef MODEL_H
#define MODEL_H

#include "../runtime/model.h"
#include "algorithms.h"
#include "mem.h"
#include "rules.h"
#include "source.h"
#include <stdbool.h>
#include <stdint.h>

enum { SHAPE_MAX_RANK = 3 };

/* The shape of one image's tensor, the batch left out: [features], a series [channels, length] or
 * [channels, height, width]. */
struct shape {
  int rank;
  int64_t dim[SHAPE_MAX_RANK];
};

int64_t shape_size(const struct shape *shape);
bool shape_equal(const struct shape *a, const struct shape *b);

/* "[128, 7, 7]" */
const char *shape_text(struct mem *mem, const struct shape *shape);

struct ast_node;

struct layer {
  const struct rule *rule; /* the row of layers.def */
  const char *path, *file; /* where the description says it: the file, for messages and for what is
                              emitted, and the line */
  int line;
  const char *name; /* "encoder.0": section and position, as a PyTorch nn.Sequential has it */
  const char *text; /* the statement as it would be written, defaults left out */
  double value[RULE_MAX_ATTRIBUTES];  /* numbers, by the attribute's position in the rule */
  double across[RULE_MAX_ATTRIBUTES]; /* the second number of an attribute of two sides */
  unsigned said;      /* bit 1 << position: an attribute that is written, here or in `defaults` */
  struct shape shape; /* the value of a shape attribute; rank 0 when there is none */
  struct shape in, out;
  const struct ast_node *node; /* the statement */
  /* Of a layer that holds others (they stand before it in the section): the first of them, and what
   * that receives. Of others: the layer itself. */
  int first;
  struct shape received;
  bool joined; /* whether it is the first that another layer holds */
  int source;  /* the layer whose input it receives: of a shortcut's first, and of the shortcut, the
                  first layer beside it; of others the layer itself */
  /* Of `residual` and `concat`: what they join to what their layers give, and the shortcut that
   * makes it; without one (-1) what they receive. */
  int shortcut;
  struct shape beside;
  /* Of the attribute `algorithm`, which goes before what `lathe tune` found. */
  bool commanded; /* whether the command line set it */
  struct algorithm_set tuned;
};

/* The number given (or defaulted) for attribute `name`, which the rule must have. */
double layer_value(const struct layer *layer, const char *name);
int layer_int(const struct layer *layer, const char *name);

/* The same along axis 0 or 1; an attribute of one number is the same along both. */
int layer_side(const struct layer *layer, const char *name, int axis);

/* How `upsample` fills in pixels. */
enum upsample_mode { UPSAMPLE_NEAREST, UPSAMPLE_LINEAR, UPSAMPLE_BILINEAR };

/* A variance that is not fixed: struct model's `variance` is one of these. */
enum variance_form {
  VARIANCE_LEARNED = -1,      /* a parameter */
  VARIANCE_LEARNED_EACH = -2, /* a parameter for each value of the input */
  VARIANCE_PREDICTED = -3,    /* by the decoder, for each value of each image */
};

struct section {
  struct layer *layers;
  int count;
};

/* Whether a layer gives values another shape and does nothing else. */
bool layer_reshapes(const struct layer *layer);

/* The layer whose values leave a section that has layers: the last that does more than that. */
const struct layer *section_end(const struct section *section);

/* What has one shift and one scale when the input is normalised. */
enum normalised_by { PER_CHANNEL, PER_VALUE, PER_ALL };

/* One number, or (count > 0) several. */
struct numbers {
  double one;
  const double *several;
  int count;
};

struct model {
  const char *name;
  const struct source *read_from; /* all files that it was read from */
  const char *file;               /* the description's path as given, for messages */
  const char *source;             /* and its text */
  bool float64;                   /* `precision float64` */
  /* Asked for on the command line: loops as one would first write them, without BLAS, fusion or
   * shared memory. What the fast code is compared with, and readable on its own. */
  bool plain;
  const char *input_name;
  struct shape input;
  double range[2];
  double logvar[2]; /* bounds of the log-variances */
  bool bounded;     /* values must be in that range: it was written, or the likelihood needs one */
  enum lathe_normalisation normalisation; /* of the input */
  enum normalised_by normalised_by;
  struct numbers mean, deviation; /* LATHE_NORMALISE_GIVEN: by what */
  const char *latent_name;
  int latent;            /* dimensions; of a mixture alone, the input's values */
  uint64_t memory_limit; /* bytes that the arena may take; 0: no limit */
  bool limits_inference; /* when one image is classified; else in training */
  struct span memory_limit_at;
  struct section encoder; /* its last layer is the head, `gaussian` */
  struct section decoder; /* its output has the input's shape */
  enum lathe_kind kind;
  enum lathe_likelihood likelihood;
  double variance;                       /* of a Gaussian likelihood, or an enum variance_form */
  double variance_floor, variance_start; /* of one that is not fixed; of one that is learned */
  int levels;                            /* of a categorical likelihood */
  bool decodes_mode;                     /* the likeliest of them, not their mean */
  double kl_weight;
  double free_bits; /* nats of divergence that a latent dimension has in training for nothing */
  struct lathe_mixing mixing;
  struct lathe_training training;
};

/* The layer of that name, as the table of layers prints it ("encoder.3"); NULL if there is none. */
struct layer *model_layer(const struct model *model, const char *name);

/* Whether a training step needs the norm of all gradients before it changes a parameter. */
bool model_clips_norm(const struct model *model);

/* How many outputs of the decoder there are for each value of the input. */
int64_t model_outputs(const struct model *model);

/* "gaussian, variance learned, floor 1e-06, start 1" */
const char *model_likelihood(struct mem *mem, const struct model *model);

/* How many shifts and scales there are, of a model that normalises its input. */
int64_t model_normalisers(const struct model *model);

/* "standard, per channel"; NULL when the input is not normalised. */
const char *model_normalised(struct mem *mem, const struct model *model);

/* Whether a training step draws random numbers, beside the noise that it is given. */
bool model_draws(const struct model *model);

#endif
