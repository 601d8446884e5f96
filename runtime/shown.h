/* Images that are shown to people, and what the model makes of them. */
#ifndef LATHE_SHOWN_H
#define LATHE_SHOWN_H

#include "evaluation.h"
#include "part.h"
#include "run_files.h"

struct lathe_shown {
  const char *name;                          /* "the validation images" */
  struct lathe_part part;                    /* count 0: there are none */
  const struct lathe_evaluation *evaluation; /* of them */
};

/* What a run or a report shows. */
struct lathe_show {
  struct lathe_session *session;
  struct lathe_shown images;   /* what pictures are made of */
  struct lathe_shown labelled; /* scored where `images` have no labels */
};

/* Labels that can be told apart in a picture. */
enum { LATHE_MOST_LABELS = 40 };

/* The images with labels: those shown, else the labelled ones; NULL: none. */
const struct lathe_shown *lathe_show_scored(const struct lathe_show *show);

/* The labels of the scored images, those of the components first, so that a component named after
 * one has its colour. Returns how many there are; 0: none, or too many to tell apart. */
int lathe_show_labels(const struct lathe_show *show, int64_t labels[LATHE_MOST_LABELS]);

/* What tables and pictures call a label: "unnamed" where a cluster has none. */
void lathe_label_name(const struct lathe_class_names *names, int64_t label, char name[32]);

/* What is so of a run that shows this: a sum of lathe_run_fact. */
unsigned lathe_show_facts(const struct lathe_show *show);

#endif
