/* Braces that are there, but wrong: one that closes too early, another mark in the place of one. */
#include "forms.h"
#include "rules.h"
#include "scan.h"
#include <string.h>

const struct token *scan_peek(struct scan *scan)
{
  if (!scan->peeked)
    lexer_match(scan, &scan->after);
  scan->peeked = true;
  return &scan->after;
}

int scan_excess(const struct source *source, const struct source_file *file)
{
  int excess = 0;
  bool comment = false;
  for (int i = file->begin; i < file->end; i++) {
    char c = source->text[i];
    comment = (comment || c == '#') && c != '\n';
    excess += comment ? 0 : (c == '}') - (c == '{');
  }
  return excess;
}

static bool is_start(int kind)
{
  return kind == ';' || kind == '{' || kind == '}';
}

/* Whether a statement of that name can stand in the model, outside of its sections. */
static bool is_of_model(const char *word)
{
  const struct form *form = form_find(word);
  return rule_find(RULES_MODEL, word) != NULL || section_rule_find(word) != NULL ||
         (form != NULL && strcmp(word, "repeat") != 0);
}

/* Whether a statement of that name can stand in a block that `owner` opens, and not behind it. */
static bool is_only_inside(const char *owner, const char *word)
{
  const struct section_rule *section = section_rule_find(owner);
  if (strcmp(owner, "model") == 0)
    return rule_find(RULES_MODEL, word) != NULL || section_rule_find(word) != NULL;
  bool layers = strcmp(owner, "block") == 0 || (section != NULL && section->set == RULES_LAYER);
  bool fits = section != NULL && rule_find(section->set, word) != NULL;
  if (layers)
    fits = rule_find(RULES_LAYER, word) != NULL || strcmp(word, "repeat") == 0;
  return fits && !is_of_model(word);
}

bool scan_closes_early(struct scan *scan)
{
  const char *owner = scan->depth > 0 ? scan->opened[scan->depth - 1] : "";
  bool known = scan->depth == 1 || (scan->depth == 2 && strcmp(scan->opened[0], "model") == 0);
  if (!known || scan->excess <= 0 || !is_start(scan->previous) || scan->list || scan->stopped)
    return false;
  const struct token *after = scan_peek(scan);
  if (after->kind != TOKEN_WORD || !is_only_inside(owner, after->value.word.text))
    return false;
  diag_report(scan->diags, CODE_CLOSES_NOTHING, scan->next.span,
              "this '}' closes `%s`, but `%s` behind it belongs in there", owner,
              after->value.word.text);
  diag_note(scan->diags, scan->open[scan->depth - 1], "`%s` begins here", owner);
  scan->excess--;
  return true;
}

bool scan_stands_for_brace(struct scan *scan)
{
  int kind = scan->next.kind;
  bool section =
      is_start(scan->before) && scan->depth == 1 && section_rule_find(scan->last_word) != NULL;
  bool model =
      scan->depth == 0 && scan->before == TOKEN_WORD && strcmp(scan->first_word, "model") == 0;
  if (scan->previous != TOKEN_WORD || !(section || model))
    return false;
  const char *owner = section ? scan->last_word : "model";
  bool other = kind == '[' || kind == '(' || kind == ')' || kind == ']' || kind == ',';
  if (!other && (scan->excess <= 0 || (kind != ';' && kind != '}')))
    return false;
  /* These may be meant; not where the section's own statements follow. */
  const struct token *after = other ? NULL : scan_peek(scan);
  if (after != NULL &&
      (after->kind != TOKEN_WORD || !is_only_inside(owner, after->value.word.text)))
    return false;
  diag_report(scan->diags, CODE_MISSING_MARK, scan->next.span,
              "expected '{' after %s, but found '%c'", scan_quote(scan, TOKEN_WORD, scan->last),
              kind);
  diag_replace(scan->diags, "{");
  return true;
}
