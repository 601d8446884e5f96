#include "format.h"
#include "forms.h"
#include "scan.h"
#include "text.h"
#include <string.h>

enum { INDENT = 2, NONE = 0, COMMENT = -1 };

/* A token or a comment, with what was before it. */
struct piece {
  int kind; /* of a token, or COMMENT */
  struct span span;
  int breaks;   /* line breaks before it */
  bool several; /* of a brace: its block goes over several lines */
};

struct format {
  struct mem *mem;
  const struct source *source;
  struct piece *pieces;
  int count, capacity;
  struct line *lines;
  int line_count, line_capacity;

  struct text code; /* the line that is being made */
  struct line line;
  bool open;     /* there is one */
  int depth;     /* of braces, before the next piece */
  int nested;    /* parentheses and brackets */
  bool begun;    /* the next token does not begin a statement */
  bool form;     /* the statement is a form */
  bool block;    /* and that form is `block`, whose head takes parameters */
  bool name;     /* the last token is the name of a statement, an attribute or a parameter */
  bool operand;  /* the last token ends an operand */
  bool sign;     /* the last token is a sign */
  int last_kind; /* of the last piece, NONE at first */
  bool last_several;
};

/* ---- Pieces ---- */

static void add_piece(struct format *f, int kind, struct span span, int breaks)
{
  f->pieces = mem_grow(f->mem, f->pieces, &f->capacity, f->count + 1, sizeof *f->pieces);
  f->pieces[f->count++] = (struct piece){.kind = kind, .span = span, .breaks = breaks};
}

/* The comments between two tokens; gives the line breaks behind the last of them. */
static int add_comments(struct format *f, int begin, int end)
{
  const char *text = f->source->text;
  int breaks = 0;
  for (int i = begin; i < end; i++) {
    if (text[i] == '\n')
      breaks++;
    if (text[i] != '#')
      continue;
    int stop = i;
    while (stop < end && text[stop] != '\n')
      stop++;
    int next = stop;
    while (stop > i && (text[stop - 1] == ' ' || text[stop - 1] == '\t' || text[stop - 1] == '\r'))
      stop--;
    add_piece(f, COMMENT, (struct span){.begin = i, .end = stop}, breaks);
    breaks = 0;
    i = next - 1;
  }
  return breaks;
}

static void read_pieces(struct format *f)
{
  struct diags *diags = diags_new(f->mem, f->source);
  struct scan scan;
  LATHE_YYSTYPE value;
  struct span span;
  int kind;
  scan_begin(&scan, f->mem, f->source, &f->source->files[0], diags);
  int end = scan.offset;
  do {
    kind = scan_next(&scan, &value, &span);
    int breaks = add_comments(f, end, kind == TOKEN_YYEOF ? f->source->files[0].end : span.begin);
    if (kind != TOKEN_YYEOF)
      add_piece(f, kind, span, breaks);
    end = span.end;
  } while (kind != TOKEN_YYEOF);
  lexer_close(&scan);
}

/* Marks the braces of blocks within which a line ends. */
static void mark_blocks(struct format *f)
{
  int open[SCAN_MAX_DEPTH], depth = 0;
  for (int i = 0; i < f->count; i++) {
    if (f->pieces[i].kind == '{' && depth < SCAN_MAX_DEPTH)
      open[depth++] = i;
    if (f->pieces[i].kind != '}' || depth == 0)
      continue;
    struct piece *first = &f->pieces[open[--depth]], *last = &f->pieces[i];
    bool empty = first + 1 == last;
    size_t length = (size_t)(last->span.begin - first->span.end);
    bool broken = memchr(f->source->text + first->span.end, '\n', length) != NULL;
    first->several = last->several = broken && !empty;
  }
}

/* ---- Lines ---- */

static void end_line(struct format *f)
{
  if (!f->open)
    return;
  bool whole = f->depth == 1 && !f->begun; /* a statement of the model, and all of it */
  f->line.code = f->code.length > 0 ? f->code.data : "";
  if (!whole || f->line.code[f->line.word] != ' ')
    f->line.word = 0;
  f->line.block = f->last_kind == '}';
  f->lines = mem_grow(f->mem, f->lines, &f->line_capacity, f->line_count + 1, sizeof *f->lines);
  f->lines[f->line_count++] = f->line;
  f->open = false;
}

static void begin_line(struct format *f, const struct piece *piece)
{
  int depth = f->depth - (piece->kind == '}');
  bool start = f->last_kind == '{' || f->last_kind == NONE || piece->kind == '}';
  f->line = (struct line){.indent = depth * INDENT + (f->begun && piece->kind != '{' ? 4 : 0),
                          .apart = piece->breaks > 1 && !start && !f->begun};
  f->code = (struct text){.mem = f->mem};
  f->open = true;
}

static const char *text_of(const struct format *f, const struct piece *piece)
{
  return mem_string(f->mem, f->source->text + piece->span.begin,
                    (size_t)(piece->span.end - piece->span.begin));
}

static bool is_mark(int kind, const char *marks)
{
  return kind > 0 && kind < 128 && strchr(marks, kind) != NULL;
}

/* Whether a line ends before the token. */
static bool breaks_before(const struct format *f, const struct piece *piece)
{
  int last = f->last_kind;
  if (last == NONE || last == COMMENT)
    return true;
  if (last == '{' || piece->kind == '}')
    return last == '{' ? f->last_several : piece->several;
  if (last == '}')
    return f->last_several || piece->breaks > 0;
  if (is_mark(piece->kind, ",;])={") || last == '[' || last == '(')
    return false;
  return piece->breaks > 0;
}

static bool is_word(int kind)
{
  return kind == TOKEN_WORD || kind == TOKEN_LET || kind == TOKEN_BLOCK || kind == TOKEN_INCLUDE;
}

/* Whether a space stands between the last token of the line and this one. */
static bool space_before(const struct format *f, const struct piece *piece)
{
  int kind = piece->kind;
  if (is_mark(kind, ",;])"))
    return false;
  if (f->last_kind == '[' || f->last_kind == '(' || (f->sign && kind != '-'))
    return false;
  if (kind == '(') /* of a function, or of a block's parameters */
    return !is_word(f->last_kind) || (f->name && !(f->block && f->nested == 0));
  return true;
}

/* Follows the grammar as far as spaces depend on it. */
static void follow(struct format *f, const struct piece *piece)
{
  int kind = piece->kind;
  bool first = !f->begun;
  f->sign = kind == '-' && !f->operand;
  f->operand = (is_word(kind) && !first) || kind == TOKEN_NUMBER || kind == ')' || kind == ']';
  f->name = is_word(kind) && (first || (f->last_kind == ',' && f->nested == 0) ||
                              (f->block && f->nested <= 1 &&
                               (f->last_kind == ',' || f->last_kind == '(' || f->nested == 0)));
  f->operand = f->operand && !f->name;
  if (first && is_word(kind)) {
    const char *word = text_of(f, piece);
    f->form = form_find(word) != NULL;
    f->block = kind == TOKEN_BLOCK;
    if (f->code.length == strlen(word) && f->depth == 1 && !f->form)
      f->line.word = (int)strlen(word);
  }
  f->nested += (kind == '(' || kind == '[') - (kind == ')' || kind == ']');
  f->begun = kind != ';' && kind != '{' && kind != '}';
  f->depth += (kind == '{') - (kind == '}');
  if (!f->begun)
    f->nested = 0;
}

static void add_token(struct format *f, const struct piece *piece)
{
  if (breaks_before(f, piece)) {
    end_line(f);
    begin_line(f, piece);
  } else if (space_before(f, piece)) {
    text_add(&f->code, " ", 1);
  }
  const char *text = text_of(f, piece);
  text_add(&f->code, text, strlen(text));
  follow(f, piece);
}

static void add_comment(struct format *f, const struct piece *piece)
{
  if (piece->breaks > 0 || f->last_kind == NONE || f->last_kind == COMMENT) {
    end_line(f);
    begin_line(f, piece);
  }
  f->line.comment = text_of(f, piece);
}

const char *format_source(struct mem *mem, const struct source *source)
{
  struct format f = {.mem = mem, .source = source, .last_kind = NONE};
  read_pieces(&f);
  mark_blocks(&f);
  for (int i = 0; i < f.count; i++) {
    const struct piece *piece = &f.pieces[i];
    if (piece->kind == COMMENT)
      add_comment(&f, piece);
    else
      add_token(&f, piece);
    f.last_kind = piece->kind;
    f.last_several = piece->several;
  }
  end_line(&f);
  return format_lines(mem, f.lines, f.line_count);
}
