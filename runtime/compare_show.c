/* A comparison of runs for people: as text, and as a page. */
#include "charts.h"
#include "compare.h"
#include "html.h"
#include "output.h"
#include <string.h>

enum { NAME_WIDTH = 28, NAME_MOST = 48, CELL_WIDTH = 22, HASH = 64, HASH_SHOWN = 12 };

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

/* Of the column of names, the same in both tables. */
static int name_width(const struct lathe_compare *compare)
{
  const struct lathe_compare_table *tables[] = {&compare->settings, &compare->metrics};
  int width = NAME_WIDTH;
  for (int t = 0; t < 2; t++)
    for (int i = 0; i < tables[t]->rows; i++) {
      size_t length = strlen(tables[t]->row[i].name);
      if (length > (size_t)width && length <= NAME_MOST)
        width = (int)length;
    }
  return width;
}

static void print_table(FILE *out, const char *title, const struct lathe_compare *compare,
                        const struct lathe_compare_table *table)
{
  int width = name_width(compare);
  fprintf(out, "%-*s", width, title);
  for (int r = 0; r < compare->runs; r++)
    print_cell(out, compare->folder[r], CELL_WIDTH);
  fputs("\n", out);
  for (int i = 0; i < table->rows; i++) {
    const struct lathe_compare_row *row = &table->row[i];
    fprintf(out, "%-*s", width, row->name);
    for (int r = 0; r < compare->runs; r++)
      print_cell(out, row->cell[r] ? row->cell[r] : "-", CELL_WIDTH);
    fputs("\n", out);
  }
}

void lathe_compare_print(const struct lathe_compare *compare, FILE *out)
{
  print_table(out, "what differs", compare, &compare->settings);
  if (compare->settings.rows == 0)
    fputs("(nothing: model, settings, data and build are the same)\n", out);
  fputs("\n", out);
  print_table(out, "what was reached", compare, &compare->metrics);
}

/* Of a SHA-256, which is for programs, as much as tells two apart; all of it where one points. */
static void write_cell(FILE *out, const char *text)
{
  bool hash = strlen(text) == HASH && strspn(text, "0123456789abcdef") == HASH;
  if (hash)
    fprintf(out, "<span title=\"%s\">%.*s\xe2\x80\xa6</span>", text, HASH_SHOWN, text);
  else
    lathe_html_text(out, text);
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
    const struct lathe_compare_row *row = &table->row[i];
    fputs("<tr><th>", out);
    lathe_html_text(out, row->name);
    fputs("</th>", out);
    for (int r = 0; r < compare->runs; r++) {
      fputs("<td class=\"n\">", out);
      write_cell(out, row->cell[r] ? row->cell[r] : "-");
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

/* A column of a chart of all histories, a curve a run; nothing where no run knows it. */
static bool write_curves(FILE *out, const struct lathe_compare *compare, int chart, int column,
                         struct lathe_error *err)
{
  struct lathe_curve curves[LATHE_COMPARED];
  char names[LATHE_COMPARED][32], title[96];
  const char *of = lathe_chart_column(chart, column);
  bool known = false;
  for (int r = 0; r < compare->runs; r++) {
    legend_name(compare, r, names[r]);
    curves[r] = lathe_chart_curve(chart, column, &compare->history[r]);
    curves[r].name = names[r]; /* also of none, which keeps its colour and its place */
    known = known || curves[r].n > 0;
  }
  if (!known)
    return true;
  snprintf(title, sizeof title, "%s%s%s", lathe_chart_title(chart), of ? ", " : "", of ? of : "");
  return lathe_html_picture(
      out, "plot", title,
      lathe_chart_page(chart, NULL, title, curves, compare->runs, lathe_plot_half, err), err);
}

static bool write_page(FILE *out, const struct lathe_compare *compare, struct lathe_error *err)
{
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
  for (int i = 0; i < LATHE_CHARTS * LATHE_CHART_COLUMNS; i++)
    if (!write_curves(out, compare, i / LATHE_CHART_COLUMNS, i % LATHE_CHART_COLUMNS, err))
      return false;
  fputs("</div>\n", out);
  lathe_html_section_end(out);
  lathe_html_end(out);
  return true;
}

bool lathe_compare_write(const struct lathe_compare *compare, const char *path,
                         struct lathe_error *err)
{
  for (int r = 0; r < compare->runs; r++) {
    const char *own = lathe_run_file_at(compare->folder[r], path);
    if (own)
      return lathe_fail(err, "-o %s would replace %s of the run %s: give another name", path, own,
                        compare->folder[r]);
  }
  struct lathe_output *output = lathe_output_open(path, err);
  if (!output)
    return false;
  if (write_page(lathe_output_stream(output), compare, err))
    return lathe_output_commit(output, err);
  lathe_output_discard(output);
  return false;
}
