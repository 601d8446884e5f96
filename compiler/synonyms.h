/* Names that other programs have for what the language has words for (synonyms.def). */
#ifndef SYNONYMS_H
#define SYNONYMS_H

struct synonym {
  const char *theirs; /* in small letters, without underscores */
  const char *ours;   /* a statement, a section, a form, an attribute or a choice */
  const char *note;   /* what else is to be known; "": nothing */
};

/* All of them: index 0 .. ; NULL beyond the last. */
const struct synonym *synonym_at(int index);

/* The one for `word`, in capitals or not, with or without underscores; NULL when there is none. */
const struct synonym *synonym_find(const char *word);

#endif
