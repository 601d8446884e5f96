/* The forms of forms.def. */
#ifndef FORMS_H
#define FORMS_H

#include <stdio.h>

struct ast_node;
struct context;
struct expander;

struct form {
  const char *name;
  unsigned places; /* bit 1 << enum where */
  void (*expand)(struct expander *, struct context *, const struct ast_node *);
  const char *usage, *help;
};

/* All forms in table order: index 0 .. ; NULL beyond the last. */
const struct form *form_at(int index);

/* The form of that name; NULL when there is none. */
const struct form *form_find(const char *name);

#endif
