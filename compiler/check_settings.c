/* The settings of the model and of its sections, stored where settings.def says. */
#include "check_parts.h"
#include <string.h>

static const char *const schedule_words[] = {
#define SCHEDULE(ID, name) [LATHE_##ID] = #name,
#include "../runtime/schedules.def"
#undef SCHEDULE
};

/* The integer of `size` bytes at `member`: int and enums, uint64_t, bool. */
static void store_integer(void *member, size_t size, double number)
{
  if (size == sizeof(bool))
    *(bool *)member = number != 0;
  else if (size == sizeof(uint64_t))
    *(uint64_t *)member = (uint64_t)number;
  else
    *(int *)member = (int)number;
}

static void store_value(struct model *model, const struct attribute *a,
                        const struct given_value *value)
{
  void *member = (char *)model + a->offset;
  if (a->type == TYPE_NAME) {
    *(const char **)member = value->word;
  } else if (a->type == TYPE_SHAPE) {
    *(struct shape *)member = value->shape;
  } else if (a->type == TYPE_RANGE) {
    ((double *)member)[0] = value->number;
    ((double *)member)[1] = value->high;
  } else if (a->type == TYPE_NUMBERS) {
    *(struct numbers *)member = value->numbers;
    ((struct numbers *)member)->one = value->number;
  } else if (a->type == TYPE_REAL) {
    *(double *)member = value->number;
  } else {
    store_integer(member, a->size, value->number);
  }
}

/* Of optimisers and schedules only the chosen one's numbers are there; all others are 0. */
static void clear_group(struct model *model, const char *group)
{
  const struct given_value nothing = {0};
  const struct rule *rule;
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    for (int k = 0; rule->set == RULES_TRAIN && rule->group != NULL &&
                    strcmp(rule->group, group) == 0 && rule->attributes[k].name != NULL;
         k++)
      store_value(model, &rule->attributes[k], &nothing);
}

static void store(struct model *model, const struct given *given)
{
  const struct rule *rule = given->rule;
  if (rule->group != NULL)
    clear_group(model, rule->group);
  if (rule->group != NULL)
    store_integer((char *)model + rule->group_offset, sizeof(int), rule->kind);
  for (int i = 0; rule->attributes[i].name != NULL; i++)
    store_value(model, &rule->attributes[i], &given->value[i]);
}

/* Whether the default says that nothing is said, as of a warm-up of no length; what would refine it
 * is then 0, too. */
static bool is_absence(const struct rule *rule)
{
  const struct attribute *first = rule->attributes;
  return rule->set == RULES_TRAIN && rule->group == NULL && first->initial < first->lo;
}

void settings_defaults(struct model *model)
{
  const struct rule *rule;
  for (int chosen = 0; chosen < 2; chosen++) /* a group's default comes last, to hold */
    for (int i = 0; (rule = rule_at(i)) != NULL; i++)
      if (rule->set != RULES_LAYER && rule->group_default == (chosen == 1)) {
        struct given given;
        given_defaults(&given, rule);
        if (is_absence(rule))
          memset(given.value, 0, sizeof given.value);
        store(model, &given);
      }
}

/* The statement before `node` in its block that excludes it: of the same name or group. */
static const struct ast_node *rival(const struct ast_node *block, const struct ast_node *node,
                                    const struct rule *rule)
{
  for (const struct ast_node *other = block->children; other != node; other = other->next) {
    const struct rule *its = rule_find(rule->set, other->name.text);
    if (its == rule || (its != NULL && its->group != NULL && rule->group != NULL &&
                        strcmp(its->group, rule->group) == 0))
      return other;
  }
  return NULL;
}

/* A schedule falls from the learning rate, not to more. */
static void check_minimum(struct checker *checker, const struct ast_node *train)
{
  const struct lathe_training *t = &checker->model->training;
  if (t->minimum == 0 || t->minimum < t->rate)
    return;
  const struct ast_node *node = statement_find(train, schedule_words[t->schedule]);
  diag_report(checker->diags, CODE_MINIMUM_RATE, node->head,
              "the learning rate cannot fall to a minimum of %g: it is %g at first", t->minimum,
              t->rate);
}

/* Pixels have neighbours in images; and something of an image must stay in it. */
static void check_augment(struct checker *checker, const struct ast_node *train)
{
  const struct lathe_training *t = &checker->model->training;
  const struct shape *input = &checker->model->input;
  const struct ast_node *node = statement_find(train, "augment");
  if (node == NULL || input->rank == 0)
    return;
  int64_t least = INT64_MAX;
  for (int i = 1; i < input->rank; i++)
    least = input->dim[i] < least ? input->dim[i] : least;
  bool moves = t->augment_shift > 0 || t->augment_flip > 0;
  if (!moves && t->augment_noise == 0 && node->attributes == NULL && node->values == NULL)
    diag_report(checker->diags, CODE_NOTHING_AUGMENTED, node->head,
                "`augment` says nothing that is done: give `shift`, `noise` or `flip`");
  else if (moves && input->rank == 1)
    diag_report(checker->diags, CODE_UNMOVABLE_INPUT, node->head,
                "`%s` moves pixels of an image, and the input is the vector %s",
                t->augment_shift > 0 ? "shift" : "flip", shape_text(checker->mem, input));
  else if (t->augment_shift >= least)
    diag_report(checker->diags, CODE_UNMOVABLE_INPUT, node->head,
                "a shift of %d pixels moves all of an input %s out of it", t->augment_shift,
                shape_text(checker->mem, input));
}

void settings_check_train(struct checker *checker, const struct ast_node *train)
{
  check_minimum(checker, train);
  check_augment(checker, train);
}

void settings_check_divergence(struct checker *checker, const struct ast_node *loss)
{
  struct lathe_training *t = &checker->model->training;
  const struct ast_node *node = statement_find(loss, "kl");
  const struct ast_attribute *warmup = attribute_find(node, "warmup");
  const struct ast_attribute *cycles = attribute_find(node, "cycles");
  if (warmup != NULL && cycles != NULL) {
    diag_report(checker->diags, CODE_EXCLUDED, cycles->span,
                "`warmup` and `cycles` exclude each other: the weight rises once, or again and "
                "again");
    diag_note(checker->diags, warmup->span, "`warmup` stands here");
  }
  if (t->kl_cycles == 0)
    t->kl_ramp = 0;
  if (!lathe_kl_scheduled(t))
    t->kl_steps = false;
}

/* Nesterov's step looks ahead along the momentum. */
static void check_momentum(struct checker *checker, const struct given *given)
{
  int flag = rule_attribute(given->rule, "nesterov");
  if (flag < 0 || given->value[flag].at == NULL ||
      given->value[rule_attribute(given->rule, "momentum")].number > 0)
    return;
  diag_report(checker->diags, CODE_NO_MOMENTUM, given->value[flag].at->span,
              "`nesterov` needs a momentum above 0, and this `sgd` has none");
  diag_help(checker->diags, "write `momentum 0.9, nesterov`");
}

static void read_setting(struct checker *checker, const struct ast_node *block,
                         const struct ast_node *node, const struct rule *rule)
{
  struct given given;
  bool good = statement_read(checker, node, rule, &given);
  const struct ast_node *other = rival(block, node, rule);
  if (other != NULL && strcmp(other->name.text, node->name.text) == 0) {
    report_twice(checker, node->head, other->head,
                 mem_printf(checker->mem, "`%s`", node->name.text));
  } else if (other != NULL) {
    diag_report(checker->diags, CODE_EXCLUDED, node->head,
                "`%s` and `%s` exclude each other: there is one %s", other->name.text,
                node->name.text, rule->group);
    diag_note(checker->diags, other->head, "`%s` stands here", other->name.text);
  } else if (good) {
    check_momentum(checker, &given);
    store(checker->model, &given);
    return;
  }
  checker->lost = true;
}

void settings_read(struct checker *checker, const struct ast_node *block, enum rule_set set,
                   const char *place)
{
  for (const struct ast_node *node = block->children; node != NULL && !given_up(checker);
       node = node->next) {
    if (set == RULES_MODEL && section_rule_find(node->name.text) != NULL)
      continue;
    const struct rule *rule = statement_rule(checker, node, set, place);
    if (rule != NULL)
      read_setting(checker, block, node, rule);
    checker->lost = checker->lost || rule == NULL;
  }
  const struct rule *rule;
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    if (rule->set == set && rule->required &&
        (rule->even_alone || checker->model->kind != LATHE_ALONE) &&
        statement_missing(checker, block, rule->name)) {
      diag_report(checker->diags, CODE_MISSING_SETTING, block->head, "the %s lacks `%s`", place,
                  rule->name);
      help_usage(checker, rule);
    }
}

static void report_alone(struct checker *checker, const struct ast_node *node, const char *what)
{
  diag_report(checker->diags, CODE_ALONE, node->head,
              "`%s` is %s, and this model is a mixture alone, without encoder and decoder",
              node->name.text, what);
}

void settings_alone(struct checker *checker, const struct found *found)
{
  const struct ast_node *loss = statement_find(found->model, "loss");
  const struct ast_node *train = statement_find(found->model, "train");
  if (loss != NULL)
    report_alone(checker, loss, "what layers are trained by");
  const struct ast_node *node = train != NULL ? train->children : NULL;
  for (; node != NULL; node = node->next) {
    const struct rule *rule = rule_find(RULES_TRAIN, node->name.text);
    if (rule != NULL && !rule->even_alone)
      report_alone(checker, node, "about the training of weights");
  }
}
