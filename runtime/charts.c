#include "charts.h"
#include "words.h"
#include <stddef.h>

enum { NONE = -1, LIKELIHOOD = LATHE_EPOCH_FIELDS };

static const struct {
  const char *title, *xlabel, *ylabel;
  enum lathe_run_file file;
  int column[LATHE_CHART_COLUMNS];
} charts[LATHE_CHARTS] = {
#define EPOCH(name) LATHE_EPOCH_##name
#define CHART(ID, title, xlabel, ylabel, training, validation)                                     \
  [LATHE_CHART_##ID] = {title, xlabel, ylabel, LATHE_RUN_##ID, {training, validation}},
#include "charts.def"
#undef CHART
#undef EPOCH
};

const char *lathe_chart_title(int chart)
{
  return charts[chart].title;
}

enum lathe_run_file lathe_chart_file(int chart)
{
  return charts[chart].file;
}

const char *lathe_chart_column(int chart, int column)
{
  static const char *const names[LATHE_CHART_COLUMNS] = {"training", "validation"};
  return charts[chart].column[1] == NONE ? NULL : names[column];
}

struct lathe_curve lathe_chart_curve(int chart, int column, const struct lathe_history *history)
{
  int which = charts[chart].column[column];
  if (which == LIKELIHOOD)
    return (struct lathe_curve){NULL, history->iteration, history->log_likelihood,
                                history->iterations};
  if (which == NONE || !lathe_history_known(history, which))
    return (struct lathe_curve){NULL, NULL, NULL, 0};
  return (struct lathe_curve){NULL, history->epoch, lathe_history_column(history, which),
                              history->epochs};
}

cairo_t *lathe_chart_page(int chart, const struct lathe_model *model, const char *title,
                          const struct lathe_curve *curves, int count, double size,
                          struct lathe_error *err)
{
  char room[LATHE_WORDS];
  return lathe_plot_curves_page(title, title, charts[chart].xlabel,
                                lathe_in_words(model, charts[chart].ylabel, room), curves, count,
                                size, err);
}

cairo_t *lathe_chart_of(int chart, const struct lathe_model *model,
                        const struct lathe_history *history, double size, struct lathe_error *err)
{
  struct lathe_curve curves[LATHE_CHART_COLUMNS];
  int count = 0;
  for (int i = 0; i < LATHE_CHART_COLUMNS; i++) {
    struct lathe_curve curve = lathe_chart_curve(chart, i, history);
    curve.name = lathe_chart_column(chart, i);
    if (curve.n > 0)
      curves[count++] = curve;
  }
  return lathe_chart_page(chart, model, charts[chart].title, curves, count, size, err);
}
