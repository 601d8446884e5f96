/* The grammar: statements and blocks of words, numbers and lists. The names and what they take are
 * in the tables of rules.h. */

%require "3.8"
%define api.pure full
%define api.prefix {lathe_yy}
%define api.token.prefix {TOKEN_}
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {struct scan *scan}
%parse-param {struct ast_model *model}

%code requires {
#include "ast.h"
struct scan;
}

%code {
#include "forms.h"
#include "rules.h"
#include "scan.h"
#include "suggest.h"
#include <math.h>
#include <string.h>

#define YYLLOC_DEFAULT(result, rhs, n)                                                             \
  (result) = (n) > 0 ? span_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n))                               \
                     : span_after(YYRHSLOC(rhs, 0))

static int yylex(YYSTYPE *value, YYLTYPE *span, struct scan *scan);
static void yyerror(const YYLTYPE *span, struct scan *scan, struct ast_model *model,
                    const char *message);

static struct ast_value *value_new(struct scan *scan, enum ast_value_kind kind, const char *text,
                                   struct span span);
static struct ast_value *call(struct scan *scan, const char *function, struct ast_value *operands,
                              struct span span);
static struct ast_value *pair(struct ast_value *a, struct ast_value *b);
static struct ast_node *node_new(struct scan *scan, struct ast_word name, struct ast_value *values,
                                 struct ast_attribute *attributes, struct span head);

/* Appends `item` to a list of its kind, and gives the list. */
#define APPEND(result, list, item)                                                                 \
  do {                                                                                             \
    (result) = (list);                                                                             \
    if ((result).first == NULL)                                                                    \
      (result).first = (item);                                                                     \
    else                                                                                           \
      (result).last->next = (item);                                                                \
    (result).last = (item);                                                                        \
  } while (0)
}

%union {
  struct ast_word word;
  struct ast_value *value;
  struct ast_attribute *attribute;
  struct ast_node *node;
  struct { struct ast_value *first, *last; } values;
  struct { struct ast_attribute *first, *last; } attributes;
  struct { struct ast_node *first, *last; } nodes;
}

%token <word> WORD "a name"
%token <word> LET "`let`" BLOCK "`block`" INCLUDE "`include`" PATH "a path in quotes"
%token <value> NUMBER "a number"
%type <value> value sum
%type <values> values sums
%type <attribute> attribute parameter
%type <attributes> attributes parameters list-of-parameters
%type <node> node head
%type <nodes> nodes block

/* A value ends where no operator follows: `range -1` is one value, `n -1` a difference. */
%precedence VALUE
%left '+' '-'
%left '*' '/'
%precedence SIGN
%right '^'
%precedence '('

%%

file:
  nodes { model->items = $nodes.first; }

nodes:
  %empty { $$.first = $$.last = NULL; }
| nodes node { APPEND($$, $1, $2); }
| nodes error ';' { $$ = $1; scan->incomplete = true; yyerrok; }
| nodes error block { $$ = $1; scan->incomplete = true; yyerrok; }

node:
  head ';' { $$ = $head; $$->span = @$; }
| head block { $$ = $head; $$->span = @$; $$->block = true; $$->children = $block.first; }
| LET WORD '=' value ';' {
    struct ast_value *name = value_new(scan, VALUE_WORD, $WORD.text, @WORD);
    $$ = node_new(scan, $LET, pair(name, $value), NULL, span_join(@LET, @value));
    $$->span = @$;
  }
| BLOCK WORD parameters block {
    struct ast_value *name = value_new(scan, VALUE_WORD, $WORD.text, @WORD);
    $$ = node_new(scan, $BLOCK, name, $parameters.first, span_join(@BLOCK, @WORD));
    $$->span = @$;
    $$->block = true;
    $$->children = $block.first;
  }
| INCLUDE PATH ';' {
    struct ast_value *path = value_new(scan, VALUE_WORD, $PATH.text, @PATH);
    $$ = node_new(scan, $INCLUDE, path, NULL, span_join(@INCLUDE, @PATH));
    $$->span = @$;
  }

parameters:
  %empty { $$.first = $$.last = NULL; }
| '(' ')' { $$.first = $$.last = NULL; }
| '(' list-of-parameters ')' { $$ = $2; }

list-of-parameters:
  parameter { $$.first = $$.last = NULL; APPEND($$, $$, $1); }
| list-of-parameters ',' parameter { APPEND($$, $1, $3); }

parameter:
  WORD {
    $$ = mem_alloc(scan->mem, sizeof *$$);
    $$->name = $WORD;
    $$->span = @$;
  }
| WORD value {
    $$ = mem_alloc(scan->mem, sizeof *$$);
    $$->name = $WORD;
    $$->span = @$;
    $$->values = $value;
  }

block:
  '{' nodes '}' { $$ = $nodes; }
| '{' nodes error '}' { $$ = $nodes; scan->incomplete = true; yyerrok; }

head:
  WORD values attributes {
    $$ = node_new(scan, $WORD, $values.first, $attributes.first, @$);
  }

attributes:
  %empty { $$.first = $$.last = NULL; }
| attributes attribute { APPEND($$, $1, $2); }

attribute:
  ',' WORD values {
    $$ = mem_alloc(scan->mem, sizeof *$$);
    $$->name = $WORD;
    $$->span = span_join(@WORD, @values);
    $$->values = $values.first;
  }

values:
  %empty { $$.first = $$.last = NULL; }
| values value { APPEND($$, $1, $2); }

value:
  sum %prec VALUE
| '[' sums ']' {
    $$ = value_new(scan, VALUE_LIST, NULL, @$);
    $$->items = $sums.first;
  }

sum:
  NUMBER
| WORD %prec VALUE { $$ = value_new(scan, VALUE_WORD, $WORD.text, @$); }
| WORD '(' sums ')' { $$ = call(scan, $WORD.text, $sums.first, @$); }
| '(' sum ')' { $$ = $2; $$->span = @$; }
| '-' sum %prec SIGN {
    if ($2->kind == VALUE_NUMBER) {
      $$ = $2;
      $$->number = -$$->number;
      $$->span = @$;
    } else {
      $$ = call(scan, "-", $2, @$);
    }
  }
| sum '+' sum { $$ = call(scan, "+", pair($1, $3), @$); }
| sum '-' sum { $$ = call(scan, "-", pair($1, $3), @$); }
| sum '*' sum { $$ = call(scan, "*", pair($1, $3), @$); }
| sum '/' sum { $$ = call(scan, "/", pair($1, $3), @$); }
| sum '^' sum { $$ = call(scan, "^", pair($1, $3), @$); }

sums:
  sum { $$.first = $$.last = NULL; APPEND($$, $$, $1); }
| sums ',' sum { APPEND($$, $1, $3); }

%%

static int yylex(YYSTYPE *value, YYLTYPE *span, struct scan *scan)
{
  return scan_next(scan, value, span);
}

static struct ast_value *value_new(struct scan *scan, enum ast_value_kind kind, const char *text,
                                   struct span span)
{
  struct ast_value *value = mem_alloc(scan->mem, sizeof *value);
  value->kind = kind;
  value->text = text;
  value->span = span;
  return value;
}

static struct ast_value *pair(struct ast_value *a, struct ast_value *b)
{
  a->next = b;
  return a;
}

/* An operation; one that is nested too deep becomes a number that was reported not to be one. */
static struct ast_value *call(struct scan *scan, const char *function, struct ast_value *operands,
                              struct span span)
{
  struct ast_value *value = value_new(scan, VALUE_CALL, function, span);
  value->items = operands;
  for (const struct ast_value *item = operands; item != NULL; item = item->next)
    if (item->depth >= value->depth)
      value->depth = item->depth + 1;
  if (value->depth <= EXPRESSION_MAX_DEPTH)
    return value;
  diag_report(scan->diags, CODE_TOO_DEEP, span, "operations are nested more than %d deep", EXPRESSION_MAX_DEPTH);
  diag_help(scan->diags, "give a part of it a name: `let part = ...;`");
  value = value_new(scan, VALUE_NUMBER, NULL, span);
  value->number = (double)NAN;
  return value;
}

static struct ast_node *node_new(struct scan *scan, struct ast_word name, struct ast_value *values,
                                 struct ast_attribute *attributes, struct span head)
{
  struct ast_node *node = mem_alloc(scan->mem, sizeof *node);
  node->name = name;
  node->head = head;
  node->values = values;
  node->attributes = attributes;
  return node;
}

/* Bison calls it for what is not a syntax error: its stack is full. */
static void yyerror(const YYLTYPE *span, struct scan *scan, struct ast_model *model,
                    const char *message)
{
  (void)model;
  (void)message; /* "memory exhausted" */
  diag_report(scan->diags, CODE_TOO_DEEP, *span, "this is nested too deep to be read");
}

/* Whether a message is better without it: operators may follow every operand. */
static bool goes_without_saying(const char *name)
{
  static const char *const operators[] = {"'+'", "'-'", "'*'", "'/'", "'^'", "'('"};
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    if (strcmp(name, operators[i]) == 0)
      return true;
  return false;
}

/* What could stand here, in words. */
static const char *expected_words(const yypcontext_t *context, struct scan *scan)
{
  enum { MOST = 32 };
  yysymbol_kind_t kinds[MOST];
  int count = yypcontext_expected_tokens(context, kinds, MOST);
  int depth = scan->depth - (scan->previous == '{'); /* before what is not expected */
  if (scan->before == ';' || scan->before == '{' || scan->before == '}')
    return depth == 0 ? "`model NAME {`" : "a statement or '}'";
  if (scan->before == ',' && count == 1 && scan->form == 0)
    return "the name of an attribute after ','";
  int kept = 0;
  for (int i = 0; i < count; i++)
    if (count == 1 || !goes_without_saying(yysymbol_name(kinds[i])))
      kinds[kept++] = kinds[i];
  const char *words = "";
  for (int i = 0; i < kept; i++)
    words = mem_printf(scan->mem, "%s%s%s", words, i == 0 ? "" : i + 1 == kept ? " or " : ", ",
                       yysymbol_name(kinds[i]));
  return words;
}

/* The form that the statement's first word may be misspelt for; NULL: none. */
static const char *form_meant(const struct scan *scan)
{
  struct suggestion near = {.word = scan->first_word};
  const struct form *form;
  for (int i = 0; (form = form_at(i)) != NULL; i++)
    suggest(&near, form->name);
  return near.best == NULL || rule_is_name(scan->first_word) ||
                 strcmp(near.best, scan->first_word) == 0
             ? NULL
             : near.best;
}

static int yyreport_syntax_error(const yypcontext_t *context, struct scan *scan,
                                 struct ast_model *model)
{
  (void)model;
  if (!scan->reported && !scan->stopped) {
    struct span span = *yypcontext_location(context);
    const char *found = scan_quote(scan, scan->previous, span);
    const char *expected = expected_words(context, scan);
    diag_report(scan->diags, CODE_UNEXPECTED, span, "expected %s, but found %s", expected, found);
    if (scan->previous == ',' && strcmp(expected, "')'") == 0)
      diag_help(scan->diags, "values stand without parentheses, `conv2d 64, kernel 4;`, and lists in "
                             "brackets, `[1, 28, 28]`");
    else if (scan->before == ',' && scan->previous == TOKEN_NUMBER && !scan->list)
      diag_help(scan->diags, "behind a comma stands a name with its value, `kernel 4`; lists are "
                             "written in brackets, `[1, 28, 28]`");
    else if (form_meant(scan) != NULL)
      diag_help(scan->diags, "did you mean `%s` by `%s`?", form_meant(scan), scan->first_word);
    else if (scan->previous == ';' && (scan->before == ';' || scan->before == '}'))
      diag_help(scan->diags, "one ';' ends a statement, none follows a '}'");
  }
  return 0;
}
