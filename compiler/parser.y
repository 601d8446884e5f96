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
#include "scan.h"
#include <string.h>

#define YYLLOC_DEFAULT(result, rhs, n)                                                             \
  (result) = (n) > 0 ? span_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n))                               \
                     : (struct span){YYRHSLOC(rhs, 0).end, YYRHSLOC(rhs, 0).end}

static int yylex(YYSTYPE *value, YYLTYPE *span, struct scan *scan);
static void yyerror(const YYLTYPE *span, struct scan *scan, struct ast_model *model,
                    const char *message);

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
%token <value> NUMBER "a number"
%type <value> value number
%type <values> values numbers
%type <attribute> attribute
%type <attributes> attributes
%type <node> node head
%type <nodes> nodes block

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

block:
  '{' nodes '}' { $$ = $nodes; }
| '{' nodes error '}' { $$ = $nodes; scan->incomplete = true; yyerrok; }

head:
  WORD values attributes {
    $$ = mem_alloc(scan->mem, sizeof *$$);
    $$->name = $WORD;
    $$->head = @$;
    $$->values = $values.first;
    $$->attributes = $attributes.first;
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
  WORD {
    $$ = mem_alloc(scan->mem, sizeof *$$);
    $$->kind = VALUE_WORD;
    $$->text = $WORD.text;
    $$->span = @$;
  }
| number
| '[' numbers ']' {
    $$ = mem_alloc(scan->mem, sizeof *$$);
    $$->kind = VALUE_LIST;
    $$->items = $numbers.first;
    $$->span = @$;
  }

number:
  NUMBER
| '-' NUMBER { $$ = $2; $$->number = -$$->number; $$->span = @$; }

numbers:
  number { $$.first = $$.last = NULL; APPEND($$, $$, $1); }
| numbers ',' number { APPEND($$, $1, $3); }

%%

static int yylex(YYSTYPE *value, YYLTYPE *span, struct scan *scan)
{
  return scan_next(scan, value, span);
}

/* Bison calls it for what is not a syntax error: its stack is full. */
static void yyerror(const YYLTYPE *span, struct scan *scan, struct ast_model *model,
                    const char *message)
{
  (void)model;
  diag_error(scan->diags, *span, "cannot read on from here: %s", message);
}

/* What could stand here, in words. */
static const char *expected_words(const yypcontext_t *context, struct scan *scan)
{
  enum { MOST = 8 };
  yysymbol_kind_t kinds[MOST];
  int count = yypcontext_expected_tokens(context, kinds, MOST);
  if (scan->before == ';' || scan->before == '{' || scan->before == '}')
    return scan->depth == 0 ? "`model NAME {`" : "a statement or '}'";
  if (scan->before == ',' && !scan->in_list)
    return "the name of an attribute after ','";
  int kept = 0;
  for (int i = 0; i < count; i++)
    if (strcmp(yysymbol_name(kinds[i]), "'-'") != 0) /* a number says it */
      kinds[kept++] = kinds[i];
  const char *words = "";
  for (int i = 0; i < kept; i++)
    words = mem_printf(scan->mem, "%s%s%s", words, i == 0 ? "" : i + 1 == kept ? " or " : ", ",
                       yysymbol_name(kinds[i]));
  return words;
}

static int yyreport_syntax_error(const yypcontext_t *context, struct scan *scan,
                                 struct ast_model *model)
{
  (void)model;
  if (!scan->reported && !scan->stopped) {
    struct span span = *yypcontext_location(context);
    const char *found = scan_quote(scan, scan->previous, span);
    diag_error(scan->diags, span, "expected %s, but found %s", expected_words(context, scan), found);
  }
  return 0;
}
