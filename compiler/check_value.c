/* Values against the type and the range of their attribute. */
#include "check_statement.h"
#include "scope.h"
#include "synonyms.h"
#include <math.h>
#include <string.h>

/* Whether a word stands for itself, and not for the constant of that name. */
static bool takes_word(const struct attribute *attribute, const struct ast_value *value)
{
  if (attribute->type == TYPE_NAME || attribute->type == TYPE_CHOICE)
    return true;
  for (const struct choice *c = attribute->choices; c != NULL && c->word != NULL; c++)
    if (strcmp(value->text, c->word) == 0)
      return true; /* in place of a number */
  return false;
}

struct reader {
  struct checker *checker;
  const struct rule *rule;
  const struct attribute *attribute;
};

/* What is written, and what it comes to where that is not the same: "`n / 2`, which is 7". */
static const char *written(const struct reader *r, const struct ast_value *value)
{
  const char *text = mem_printf(r->checker->mem, "`%s`", quoted(r->checker, value->span));
  if (!value->computed)
    return text;
  if (value->kind == VALUE_NUMBER)
    return mem_printf(r->checker->mem, "%s, which is %.16g", text, value->number);
  return mem_printf(r->checker->mem, "%s, which is a list", text);
}

/* What may have been meant by a word that is not the name of a constant. */
static void not_a_constant(const struct reader *r, const struct ast_value *value)
{
  struct diags *diags = r->checker->diags;
  const struct synonym *synonym = synonym_find(value->text);
  struct suggestion near = {.word = value->text};
  scope_suggest(value->scope, &near);
  diag_suggest(diags, near.best);
  if (near.best != NULL)
    return;
  if (synonym != NULL && strcmp(synonym->ours, r->attribute->name) == 0)
    diag_help(diags, "%s", synonym->note);
  else if (r->attribute->choices == NULL)
    diag_help(diags, "there is no constant `%s` here; one is given by `let %s = ...;` before it",
              value->text, value->text);
}

/* Reports that `value` is not what the attribute takes. */
static bool not_taken(const struct reader *r, const struct ast_value *value)
{
  char takes[256];
  bool constant = value->kind == VALUE_WORD && r->attribute->choices == NULL &&
                  !takes_word(r->attribute, value) && synonym_find(value->text) == NULL;
  if (constant && (r->checker->incomplete || !diag_unknown(r->checker->diags, value->text)))
    return false;
  attribute_takes(r->attribute, takes, sizeof takes);
  diag_report(r->checker->diags, CODE_WRONG_VALUE, value->span, "`%s` takes %s as its %s, not %s",
              r->rule->name, takes, r->attribute->name, written(r, value));
  if (value->kind == VALUE_WORD && !takes_word(r->attribute, value))
    not_a_constant(r, value);
  return false;
}

static bool in_range(const struct attribute *a, double x)
{
  return (a->above ? x > a->lo : x >= a->lo) && (a->below ? x < a->hi : x <= a->hi);
}

static bool read_choice(const struct reader *r, const struct ast_value *value,
                        struct given_value *out);

/* A number, or where the attribute has words one of them. */
static bool read_real(const struct reader *r, const struct ast_value *value,
                      struct given_value *out)
{
  if (value->kind == VALUE_WORD && r->attribute->choices != NULL)
    return read_choice(r, value, out);
  if (value->kind != VALUE_NUMBER || !in_range(r->attribute, value->number))
    return not_taken(r, value);
  out->number = value->number;
  return true;
}

static bool read_int(const struct reader *r, const struct ast_value *value, struct given_value *out)
{
  if (value->kind == VALUE_NUMBER && value->number != floor(value->number))
    return not_taken(r, value);
  return read_real(r, value, out);
}

/* Whether an item of a list is an integer in the attribute's range; `what` it is in messages. */
static bool check_item(const struct reader *r, const struct ast_value *item, const char *what)
{
  const struct attribute *a = r->attribute;
  bool fits = item->number == floor(item->number) && in_range(a, item->number);
  if (!fits && !isnan(item->number))
    diag_report(r->checker->diags, CODE_BAD_DIMENSION, item->span,
                "a %s is an integer from %.0f to %.0f, not %s", what, a->lo, a->hi,
                written(r, item));
  return fits;
}

/* The integers of a list; each must be in the attribute's range. */
static bool read_dimensions(const struct reader *r, const struct ast_value *list,
                            struct given_value *out)
{
  bool good = true;
  out->shape.rank = 0;
  out->number = 1;
  for (const struct ast_value *item = list->items; item != NULL; item = item->next) {
    good = check_item(r, item, "dimension") && good;
    if (good && out->shape.rank < SHAPE_MAX_RANK)
      out->shape.dim[out->shape.rank] = (int64_t)item->number;
    out->shape.rank++;
    out->number *= item->number;
  }
  return good;
}

static bool read_shape(const struct reader *r, const struct ast_value *value,
                       struct given_value *out)
{
  if (value->kind != VALUE_LIST)
    return not_taken(r, value);
  if (!read_dimensions(r, value, out))
    return false;
  if (out->shape.rank > SHAPE_MAX_RANK) {
    diag_report(r->checker->diags, CODE_BAD_RANK, value->span,
                "a shape is [features], [channels, length] or [channels, height, width], so it has "
                "at most 3 dimensions, not %d",
                out->shape.rank);
    return false;
  }
  if (out->number > r->attribute->hi) {
    diag_report(r->checker->diags, CODE_TOO_MANY_VALUES, value->span,
                "%s has %.16g values; %.0f are the most", quoted(r->checker, value->span),
                out->number, r->attribute->hi);
    return false;
  }
  return true;
}

static bool read_size(const struct reader *r, const struct ast_value *value,
                      struct given_value *out)
{
  return value->kind == VALUE_LIST ? read_shape(r, value, out) : read_int(r, value, out);
}

static bool read_length(const struct reader *r, const struct ast_value *value,
                        struct given_value *out)
{
  if (value->kind != VALUE_LIST || value->items->next != NULL)
    return not_taken(r, value);
  return read_dimensions(r, value, out);
}

/* One number stands for both sides. */
static bool read_sides(const struct reader *r, const struct ast_value *value,
                       struct given_value *out)
{
  const struct ast_value *height = value->items, *width = height == NULL ? NULL : height->next;
  if (value->kind != VALUE_LIST) {
    bool good = read_int(r, value, out);
    out->high = out->number;
    return good;
  }
  if (width == NULL || width->next != NULL)
    return not_taken(r, value);
  bool good = check_item(r, height, r->attribute->name);
  out->number = height->number;
  out->high = width->number;
  return check_item(r, width, r->attribute->name) && good;
}

static bool read_range(const struct reader *r, const struct ast_value *value,
                       struct given_value *out)
{
  const struct ast_value *low = value->items, *high = low == NULL ? NULL : low->next;
  if (high == NULL || high->next != NULL)
    return not_taken(r, value);
  if (isnan(low->number) || isnan(high->number))
    return false;
  if (low->number >= high->number) {
    diag_report(r->checker->diags, CODE_BAD_RANGE, value->span,
                "a range goes from a number to a greater one, which `%s` does not",
                quoted(r->checker, value->span));
    return false;
  }
  if (!in_range(r->attribute, low->number) || !in_range(r->attribute, high->number))
    return not_taken(r, value);
  out->number = low->number;
  out->high = high->number;
  return true;
}

static bool read_numbers(const struct reader *r, const struct ast_value *value,
                         struct given_value *out)
{
  if (value->kind != VALUE_LIST)
    return read_real(r, value, out);
  int count = 0;
  for (const struct ast_value *item = value->items; item != NULL; item = item->next)
    count++;
  double *several = mem_alloc(r->checker->mem, (size_t)count * sizeof *several);
  bool good = true;
  out->numbers = (struct numbers){.several = several, .count = count};
  for (const struct ast_value *item = value->items; item != NULL; item = item->next) {
    bool fits = in_range(r->attribute, item->number); /* what is no number was reported */
    good = (fits || (!isnan(item->number) && not_taken(r, item))) && good;
    *several++ = item->number;
  }
  return good;
}

static bool read_choice(const struct reader *r, const struct ast_value *value,
                        struct given_value *out)
{
  if (value->kind != VALUE_WORD)
    return not_taken(r, value);
  struct suggestion near = {.word = value->text};
  for (const struct choice *c = r->attribute->choices; c->word != NULL; c++) {
    if (strcmp(value->text, c->word) == 0) {
      out->number = c->value;
      out->word = c->word;
      return true;
    }
    suggest(&near, c->word);
  }
  const struct synonym *synonym = synonym_find(value->text);
  for (const struct choice *c = r->attribute->choices; synonym != NULL && c->word != NULL; c++)
    if (strcmp(synonym->ours, c->word) == 0)
      near.best = c->word;
  not_taken(r, value);
  diag_suggest(r->checker->diags, near.best);
  return false;
}

static bool read_name(const struct reader *r, const struct ast_value *value,
                      struct given_value *out)
{
  if (value->kind != VALUE_WORD)
    return not_taken(r, value);
  out->word = value->text;
  return name_check(r->checker->diags, (struct ast_word){value->text, value->span});
}

bool value_read(struct checker *checker, const struct rule *rule, const struct attribute *attribute,
                const struct ast_value *value, struct given_value *out)
{
  static bool (*const readers[])(const struct reader *, const struct ast_value *,
                                 struct given_value *) = {
      [TYPE_INT] = read_int,         [TYPE_REAL] = read_real,     [TYPE_SIDES] = read_sides,
      [TYPE_SHAPE] = read_shape,     [TYPE_SIZE] = read_size,     [TYPE_LENGTH] = read_length,
      [TYPE_RANGE] = read_range,     [TYPE_CHOICE] = read_choice, [TYPE_NAME] = read_name,
      [TYPE_NUMBERS] = read_numbers,
  };
  struct reader reader = {checker, rule, attribute};
  out->at = value;
  if (value->kind == VALUE_WORD && value->constant != NULL && !takes_word(attribute, value))
    value = value->constant;
  if (value->kind == VALUE_NUMBER && isnan(value->number))
    return false; /* the scanner reported it */
  return readers[attribute->type](&reader, value, out);
}
