/* The parts that check.c puts together. */
#ifndef CHECK_PARTS_H
#define CHECK_PARTS_H

#include "check_statement.h"
#include "shapes.h"

/* The description under check, found in the tree. */
struct found {
  const struct ast_node *model;
  const struct ast_node *input, *latent;
  const struct ast_node *encoder, *decoder, *loss, *mixture, *train; /* NULL: not there */
  bool loss_known; /* nothing is wrong with what is said of it */
};

/* Sets every member of struct model that a setting stores to its default. */
void settings_defaults(struct model *model);

/* What the settings of `train` mean together and for this input. */
void settings_check_train(struct checker *checker, const struct ast_node *train);

/* What `kl` of the loss section says of its weight's course; clears what then says nothing. */
void settings_check_divergence(struct checker *checker, const struct ast_node *loss);

/* Reads the statements of `set` among the children of `block` (sections are passed over) into
 * checker->model; `place` is the block's name in messages. */
void settings_read(struct checker *checker, const struct ast_node *block, enum rule_set set,
                   const char *place);

/* What `normalise` needs of the input and of the likelihood (check_normalise.c). */
void normalise_check(struct checker *checker, const struct found *found);

/* And what is said of it in vain. */
void normalise_warn(struct checker *checker, const struct found *found);

/* Reports what a description says of layers and their training that has none (model->alone). */
void settings_alone(struct checker *checker, const struct found *found);

/* The layer in whose braces layers are read. */
struct holder {
  const struct rule *rule;
  struct shape received;
  struct origin from;
  int first;    /* of its layers, in the section */
  int shortcut; /* -1: none yet */
};

/* The layers of one section: what they receive at first and where that comes from. */
struct layers_check {
  const struct ast_node *node;
  struct section *section;
  struct shape shape; /* in: what the first layer receives; out: what the last one gives; rank 0
                         where an error left it unknown */
  struct origin from;
  const struct ast_node *latent; /* the statement that declares it; NULL when there is none */
  bool encoder;
  int depth;             /* of layers within layers, */
  struct holder *holder; /* the innermost of which is this */
  bool misplaced;        /* the head stands where it cannot */
  double *parameters;    /* the model's, counted on */
};
void layers_read(struct checker *checker, struct layers_check *layers);

/* Adds the shapes up to layer `failed` (or the end of the section) to the last error. */
void shapes_report(struct checker *checker, const struct layers_check *layers, int failed);

/* Adds to the last error what would make the layers from `first` to before `end` give the shape
 * `wanted`, where the last one that makes a shape of its own could (check_fit.c). */
void fit_suggest(struct checker *checker, const struct section *section, int first, int end,
                 const struct shape *wanted);

/* Reads what `defaults` say into checker->defaults. */
void defaults_read(struct checker *checker, const struct ast_node *nodes);

/* Reports what is legal but hardly meant, in a model without errors (check_warnings.c). */
void warnings_find(struct checker *checker, const struct found *found);

/* Of the layers of one section (check_warnings_layers.c). */
void warnings_of_layers(struct checker *checker, const struct section *section);

/* Whether a tensor of so many values can be; reports at `span`, naming `what`, when it cannot. */
bool count_check(struct checker *checker, struct span span, double count, const char *what);

#endif
