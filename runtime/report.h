/* report.html: a run to look at, in one file that loads nothing from elsewhere. */
#ifndef LATHE_REPORT_H
#define LATHE_REPORT_H

#include "error.h"
#include "evaluation.h"
#include "part.h"
#include "session.h"

/* Images, and what the model makes of them. */
struct lathe_shown {
  const char *name;                          /* "the validation images" */
  struct lathe_part part;                    /* count 0: there are none */
  const struct lathe_evaluation *evaluation; /* of them */
};

struct lathe_report {
  const char *folder; /* the run's: record, metrics and history are read from there */
  struct lathe_session *session;
  struct lathe_shown images;   /* what pictures are made of */
  struct lathe_shown labelled; /* scored where `images` have no labels */
};

/* Writes the report to `path`, whole or not at all. The run may be one that is about to be
 * finished. Nothing in it depends on the time of day. */
bool lathe_report_write(const struct lathe_report *report, const char *path,
                        struct lathe_error *err);

#endif
