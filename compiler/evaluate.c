/* Values: constants and arithmetic. Integers stay exact: a quotient that is none is refused, and so
 * is a result that a double could not hold exactly. */
#include "expand_parts.h"
#include "scope.h"
#include <math.h>
#include <string.h>

static const double most_integer = 9007199254740992; /* 2^53 */

static double add(double a, double b)
{
  return a + b;
}
static double subtract(double a, double b)
{
  return a - b;
}
static double multiply(double a, double b)
{
  return a * b;
}
static double divide(double a, double b)
{
  return a / b;
}
static double round_down(double a, double b)
{
  (void)a;
  return floor(b);
}
static double round_up(double a, double b)
{
  (void)a;
  return ceil(b);
}
static double round_nearest(double a, double b)
{
  (void)a;
  return round(b);
}

enum { MOST_OPERANDS = 16 };

/* `apply` joins the operands from the left; a single one is its right, 0 the left. */
static const struct function {
  const char *name;
  int least, most; /* operands */
  double (*apply)(double, double);
  bool rounds; /* the result is an integer whatever the operands are */
} functions[] = {
    {"+", 2, 2, add, false},
    {"-", 1, 2, subtract, false},
    {"*", 2, 2, multiply, false},
    {"/", 2, 2, divide, false},
    {"^", 2, 2, pow, false},
    {"min", 2, MOST_OPERANDS, fmin, false},
    {"max", 2, MOST_OPERANDS, fmax, false},
    {"floor", 1, 1, round_down, true},
    {"ceil", 1, 1, round_up, true},
    {"round", 1, 1, round_nearest, true},
};

enum { FUNCTIONS = sizeof functions / sizeof *functions, FIRST_NAMED = 5, QUOTED = 40 };

static const char *quote(const struct expander *x, struct span span)
{
  return source_text(x->mem, x->source, span, QUOTED);
}

static struct ast_value *number_new(const struct expander *x, struct span span, double number,
                                    bool integer)
{
  struct ast_value *value = mem_alloc(x->mem, sizeof *value);
  value->kind = VALUE_NUMBER;
  value->span = span;
  value->number = number;
  value->integer = integer;
  value->computed = true;
  return value;
}

static struct ast_value *unknown(const struct expander *x, struct span span)
{
  return number_new(x, span, (double)NAN, false);
}

static const struct function *find_function(const struct expander *x, const struct ast_value *call,
                                            struct span span)
{
  struct suggestion near = {.word = call->text};
  for (int i = 0; i < FUNCTIONS; i++) {
    if (strcmp(functions[i].name, call->text) == 0)
      return &functions[i];
    if (i >= FIRST_NAMED)
      suggest(&near, functions[i].name);
  }
  span.end = span.begin + (int)strlen(call->text); /* its name */
  diag_report(x->diags, CODE_UNKNOWN_FUNCTION, span, "there is no function `%s`", call->text);
  diag_suggest(x->diags, near.best);
  if (near.best == NULL)
    diag_help(x->diags, "there are min, max, floor, ceil and round; shapes and ranges are written "
                        "in brackets: `[1, 28, 28]`");
  return NULL;
}

/* Whether one step of a function gave a number that can be worked with. */
static bool step_check(const struct expander *x, const struct function *f, struct span span,
                       const double operands[2], double result, bool integer)
{
  const char *text = quote(x, span);
  double a = operands[0], b = operands[1];
  if (f->apply == divide && b == 0) {
    diag_report(x->diags, CODE_DIVISION_BY_ZERO, span, "`%s` divides by zero", text);
  } else if (!isfinite(result)) {
    diag_report(x->diags, CODE_RESULT_TOO_LARGE, span, "`%s` is %s", text,
                isnan(result) ? "not a number" : "too large for a number");
  } else if (integer && fabs(result) > most_integer) {
    diag_report(x->diags, CODE_RESULT_TOO_LARGE, span,
                "`%s` is %.16g, which is too large for an integer", text, result);
  } else if (integer && result != floor(result)) {
    diag_report(x->diags, CODE_INEXACT_QUOTIENT, span, "`%s` is %.16g / %.16g, which is no integer",
                text, a, b);
    diag_help(x->diags, "divide reals, `%.16g.0 / %.16g`, and round with floor, ceil or round", a,
              b);
  } else {
    return true;
  }
  return false;
}

/* Reads the operands into `operand`; how many there are, or -1 when one of them is not known. */
static int read_operands(struct expander *x, const struct context *context,
                         const struct ast_value *call, double operand[], bool *integer)
{
  int count = 0;
  bool known = true;
  *integer = true;
  for (const struct ast_value *item = call->items; item != NULL; item = item->next) {
    const struct ast_value *value = evaluate(x, context, item);
    if (value->kind == VALUE_LIST)
      diag_report(x->diags, CODE_NOT_A_NUMBER, value->span,
                  "`%s` is a list, with which nothing is calculated", quote(x, value->span));
    known = known && value->kind == VALUE_NUMBER && !isnan(value->number);
    *integer = *integer && value->integer;
    if (count < MOST_OPERANDS)
      operand[count] = value->number;
    count++;
  }
  return known ? count : -1;
}

static struct ast_value *evaluate_call(struct expander *x, const struct context *context,
                                       const struct ast_value *call)
{
  struct span span = span_in(context, call->span);
  const struct function *f = find_function(x, call, span);
  double operand[MOST_OPERANDS];
  bool integer;
  int count = read_operands(x, context, call, operand, &integer);
  if (f == NULL || count < 0)
    return unknown(x, span);
  if (count < f->least || count > f->most) {
    diag_report(x->diags, CODE_WRONG_OPERANDS, span, "`%s` takes %d%s operand%s, not %d", f->name,
                f->least, f->most > f->least ? " or more" : "", f->most == 1 ? "" : "s", count);
    return unknown(x, span);
  }
  integer = integer && !(f->apply == pow && operand[1] < 0); /* a fraction */
  double result = operand[0];
  for (int i = count == 1 ? 0 : 1; i < count; i++) {
    const double step[2] = {count == 1 ? 0 : result, operand[i]};
    result = f->apply(step[0], step[1]);
    if (!step_check(x, f, span, step, result, integer || f->rounds))
      return unknown(x, span);
  }
  return number_new(x, span, result, integer || f->rounds);
}

static void report_unknown(const struct expander *x, const struct context *context,
                           const struct ast_value *word, struct span span)
{
  struct suggestion near = {.word = word->text};
  const char *text = quote(x, span);
  if (x->result->incomplete || !diag_unknown(x->diags, word->text))
    return; /* what was lost may have given it; or it was said before */
  scope_suggest(context->scope, &near);
  diag_report(x->diags, CODE_UNKNOWN_CONSTANT, span, "there is no constant `%s`", text);
  diag_suggest(x->diags, near.best);
  if (near.best != NULL)
    return;
  diag_help(x->diags, "a constant is given before it is used: `let %s = 1;`", text);
}

/* A constant's value as it stands at a use of its name. */
static struct ast_value *use(const struct expander *x, const struct ast_value *constant,
                             struct span span)
{
  if (constant == NULL)
    return unknown(x, span);
  if (constant->kind == VALUE_NUMBER)
    return number_new(x, span, constant->number, constant->integer);
  struct ast_value *list = mem_alloc(x->mem, sizeof *list);
  *list = *constant;
  list->span = span;
  list->next = NULL;
  list->computed = true;
  struct ast_value **end = &list->items;
  for (const struct ast_value *item = constant->items; item != NULL; item = item->next) {
    *end = number_new(x, span, item->number, item->integer);
    end = &(*end)->next;
  }
  return list;
}

static struct ast_value *evaluate_word(struct expander *x, const struct context *context,
                                       const struct ast_value *word)
{
  struct span span = span_in(context, word->span);
  struct binding *binding = scope_find(context->scope, word->text);
  if (binding == NULL) {
    report_unknown(x, context, word, span);
    return unknown(x, span);
  }
  if (binding->block != NULL) {
    diag_report(x->diags, CODE_NOT_A_NUMBER, span, "`%s` is a block, not a number", word->text);
    diag_note(x->diags, binding->name.span, "it is given here");
    return unknown(x, span);
  }
  binding->used = true;
  return use(x, binding->value, span);
}

static struct ast_value *evaluate_list(struct expander *x, const struct context *context,
                                       const struct ast_value *list)
{
  struct ast_value *copy = mem_alloc(x->mem, sizeof *copy);
  struct ast_value **end = &copy->items;
  *copy = (struct ast_value){.kind = VALUE_LIST, .span = span_in(context, list->span)};
  for (const struct ast_value *item = list->items; item != NULL && !x->stopped; item = item->next) {
    *end = evaluate(x, context, item);
    if ((*end)->kind == VALUE_LIST) {
      diag_report(x->diags, CODE_NOT_A_NUMBER, (*end)->span,
                  "`%s` is a list, which cannot stand in a list", quote(x, (*end)->span));
      *end = unknown(x, (*end)->span);
    }
    end = &(*end)->next;
  }
  return copy;
}

static struct ast_value *evaluate_number(struct expander *x, const struct context *context,
                                         const struct ast_value *number)
{
  struct ast_value *copy =
      number_new(x, span_in(context, number->span), number->number, number->integer);
  copy->computed = false;
  return copy;
}

struct ast_value *evaluate(struct expander *x, const struct context *context,
                           const struct ast_value *value)
{
  static struct ast_value *(*const ways[])(struct expander *, const struct context *,
                                           const struct ast_value *) = {
      [VALUE_WORD] = evaluate_word,
      [VALUE_NUMBER] = evaluate_number,
      [VALUE_LIST] = evaluate_list,
      [VALUE_CALL] = evaluate_call,
  };
  return ways[value->kind](x, context, value);
}

struct ast_value *evaluate_written(struct expander *x, const struct context *context,
                                   const struct ast_value *value)
{
  if (value->kind != VALUE_WORD)
    return evaluate(x, context, value);
  struct ast_value *copy = mem_alloc(x->mem, sizeof *copy);
  struct binding *binding = scope_find(context->scope, value->text);
  *copy = *value;
  copy->next = NULL;
  copy->span = span_in(context, value->span);
  copy->scope = context->scope;
  if (binding != NULL && binding->block == NULL) {
    binding->used = true;
    copy->constant = use(x, binding->value, copy->span);
  }
  return copy;
}
