#include "suggest.h"
#include "tune_parts.h"
#include <stdlib.h>
#include <string.h>

struct reader {
  struct mem *mem;
  const struct source *source;
  struct diags *diags;
  struct tune_content *content;
};

const char *tune_key_name(enum tune_key key)
{
  static const char *const names[KEYS] = {
      [KEY_LATHE] = "lathe",     [KEY_TARGET] = "target",       [KEY_PROCESSOR] = "processor",
      [KEY_THREADS] = "threads", [KEY_PRECISION] = "precision", [KEY_BATCH] = "batch",
  };
  return names[key];
}

/* ---- Words of a line ---- */

static bool blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r';
}

/* Without blanks on both ends. */
static struct span trimmed(const struct reader *r, struct span span)
{
  while (span.begin < span.end && blank(r->source->text[span.begin]))
    span.begin++;
  while (span.end > span.begin && blank(r->source->text[span.end - 1]))
    span.end--;
  return span;
}

/* Takes the first word off a trimmed span. */
static struct span first_word(const struct reader *r, struct span *rest)
{
  struct span word = *rest;
  while (rest->begin < rest->end && !blank(r->source->text[rest->begin]))
    rest->begin++;
  word.end = rest->begin;
  *rest = trimmed(r, *rest);
  return word;
}

static struct tune_value value_of(const struct reader *r, struct span span)
{
  return (struct tune_value){
      mem_string(r->mem, r->source->text + span.begin, (size_t)(span.end - span.begin)), span};
}

/* ---- Lines ---- */

static int find_use(const char *word)
{
  for (int use = 0; use < USES; use++)
    if (strcmp(use_table[use].name, word) == 0)
      return use;
  return -1;
}

static int find_key(const char *word)
{
  for (int key = 0; key < KEYS; key++)
    if (strcmp(tune_key_name((enum tune_key)key), word) == 0)
      return key;
  return -1;
}

static void read_layer(struct reader *r, struct tune_value name, struct span rest)
{
  struct tune_content *all = r->content;
  struct tune_entry entry = {.name = name, .layer = value_of(r, rest)};
  for (int i = 0; i < all->count; i++)
    if (strcmp(all->entries[i].name.text, name.text) == 0) {
      diag_report(r->diags, CODE_BAD_TUNE_FILE, name.span, "`%s` stands here twice", name.text);
      diag_note(r->diags, all->entries[i].name.span, "the first time");
    }
  if (rest.begin == rest.end)
    diag_report(r->diags, CODE_BAD_TUNE_FILE, span_after(name.span),
                "expected what the layer was, like `linear 512; [784] -> [512]`");
  all->entries = mem_grow(r->mem, all->entries, &all->capacity, all->count + 1, sizeof entry);
  all->entries[all->count++] = entry;
}

static void read_use(struct reader *r, struct tune_value use, struct span rest)
{
  struct tune_content *all = r->content;
  const int which = find_use(use.text);
  struct span word = first_word(r, &rest);
  if (all->count == 0) {
    diag_report(r->diags, CODE_BAD_TUNE_FILE, use.span, "`%s` belongs below a layer", use.text);
    return;
  }
  struct tune_entry *entry = &all->entries[all->count - 1];
  struct tune_value name = value_of(r, word);
  struct suggestion known = {.word = name.text};
  int algorithm = ALGORITHM_ANY;
  for (int i = ALGORITHM_ANY + 1; i < ALGORITHM_COUNT; i++) {
    suggest(&known, algorithm_table[i].name);
    if (strcmp(algorithm_table[i].name, name.text) == 0)
      algorithm = i;
  }
  if (word.begin == word.end) {
    diag_report(r->diags, CODE_BAD_TUNE_FILE, span_after(use.span),
                "expected an algorithm behind `%s`, like `blocks`", use.text);
  } else if (algorithm == ALGORITHM_ANY) {
    diag_report(r->diags, CODE_BAD_TUNE_FILE, word, "there is no algorithm `%s`", name.text);
    diag_suggest(r->diags, known.best);
  } else if (rest.begin < rest.end) {
    diag_report(r->diags, CODE_BAD_TUNE_FILE, rest, "expected the end of the line, or a comment");
  } else if (entry->chosen.of[which] != ALGORITHM_ANY) {
    diag_report(r->diags, CODE_BAD_TUNE_FILE, use.span, "`%s` of `%s` stands here twice", use.text,
                entry->name.text);
    diag_note(r->diags, entry->spans[which], "the first time");
  } else {
    entry->chosen.of[which] = (enum algorithm)algorithm;
    entry->spans[which] = word;
  }
}

static bool is_count(const char *text)
{
  return text[strspn(text, "0123456789")] == '\0' && strlen(text) < 10 &&
         strtol(text, NULL, 10) > 0;
}

static void read_key(struct reader *r, struct tune_value key, struct span rest)
{
  struct tune_content *all = r->content;
  const int which = find_key(key.text);
  struct tune_value value = value_of(r, rest);
  struct tune_value *to = &all->values[which];
  if (rest.begin == rest.end) {
    diag_report(r->diags, CODE_BAD_TUNE_FILE, span_after(key.span), "expected a value behind `%s`",
                key.text);
  } else if (to->text != NULL) {
    diag_report(r->diags, CODE_BAD_TUNE_FILE, key.span, "`%s` stands here twice", key.text);
    diag_note(r->diags, to->span, "the first time");
  } else if ((which == KEY_THREADS || which == KEY_BATCH) && !is_count(value.text)) {
    diag_report(r->diags, CODE_BAD_TUNE_FILE, rest, "`%s` is a number from 1, not `%s`", key.text,
                value.text);
  }
  *to = value;
}

static void read_line(struct reader *r, struct span line)
{
  const char *hash = memchr(r->source->text + line.begin, '#', (size_t)(line.end - line.begin));
  if (hash != NULL)
    line.end = (int)(hash - r->source->text);
  line = trimmed(r, line);
  if (line.begin == line.end)
    return;
  struct tune_value word = value_of(r, first_word(r, &line));
  size_t length = strlen(word.text);
  if (length > 1 && word.text[length - 1] == ':') {
    word.span.end--;
    read_layer(r, value_of(r, word.span), line);
  } else if (find_use(word.text) >= 0) {
    read_use(r, word, line);
  } else if (find_key(word.text) >= 0) {
    read_key(r, word, line);
  } else {
    struct suggestion known = {.word = word.text};
    for (int use = 0; use < USES; use++)
      suggest(&known, use_table[use].name);
    for (int key = 0; key < KEYS; key++)
      suggest(&known, tune_key_name((enum tune_key)key));
    diag_report(r->diags, CODE_BAD_TUNE_FILE, word.span,
                "`%s` is neither a layer, like `encoder.0:`, nor a word of this file", word.text);
    diag_suggest(r->diags, known.best);
  }
}

/* Winograd's values at the points are shared by all of training. */
static void check_winograd(const struct reader *r, const struct tune_entry *entry)
{
  int with = -1, without = -1;
  for (int use = 0; use < USES; use++) {
    if (use == USE_INFERENCE || entry->chosen.of[use] == ALGORITHM_ANY)
      continue;
    *(entry->chosen.of[use] == ALGORITHM_WINOGRAD ? &with : &without) = use;
  }
  if (with < 0 || without < 0)
    return;
  diag_report(r->diags, CODE_BAD_TUNE_FILE, entry->spans[with],
              "in training `winograd` is for all uses of a layer, or for none");
  diag_note(r->diags, entry->spans[without], "here `%s` is computed in another way",
            use_table[without].name);
}

bool tune_read(struct mem *mem, const struct source *source, struct tune_content *content,
               struct diags *diags)
{
  struct reader r = {mem, source, diags, content};
  const struct source_file *file = &source->files[0];
  *content = (struct tune_content){0};
  for (int i = 0; i < file->lines; i++)
    read_line(&r, source_line(source, file->line_start[i]));
  for (int key = 0; key < KEYS; key++)
    if (content->values[key].text == NULL)
      diag_report(diags, CODE_BAD_TUNE_FILE, (struct span){0}, "`%s` is missing",
                  tune_key_name((enum tune_key)key));
  for (int i = 0; i < content->count; i++)
    check_winograd(&r, &content->entries[i]);
  if (diags->errors > 0)
    diag_help(diags, "`lathe tune` writes the file anew; `--no-tune` does without it");
  return diags->errors == 0;
}
