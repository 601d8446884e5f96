#include "scan.h"
#include "forms.h"
#include "rules.h"
#include "suggest.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { QUOTED = 40 }; /* most bytes of a token in a message */

static const char *text_of(const struct scan *scan, struct span span)
{
  return source_text(scan->mem, scan->source, span, QUOTED);
}

const char *scan_quote(const struct scan *scan, int kind, struct span span)
{
  if (kind == TOKEN_YYEOF)
    return "the end of the file";
  if (kind == TOKEN_WORD || kind == TOKEN_NUMBER || kind == TOKEN_PATH)
    return mem_printf(scan->mem, "`%s`", text_of(scan, span));
  return mem_printf(scan->mem, "'%c'", kind);
}

int scan_word(struct scan *scan, LATHE_YYSTYPE *value, struct span span)
{
  const char *text = scan->source->text + span.begin;
  value->word.text = mem_string(scan->mem, text, (size_t)(span.end - span.begin));
  value->word.span = span;
  return TOKEN_WORD;
}

/* What a letter behind a number multiplies it by: K, M, G as of bytes; 0 for any other. */
static double scale_of(char letter)
{
  static const char letters[] = "KMG";
  const char *found = letter == '\0' ? NULL : strchr(letters, letter);
  return found == NULL ? 0 : ldexp(1, 10 * (int)(found - letters + 1));
}

/* Reports what begins as a number and is none, by what stands behind its digits. */
static void bad_number(struct scan *scan, struct span span, const char *behind)
{
  diag_report(scan->diags, CODE_BAD_NUMBER, span, "`%s` is not a number", text_of(scan, span));
  if (*behind != '\0' && strchr("kKmMgG", *behind) != NULL &&
      strspn(behind + 1, "iIbB") == strlen(behind + 1))
    diag_help(scan->diags, "`K`, `M` and `G` directly behind a number multiply it by 1024, 1024^2 "
                           "and 1024^3: `256K`");
  else if (*behind != '\0' && strchr("eE+-", *behind) == NULL)
    diag_help(scan->diags, "numbers are decimal, without a unit; a name begins with a letter");
}

int scan_number(struct scan *scan, LATHE_YYSTYPE *value, struct span span)
{
  size_t length = (size_t)(span.end - span.begin);
  const char *text = mem_string(scan->mem, scan->source->text + span.begin, length);
  char *end;
  errno = 0;
  double number = strtod(text, &end);
  double scale = scale_of(*end);
  size_t digits = scale > 0 ? length - 1 : length;
  bool decimal = text + digits == end && strspn(text, "0123456789.eE+-") == digits;
  number *= decimal && scale > 0 ? scale : 1;
  if (!decimal) {
    bad_number(scan, span, text + strspn(text, "0123456789."));
  } else if (errno == ERANGE && (isinf(number) || number == 0)) {
    diag_report(scan->diags, CODE_NUMBER_OUT_OF_RANGE, span, "`%s` is too %s for a number",
                text_of(scan, span), number == 0 ? "close to zero" : "large");
    decimal = false;
  }
  value->value = mem_alloc(scan->mem, sizeof *value->value);
  value->value->kind = VALUE_NUMBER;
  value->value->number = decimal ? number : (double)NAN;
  value->value->integer = strspn(text, "0123456789") == digits;
  value->value->span = span;
  return TOKEN_NUMBER;
}

bool scan_takes_path(const struct scan *scan)
{
  return scan->form == TOKEN_INCLUDE && scan->previous == TOKEN_WORD;
}

int scan_path(struct scan *scan, LATHE_YYSTYPE *value, struct span span)
{
  const char *text = scan->source->text + span.begin + 1;
  size_t length = (size_t)(span.end - span.begin) - 1;
  if (length > 0 && text[length - 1] == '"')
    length--;
  else
    diag_report(scan->diags, CODE_OPEN_QUOTE, span, "the path's closing quote is missing");
  value->word.text = mem_string(scan->mem, text, length);
  value->word.span = span;
  return TOKEN_PATH;
}

bool scan_equals(struct scan *scan, struct span span)
{
  if (scan->form == TOKEN_LET)
    return true;
  if (scan->previous == TOKEN_WORD && scan->before == TOKEN_WORD &&
      edit_distance(scan->first_word, "let") <= 1) {
    diag_report(scan->diags, CODE_UNEXPECTED, scan->first, "expected `let`, but found `%s`",
                scan->first_word);
    diag_replace(scan->diags, "let");
    scan->incomplete = true; /* it lacks the constant */
    return false;
  }
  scan_bad(scan, span);
  return false;
}

void scan_comment(struct scan *scan, struct span span)
{
  diag_report(scan->diags, CODE_BAD_COMMENT,
              (struct span){.begin = span.begin, .end = span.begin + 2}, "comments begin with `#`");
}

void scan_bad(struct scan *scan, struct span span)
{
  if (scan->reported)
    return;
  scan->reported = true;
  const char *text = text_of(scan, span);
  bool several = utf8_length(scan->source->text + span.begin) < span.end - span.begin;
  if ((unsigned char)*text < ' ' || *text == 0x7F)
    diag_report(scan->diags, CODE_BAD_CHARACTER, span, "unexpected control character (byte 0x%02X)",
                (unsigned)*text);
  else
    diag_report(scan->diags, CODE_BAD_CHARACTER, span, "unexpected character%s `%s`",
                several ? "s" : "", text);
  if (*text == '=' || *text == ':')
    diag_help(scan->diags, "a value follows its name after a space: `kernel 4`%s",
              *text == '=' ? "; a constant is given by `let NAME = VALUE;`" : "");
  else if (*text == '%')
    diag_help(scan->diags, "a share is a number from 0 to 1: `0.8`");
  else if (*text == '"' || *text == '\'')
    diag_help(scan->diags, "names are written without quotes");
}

/* A statement, block or file has just ended or begun: a name comes next. */
static bool at_start(int previous)
{
  return previous == ';' || previous == '{' || previous == '}';
}

/* Whether a line break lies between the last token and the next one. */
static bool on_new_line(const struct scan *scan)
{
  const char *text = scan->source->text;
  size_t gap = (size_t)(scan->next.span.begin - scan->last.end);
  return memchr(text + scan->last.end, '\n', gap) != NULL;
}

/* Whether the next word begins a statement although the last one was not ended: it stands on a new
 * line, is no attribute that lacks its comma, and the last one has a value or this is a known name.
 */
static bool begins_statement(const struct scan *scan)
{
  if (scan->next.kind != TOKEN_WORD || !on_new_line(scan))
    return false;
  const char *word = scan->next.value.word.text;
  if (scan->depth == 0) /* where a model begins, or one of the forms */
    return scan->form != 0 && (strcmp(word, "model") == 0 || form_find(word) != NULL);
  bool value = scan->previous != TOKEN_WORD || !(at_start(scan->before) || scan->before == ',');
  return rule_is_name(word) || (value && !rule_is_attribute(word));
}

/* A value may end with it. */
static bool is_operand(int kind)
{
  return kind == TOKEN_WORD || kind == TOKEN_NUMBER || kind == ')';
}

/* Whether a section, or `model NAME` at the end of a line, is followed by what belongs in braces.
 */
static bool lacks_brace(const struct scan *scan)
{
  if (scan->previous != TOKEN_WORD || scan->next.kind != TOKEN_WORD ||
      !rule_is_name(scan->next.value.word.text))
    return false;
  if (scan->depth == 0)
    return scan->form == 0 && scan->before == TOKEN_WORD && on_new_line(scan);
  return at_start(scan->before) && section_rule_find(scan->last_word) != NULL;
}

/* The token that is missing before the next one; 0 when none is. */
static int missing(const struct scan *scan)
{
  int next = scan->next.kind, previous = scan->previous;
  bool ends = at_start(next) || next == TOKEN_YYEOF;
  if (scan->list)
    return is_operand(previous) && (ends || begins_statement(scan)) ? ']' : 0;
  if (lacks_brace(scan))
    return '{';
  bool unfinished = is_operand(previous) || previous == ']' || previous == TOKEN_PATH;
  if (unfinished && (next == '}' || next == TOKEN_YYEOF || begins_statement(scan)))
    return ';';
  if (scan->depth > 0 && next == TOKEN_YYEOF)
    return '}';
  /* A section within a section: the first was not closed. */
  if (scan->depth > 1 && next == TOKEN_WORD && at_start(previous) &&
      section_rule_find(scan->next.value.word.text) != NULL)
    return '}';
  return 0;
}

static void report_missing(struct scan *scan, int kind)
{
  struct span after = span_after(scan->last);
  bool end = scan->next.kind == TOKEN_YYEOF;
  if (kind == '}' && end) {
    if (!scan->incomplete)
      diag_report(scan->diags, CODE_NOT_CLOSED, scan->open[scan->depth - 1],
                  "the block that begins here is not closed: expected '}' before the end of the "
                  "file");
    scan->incomplete = true;
  } else if (kind == '}') {
    diag_report(scan->diags, CODE_NOT_CLOSED, scan->next.span, "expected '}' before `%s`",
                scan->next.value.word.text);
    diag_note(scan->diags, scan->open[scan->depth - 1], "the section that begins here is open");
    scan->closed++;
  } else if (!end && !scan->reported && scan->last.begin < scan->last.end) {
    /* (After a token that was put in itself, one message is enough.) */
    diag_report(scan->diags, CODE_MISSING_MARK, after, "expected '%c' after %s", kind,
                scan_quote(scan, scan->previous, scan->last));
    diag_replace(scan->diags, mem_printf(scan->mem, "%c", kind));
  }
}

/* Keeps account of the token that is handed out. */
static void follow(struct scan *scan, const struct token *token)
{
  scan->before = scan->previous;
  scan->previous = token->kind;
  scan->last = token->span;
  scan->last_word = token->kind == TOKEN_WORD ? token->value.word.text : "";
  scan->in_list = scan->list;
  scan->list = token->kind == '[' || (scan->list && token->kind != ']' && !at_start(token->kind));
  if (at_start(token->kind))
    scan->reported = false;
  if (token->kind == '}')
    scan->depth--;
  if (token->kind != '{')
    return;
  if (scan->depth < SCAN_MAX_DEPTH) {
    scan->opened[scan->depth] = scan->first_word;
    scan->open[scan->depth++] = token->span;
  } else {
    diag_report(scan->diags, CODE_TOO_DEEP, token->span, "blocks are nested more than %d deep",
                SCAN_MAX_DEPTH);
    scan->stopped = scan->incomplete = true;
  }
}

/* Matches the next token into scan->next; drops a '}' that closes nothing. */
static void match(struct scan *scan)
{
  struct token *next = &scan->next;
  do {
    if (scan->peeked)
      *next = scan->after;
    else
      lexer_match(scan, next);
    scan->peeked = false;
    if (next->kind != '}' || scan->depth > 0)
      return;
    if (scan->closed > 0) {
      scan->closed--;
      continue;
    }
    diag_report(scan->diags, CODE_CLOSES_NOTHING, next->span, "this '}' closes nothing");
    scan->incomplete = true;
  } while (true);
}

/* The token of the forms whose grammar is not that of all statements; 0 for any other word. */
static int form_token(const char *word)
{
  static const struct {
    const char *word;
    int token;
  } forms[] = {{"let", TOKEN_LET}, {"block", TOKEN_BLOCK}, {"include", TOKEN_INCLUDE}};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    if (strcmp(forms[i].word, word) == 0)
      return forms[i].token;
  return 0;
}

int scan_next(struct scan *scan, LATHE_YYSTYPE *value, struct span *span)
{
  if (!scan->held && !scan->stopped)
    match(scan);
  while (scan->next.kind == '}' && scan_closes_early(scan))
    match(scan);
  scan->held = false;
  struct token token = scan->next;
  bool instead = !scan->stopped && scan_stands_for_brace(scan);
  int inserted = instead ? 0 : missing(scan);
  if (scan->stopped) {
    token.kind = TOKEN_YYEOF;
  } else if (instead) {
    scan->excess -= token.kind == '}' ? 2 : 1;
    token.kind = '{';
  } else if (inserted != 0) {
    scan->excess -= inserted == '{';
    report_missing(scan, inserted);
    scan->held = true;
    token.kind = inserted;
    token.span = span_after(scan->last);
  }
  bool first = at_start(scan->previous);
  if (first) {
    scan->first_word = token.kind == TOKEN_WORD ? token.value.word.text : "";
    scan->first = token.span;
  }
  follow(scan, &token);
  if (first)
    scan->form = token.kind == TOKEN_WORD ? form_token(token.value.word.text) : 0;
  if (first && scan->form != 0)
    token.kind = scan->form;
  *value = token.value;
  *span = token.span;
  return token.kind;
}

void scan_begin(struct scan *scan, struct mem *mem, const struct source *source,
                const struct source_file *file, struct diags *diags)
{
  *scan = (struct scan){.mem = mem,
                        .source = source,
                        .file = file,
                        .diags = diags,
                        .before = ';',
                        .previous = ';',
                        .last_word = "",
                        .first_word = "",
                        .excess = scan_excess(source, file),
                        .offset = file->begin};
  if (strncmp(source->text + file->begin, "\xEF\xBB\xBF", 3) == 0)
    scan->offset += 3; /* a byte order mark, as some editors leave */
  scan->last = (struct span){.begin = scan->offset, .end = scan->offset};
  lexer_open(scan);
}
