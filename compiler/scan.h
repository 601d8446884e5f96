/* Between lexer.l and parser.y: makes tokens of what the lexer matches, puts in the `;`, `]`, `{`
 * and
 * `}` that are evidently missing, and leaves out a `}` that closes too early (reporting each), so
 * that one slip costs one message. */
#ifndef SCAN_H
#define SCAN_H

#include "ast.h"
#include "parser.h"

enum { SCAN_MAX_DEPTH = 64 };

struct token {
  int kind; /* a TOKEN_ of parser.h or a character */
  struct span span;
  LATHE_YYSTYPE value;
};

struct scan {
  struct mem *mem;
  const struct source *source;
  const struct source_file *file;
  struct diags *diags;
  void *lexer;
  int offset;             /* of the next byte to be matched */
  struct token next;      /* matched, but not yet handed out ... */
  bool held;              /* ... when there is one */
  struct token after;     /* the one behind it ... */
  bool peeked;            /* ... when that has been looked at */
  int before, previous;   /* the last two tokens handed out; ';' at the start */
  struct span last;       /* where the previous one is */
  const char *last_word;  /* its text; "" when it is no word */
  const char *first_word; /* that the statement begins with */
  struct span first;      /* where that is */
  int form;               /* the TOKEN_ of the form that the statement begins with; 0: none */
  int depth;              /* of blocks, and where each begins */
  struct span open[SCAN_MAX_DEPTH];
  const char *opened[SCAN_MAX_DEPTH]; /* the statement that it belongs to, by its first word */
  int excess;      /* of the file's '}' over its '{', as far as they are not accounted for */
  int closed;      /* how many '}' were put in before their time */
  bool list;       /* between '[' and ']' */
  bool in_list;    /* the same before the last token */
  bool reported;   /* this statement has a lexical error: a syntax error is likely its echo */
  bool stopped;    /* nothing more is read */
  bool incomplete; /* text was lost, see struct ast_model */
};

/* Starts with the first token of a file. lexer_close ends it. */
void scan_begin(struct scan *scan, struct mem *mem, const struct source *source,
                const struct source_file *file, struct diags *diags);

/* The next token: its kind, value and span. */
int scan_next(struct scan *scan, LATHE_YYSTYPE *value, struct span *span);

/* ---- scan_braces.c ---- */

/* Looks at the token behind the next one. */
const struct token *scan_peek(struct scan *scan);

/* How many more '}' than '{' a file has, comments left out. */
int scan_excess(const struct source *source, const struct source_file *file);

/* Whether the next token, a '}', closes a block to which what follows belongs; reports it. */
bool scan_closes_early(struct scan *scan);

/* Whether the next token stands where a section or the model has its '{'; reports it. */
bool scan_stands_for_brace(struct scan *scan);

/* The lexer (lexer.l): starts at scan->offset; matches one token; releases its memory. */
void lexer_open(struct scan *scan);
void lexer_match(struct scan *scan, struct token *token);
void lexer_close(struct scan *scan);

/* Its actions: fill *value and return the kind, or report. */
int scan_word(struct scan *scan, LATHE_YYSTYPE *value, struct span span);
int scan_number(struct scan *scan, LATHE_YYSTYPE *value, struct span span);
int scan_path(struct scan *scan, LATHE_YYSTYPE *value, struct span span);
void scan_comment(struct scan *scan, struct span span);
bool scan_equals(struct scan *scan, struct span span);
void scan_bad(struct scan *scan, struct span span);

/* Whether a path in quotes may come next. */
bool scan_takes_path(const struct scan *scan);

/* "`relu`", "';'", "the end of the file": a token in a message. */
const char *scan_quote(const struct scan *scan, int kind, struct span span);

#endif
