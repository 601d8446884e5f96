/* Charts of how training and EM went (charts.def), for run folders, reports and comparisons. */
#ifndef LATHE_CHARTS_H
#define LATHE_CHARTS_H

#include "history.h"
#include "plot.h"
#include "run_files.h"

enum lathe_chart {
#define CHART(ID, ...) LATHE_CHART_##ID,
#include "charts.def"
#undef CHART
  LATHE_CHARTS
};

/* Of what a chart's columns are: 0 of training, 1 of validation. */
enum { LATHE_CHART_COLUMNS = 2 };

const char *lathe_chart_title(int chart);

/* The run folder's file that it is drawn to. */
enum lathe_run_file lathe_chart_file(int chart);

/* "training" or "validation"; NULL for the only column of a chart that has one. */
const char *lathe_chart_column(int chart, int column);

/* A column as a curve without a name, which borrows from the history; n is 0 where nothing of it is
 * known. */
struct lathe_curve lathe_chart_curve(int chart, int column, const struct lathe_history *history);

/* A page for canvas.h of any curves with the chart's axes, its sides as plot.h has them; in words
 * for the model's inputs (words.h), or with NULL for those of any. */
cairo_t *lathe_chart_page(int chart, const struct lathe_model *model, const char *title,
                          const struct lathe_curve *curves, int count, double size,
                          struct lathe_error *err);

/* The same of what is known of a run: its training and its validation. */
cairo_t *lathe_chart_of(int chart, const struct lathe_model *model,
                        const struct lathe_history *history, double size, struct lathe_error *err);

#endif
