#include "synonyms.h"
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>

static const struct synonym synonyms[] = {
#define SYNONYM(theirs, ours, note) {theirs, ours, note},
#include "synonyms.def"
};

const struct synonym *synonym_at(int index)
{
  int count = (int)(sizeof synonyms / sizeof *synonyms);
  return index >= 0 && index < count ? &synonyms[index] : NULL;
}

/* Whether `word` is `plain` but for capitals and underscores. */
static bool same_word(const char *word, const char *plain)
{
  for (; *word != '\0'; word++) {
    if (*word == '_')
      continue;
    if (tolower((unsigned char)*word) != *plain)
      return false;
    plain++;
  }
  return *plain == '\0';
}

const struct synonym *synonym_find(const char *word)
{
  const struct synonym *synonym;
  for (int i = 0; (synonym = synonym_at(i)) != NULL; i++)
    if (same_word(word, synonym->theirs))
      return synonym;
  return NULL;
}
