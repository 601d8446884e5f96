/* Statements against their rules: which attributes one gives, and what it makes of the others. */
#ifndef CHECK_STATEMENT_H
#define CHECK_STATEMENT_H

#include "ast.h"
#include "model.h"

/* The value of one attribute, given or by default. */
struct given_value {
  const struct ast_value *at; /* where it is written; NULL by default */
  double number;              /* of a choice, its value; of a shape, the count of its values */
  double high;                /* of a range, the upper bound; `number` is the lower; of sides, the
                                 width; `number` is the height */
  const char *word;           /* of a name; of a choice as well when it is given */
  struct shape shape;
  struct numbers numbers; /* several of them */
};

struct given {
  const struct rule *rule;
  struct given_value value[RULE_MAX_ATTRIBUTES]; /* by the attribute's position in the rule */
};

/* What all checks share. */
struct checker {
  struct mem *mem;
  struct diags *diags;
  const struct source *source;
  struct model *model;
  bool incomplete;    /* text was lost: do not complain of what is missing */
  bool defaults_lost; /* `defaults` are misspelt: layers may lack values for that reason */
  bool lost;          /* a setting was not understood, and is at its default */
  unsigned listed;    /* bit 1 << set: the names of that rule set were listed in a message */
  int *unknown;       /* where unknown statements begin that are repeated or in blocks */
  int unknown_count, unknown_capacity;
  struct given defaults[LAYER_KINDS]; /* what layers take that do not say; rule NULL: nothing */
};

/* Fills `given` with the rule's defaults. */
void given_defaults(struct given *given, const struct rule *rule);

/* Whether there are so many errors that no more are looked for. */
bool given_up(const struct checker *checker);

/* Reads a statement of kind `rule`; false when something of it is wrong (and was reported). */
bool statement_read(struct checker *checker, const struct ast_node *node, const struct rule *rule,
                    struct given *given);

/* Reads one `, name value`. */
bool attribute_read(struct checker *checker, const struct ast_attribute *written,
                    struct given *given);

/* Reads one value as `attribute` of `rule` takes it (check_value.c). */
bool value_read(struct checker *checker, const struct rule *rule, const struct attribute *attribute,
                const struct ast_value *value, struct given_value *out);

/* The statement as it would be written, defaults left out: "conv2d 64, kernel 4, stride 2". */
const char *statement_text(struct mem *mem, const struct given *given);

/* The rule of a statement that stands in a block holding `set` (called `place` in messages: "the
 * encoder"); NULL, reported, when there is none or the node is no statement. */
const struct rule *statement_rule(struct checker *checker, const struct ast_node *node,
                                  enum rule_set set, const char *place);

/* The first child of that name; NULL when there is none, or `block` is NULL. */
const struct ast_node *statement_find(const struct ast_node *block, const char *name);

/* What a statement says by that name; NULL: nothing, or `node` is NULL. */
const struct ast_attribute *attribute_find(const struct ast_node *node, const char *name);

/* Whether a statement or section of that name is to be complained of as missing: it is not there,
 * not misspelt, and no text was lost. */
bool statement_missing(const struct checker *checker, const struct ast_node *block,
                       const char *name);

/* Whether a word may name something of the user's; reports when it may not. */
bool name_check(struct diags *diags, struct ast_word word);

/* Reports that `what` stands twice, the first time at `first`. */
void report_twice(struct checker *checker, struct span again, struct span first, const char *what);

/* Advice on how a statement is written, below an error. */
void help_usage(struct checker *checker, const struct rule *rule);

/* Report a statement that may not stand in a block of `set`, called `place`, and an attribute that
 * `rule` does not have, with what could have been meant (check_unknown.c). */
void unknown_statement(struct checker *checker, const struct ast_node *node, enum rule_set set,
                       const char *place);
void unknown_attribute(struct checker *checker, const struct ast_attribute *written,
                       const struct rule *rule);

/* The source text of a span, for a message; of several lines the first. */
const char *quoted(const struct checker *checker, struct span span);

#endif
