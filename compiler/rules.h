/* The language as tables: every layer (layers.def), section and setting (settings.def) with its
 * attributes, their types, defaults, ranges and help. The checker, the suggestions, `lathe help`
 * and the reference's tables are all driven by them; no second list exists. */
#ifndef RULES_H
#define RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { RULE_MAX_ATTRIBUTES = 9 };

/* LAYER_LINEAR, LAYER_CONV2D, ...: one for each row of layers.def. */
enum layer_kind {
#define LAYER(kind, ...) LAYER_##kind,
#include "layers.def"
  LAYER_KINDS
};

enum attribute_type {
  TYPE_INT,     /* 64 */
  TYPE_REAL,    /* 1e-3 */
  TYPE_SIDES,   /* 3, or [3, 5]: an integer for height and width, or one for each */
  TYPE_SHAPE,   /* [128, 7, 7] */
  TYPE_SIZE,    /* 6272 or [128, 7, 7]: a count of values, or the shape they take */
  TYPE_LENGTH,  /* [20]: a vector's shape */
  TYPE_RANGE,   /* [0, 1]: a lower and a greater upper bound */
  TYPE_CHOICE,  /* one of the attribute's own words */
  TYPE_NAME,    /* a name of the user's */
  TYPE_NUMBERS, /* 0.5, or [0.5, 0.4, 0.4]: one number, or one for each of several */
  TYPE_FLAG,    /* no value: what is said by being there */
};

struct choice {
  const char *word; /* NULL ends the list */
  int value;
};

struct attribute {
  const char *name; /* NULL ends the list */
  const char *help;
  enum attribute_type type;
  bool positional;          /* written without its name, before the named ones */
  bool required;            /* must be written whenever the statement is */
  bool manner;              /* says how, not what: left out of a layer's text */
  const char *initial_text; /* the default as the language writes it; NULL when there is none */
  double initial;           /* its value; of a choice, the chosen value; of a range, the lower */
  double initial_high;      /* and the upper; of sides, the width */
  double lo, hi;            /* range of a number, or of each dimension of a shape */
  bool above, below;        /* lo itself, hi itself, is excluded */
  const struct choice *choices;
  const char *(*explain)(int value); /* what a choice means; NULL: the word says it */
  size_t offset, size;               /* settings: the member of struct model that takes the value */
};

/* Where statements belong. Both encoder and decoder hold layers. */
enum rule_set {
  RULES_MODEL,
  RULES_LAYER,
  RULES_LOSS,
  RULES_MIXTURE,
  RULES_TRAIN,
};

struct layer_check;
struct layer;
struct lowering;
struct node;

/* One kind of statement. */
struct rule {
  const char *name;
  const char *help;
  enum rule_set set;
  int kind;                            /* layers: an enum layer_kind; settings: the group's value */
  bool (*shape)(struct layer_check *); /* layers: output shape from the input's (shapes.c) */
  struct node *(*lower)(struct lowering *, const struct layer *,
                        struct node *); /* to ops (lower.c) */
  bool keeps_order;    /* layers: whether a vector in any order in memory is left in that order */
  bool head;           /* layers: ends the encoder */
  bool holds_layers;   /* layers: written with braces, and other layers in them */
  bool required;       /* settings: the section must have it */
  bool even_alone;     /* settings: of use to a mixture without layers, too */
  const char *group;   /* at most one statement of a group may stand in a section */
  bool group_default;  /* the one that holds when none stands */
  size_t group_offset; /* the member of struct model that takes `kind` */
  struct attribute attributes[RULE_MAX_ATTRIBUTES + 1];
};

/* A `name { ... }` of the model. */
struct section_rule {
  const char *name;
  const char *help;
  enum rule_set set; /* what may stand in it */
  bool required;
};

/* All rules in table order: index 0 .. ; NULL beyond the last. */
const struct rule *rule_at(int index);
const struct section_rule *section_rule_at(int index);

/* The rule or section of that name; NULL when there is none. */
const struct rule *rule_find(enum rule_set set, const char *name);
const struct section_rule *section_rule_find(const char *name);

/* Whether some statement, section or form (forms.h) goes by that name. */
bool rule_is_name(const char *name);

/* Whether some statement has an attribute that is written with that name. */
bool rule_is_attribute(const char *name);

/* The index of attribute `name` in the rule; -1 when it has none. */
int rule_attribute(const struct rule *rule, const char *name);

/* What an attribute takes, in words: "an integer from 1 to 2147483647". Fills and returns text. */
const char *attribute_takes(const struct attribute *attribute, char *text, size_t size);

/* How a statement is written: what must be given in capitals, the rest by its defaults:
 * "conv2d CHANNELS, kernel N, stride 1, pad 0". */
void rule_usage(FILE *out, const struct rule *rule);

/* `lathe help [NAME]`: everything in a line each, or all about NAME. False when nothing has that
 * name (and nothing was written). */
bool rules_help(FILE *out, const char *name);

/* The same of a word that is none of these, but an attribute, or what other programs call one of
 * them (synonyms.def). */
bool rules_help_related(FILE *out, const char *name);

/* The statement, section or form whose name is the nearest; NULL when none is near. */
const char *rules_nearest(const char *name);

/* The tables of LANGUAGE.md, in Markdown. */
void rules_markdown(FILE *out);

#endif
