/* report.html: a run to look at, in one file that loads nothing from elsewhere. */
#ifndef LATHE_REPORT_H
#define LATHE_REPORT_H

#include "error.h"
#include "shown.h"

struct lathe_report {
  const char *folder; /* the run's: record, metrics and history are read from there */
  struct lathe_show show;
};

/* Writes the report to `path`, whole or not at all. The run may be one that is about to be
 * finished. Nothing in it depends on the time of day. */
bool lathe_report_write(const struct lathe_report *report, const char *path,
                        struct lathe_error *err);

#endif
