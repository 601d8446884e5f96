/* What the sections of a report share. */
#ifndef LATHE_REPORT_PARTS_H
#define LATHE_REPORT_PARTS_H

#include "clusters.h"
#include "history.h"
#include "html.h"
#include "picture.h"
#include "report.h"
#include <jansson.h>

struct lathe_report_page {
  const struct lathe_report *report;
  const struct lathe_model *model;
  json_t *record;  /* run.json, or unfinished.json */
  json_t *metrics; /* metrics.json; NULL: an imported run has none */
  struct lathe_history history;
  struct lathe_clusters clusters;     /* of the images shown */
  const struct lathe_show *show;      /* the report's */
  const struct lathe_shown *scored;   /* images with labels; NULL: none */
  unsigned facts;                     /* what is so of what is shown (run_files.h) */
  struct lathe_picture_format format; /* of a tile */
  FILE *out;
};

/* Whether the section has anything to show; and its body, below the heading. */
#define SECTION(id, heading)                                                                       \
  bool lathe_report_has_##id(const struct lathe_report_page *page);                                \
  bool lathe_report_##id(struct lathe_report_page *page, struct lathe_error *err);
#include "report.def"
#undef SECTION

/* A table's cell with a number, "-" where it is not finite. */
void lathe_report_number(FILE *out, const char *format, double value)
    __attribute__((format(printf, 2, 0)));

/* The class of a tile (html.h). */
const char *lathe_report_tile(const struct lathe_report_page *page);

/* Images [n, ...] as tiles beside each other, each called `alt`. */
bool lathe_report_tiles(struct lathe_report_page *page, const char *alt, const lathe_real *images,
                        int n, struct lathe_error *err);

/* The same of pairs: images [n, ...] and below each the one of `others`, so that narrow pages do
 * not part them. */
bool lathe_report_pairs(struct lathe_report_page *page, const char *const alt[2],
                        const lathe_real *images, const lathe_real *others, int n,
                        struct lathe_error *err);

#endif
