/* A comparison of runs for people: as text, and as a page. */
#include "compare.h"
#include "html.h"
#include "output.h"
#include "plot.h"
#include <string.h>

enum { NAME_WIDTH = 28, CELL_WIDTH = 22 };

static void print_cell(FILE *out, const char *text, int width)
{
  size_t length = strlen(text);
  if (length > (size_t)width) { /* the end of a path or a hash tells more than its beginning */
    const char *end = text + length - (size_t)width + 2;
    while ((*end & 0xc0) == 0x80) /* not amid a character */
      end++;
    fprintf(out, " ..%s", end);
    return;
  }
  fprintf(out, " %*s", width, text);
}

static void print_table(FILE *out, const char *title, const struct lathe_compare *compare,
                        const struct lathe_compare_table *table)
{
  fprintf(out, "%-*s", NAME_WIDTH, title);
  for (int r = 0; r < compare->runs; r++)
    print_cell(out, compare->folder[r], CELL_WIDTH);
  fputs("\n", out);
  for (int i = 0; i < table->rows; i++) {
    const struct lathe_compare_row *row = &table->row[i];
    fprintf(out, "%-*s", NAME_WIDTH, row->name);
    for (int r = 0; r < compare->runs; r++)
      print_cell(out, row->cell[r] ? row->cell[r] : "-", CELL_WIDTH);
    fputs("\n", out);
  }
}

void lathe_compare_print(const struct lathe_compare *compare, FILE *out)
{
  print_table(out, "what differs", compare, &compare->settings);
  if (compare->settings.rows == 0)
    fputs("(nothing)\n", out);
  fputs("\n", out);
  print_table(out, "what was reached", compare, &compare->metrics);
}

static void write_table(FILE *out, const struct lathe_compare *compare,
                        const struct lathe_compare_table *table)
{
  fputs("<div class=\"scroll\"><table>\n<thead><tr><th></th>", out);
  for (int r = 0; r < compare->runs; r++) {
    fputs("<th class=\"n\">", out);
    lathe_html_text(out, compare->folder[r]);
    fputs("</th>", out);
  }
  fputs("</tr></thead>\n<tbody>\n", out);
  for (int i = 0; i < table->rows; i++) {
    fputs("<tr><th>", out);
    lathe_html_text(out, table->row[i].name);
    fputs("</th>", out);
    for (int r = 0; r < compare->runs; r++) {
      fputs("<td class=\"n\">", out);
      lathe_html_text(out, table->row[i].cell[r] ? table->row[i].cell[r] : "-");
      fputs("</td>", out);
    }
    fputs("</tr>\n", out);
  }
  fputs("</tbody></table></div>\n", out);
}

/* What a legend calls a run: its folder, or where that is long or more than ASCII, its place. */
static void legend_name(const struct lathe_compare *compare, int run, char name[32])
{
  size_t length = 0;
  for (const char *c = compare->folder[run]; *c >= ' ' && *c <= '~'; c++)
    length++;
  if (compare->folder[run][length] == '\0' && length < 32)
    snprintf(name, 32, "%.31s", compare->folder[run]);
  else
    snprintf(name, 32, "run %d", run + 1);
}

/* One column of all histories, a curve a run. */
static bool write_curves(FILE *out, const struct lathe_compare *compare, const char *title,
                         const char *ylabel, int field, struct lathe_error *err)
{
  const double half = 0.68;
  struct lathe_curve curves[LATHE_COMPARED];
  char names[LATHE_COMPARED][32];
  for (int r = 0; r < compare->runs; r++) {
    const struct lathe_history *history = &compare->history[r];
    const double *column = lathe_history_column(history, field);
    if (!lathe_history_known(history, field))
      column = NULL; /* keeps its colour and its place in the legend */
    legend_name(compare, r, names[r]);
    curves[r] =
        (struct lathe_curve){names[r], history->epoch, column, column ? history->epochs : 0};
  }
  return lathe_html_picture(
      out, "plot", title,
      lathe_plot_curves_page(title, title, "epoch", ylabel, curves, compare->runs, half, err), err);
}

static bool write_page(FILE *out, const struct lathe_compare *compare, struct lathe_error *err)
{
  static const struct {
    const char *title, *ylabel;
    int field;
  } plots[] = {
      {"Loss, training", "nats an input", LATHE_EPOCH_train_loss},
      {"Loss, validation", "nats an input", LATHE_EPOCH_valid_loss},
      {"Reconstruction, validation", "nats an input", LATHE_EPOCH_valid_reconstruction},
      {"KL divergence, validation", "nats an input", LATHE_EPOCH_valid_kl},
      {"Learning rate", "learning rate", LATHE_EPOCH_rate},
  };
  lathe_html_begin(out, "Runs compared");
  lathe_html_section(out, "differs", "What differs");
  if (compare->settings.rows == 0)
    fputs("<p>Nothing: model, settings, data and build are the same.</p>\n", out);
  else
    write_table(out, compare, &compare->settings);
  lathe_html_section_end(out);
  lathe_html_section(out, "reached", "What was reached");
  write_table(out, compare, &compare->metrics);
  lathe_html_section_end(out);
  lathe_html_section(out, "curves", "Training");
  fputs("<div class=\"pair\">\n", out);
  for (size_t i = 0; i < sizeof plots / sizeof plots[0]; i++)
    if (!write_curves(out, compare, plots[i].title, plots[i].ylabel, plots[i].field, err))
      return false;
  fputs("</div>\n", out);
  lathe_html_section_end(out);
  lathe_html_end(out);
  return true;
}

bool lathe_compare_write(const struct lathe_compare *compare, const char *path,
                         struct lathe_error *err)
{
  struct lathe_output *output = lathe_output_open(path, err);
  if (!output)
    return false;
  if (write_page(lathe_output_stream(output), compare, err))
    return lathe_output_commit(output, err);
  lathe_output_discard(output);
  return false;
}
