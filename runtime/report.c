#include "allocate.h"
#include "json.h"
#include "output.h"
#include "report_parts.h"
#include "run.h"
#include "words.h"
#include <math.h>
#include <stdlib.h>

enum { TILE = 56 }; /* the longer side of a small image on the page, about */

struct section {
  const char *id, *heading;
  bool (*has)(const struct lathe_report_page *page);
  bool (*write)(struct lathe_report_page *page, struct lathe_error *err);
};

static const struct section sections[] = {
#define SECTION(id, heading) {#id, heading, lathe_report_has_##id, lathe_report_##id},
#include "report.def"
#undef SECTION
};
enum { SECTIONS = sizeof sections / sizeof sections[0] };

void lathe_report_number(FILE *out, const char *format, double value)
{
  fputs("<td class=\"n\">", out);
  if (isfinite(value))
    fprintf(out, format, value);
  else
    fputs("-", out);
  fputs("</td>", out);
}

const char *lathe_report_tile(const struct lathe_report_page *page)
{
  return page->format.curves ? "curve" : "tile";
}

/* Image i of some. */
static bool write_tile(struct lathe_report_page *page, const char *alt, const lathe_real *images,
                       int i, struct lathe_error *err)
{
  const lathe_real *image = images + (int64_t)i * page->model->input_size;
  return lathe_html_picture(page->out, lathe_report_tile(page), alt,
                            lathe_picture_tiles_page(alt, &page->format, image, 1, 1, err), err);
}

/* Opens a row of n: so many of them stand beside each other on a narrow page. */
static void begin_tiles(const struct lathe_report_page *page, int n)
{
  bool curves = page->format.curves; /* which are wide */
  if (n > 4)
    fprintf(page->out, "<div class=\"tiles row\" style=\"--all:%d;--half:%d\">\n",
            curves ? (n + 1) / 2 : n, curves ? 4 : (n + 1) / 2);
  else
    fputs("<div class=\"tiles\">\n", page->out);
}

bool lathe_report_tiles(struct lathe_report_page *page, const char *alt, const lathe_real *images,
                        int n, struct lathe_error *err)
{
  bool good = true;
  begin_tiles(page, n);
  for (int i = 0; good && i < n; i++)
    good = write_tile(page, alt, images, i, err);
  fputs("</div>\n", page->out);
  return good;
}

bool lathe_report_pairs(struct lathe_report_page *page, const char *const alt[2],
                        const lathe_real *images, const lathe_real *others, int n,
                        struct lathe_error *err)
{
  bool good = true;
  begin_tiles(page, n);
  for (int i = 0; good && i < n; i++) {
    fputs("<div>", page->out);
    good = write_tile(page, alt[0], images, i, err) && write_tile(page, alt[1], others, i, err);
    fputs("</div>\n", page->out);
  }
  fputs("</div>\n", page->out);
  return good;
}

static void write_figure(FILE *out, const char *name, const char *format, double value)
{
  fputs("<div>", out);
  lathe_html_text(out, name);
  fputs("<b>", out);
  fprintf(out, format, value);
  fputs("</b></div>\n", out);
}

/* What was reached, in a few figures. */
static void write_summary(const struct lathe_report_page *page)
{
  const struct lathe_report *report = page->report;
  const struct lathe_show *show = page->show;
  const struct lathe_evaluation *evaluation = show->images.evaluation;
  FILE *out = page->out;
  char room[LATHE_WORDS];
  double ssim;
  fputs("<p class=\"quiet\">", out);
  lathe_html_printf(out, "Run %s. Pictures are of %s (%lld).", report->folder, show->images.name,
                    (long long)show->images.part.count);
  fputs("</p>\n<div class=\"figures\">\n", out);
  if (page->scored) {
    char name[64];
    snprintf(name, sizeof name, "Accuracy, %lld labelled %s",
             (long long)page->scored->evaluation->images, lathe_input_words(page->model));
    write_figure(out, name, "%.2f %%", 100 * page->scored->evaluation->scores.accuracy);
  }
  if (evaluation->decoded) {
    write_figure(out, lathe_in_words(page->model, "Loss, nats an image", room), "%.2f",
                 evaluation->loss.total);
    write_figure(out, "Mean squared error", "%.4f", lathe_similarity_mse(&evaluation->similarity));
  } else {
    write_figure(out, "Log-likelihood, nats a point", "%.4f", evaluation->fitness.log_likelihood);
    write_figure(out, "BIC", "%.2f", evaluation->fitness.bic);
  }
  if (lathe_similarity_ssim(&evaluation->similarity, &ssim))
    write_figure(out, "Structural similarity", "%.4f", ssim);
  if (page->history.epochs > 0)
    write_figure(out, "Epochs", "%.0f", page->history.epochs);
  fputs("</div>\n<nav>\n", out);
  for (int i = 0; i < SECTIONS; i++)
    if (sections[i].has(page))
      fprintf(out, "<a href=\"#%s\">%s</a>\n", sections[i].id, sections[i].heading);
  fputs("</nav>\n", out);
}

static bool write_page(struct lathe_report_page *page, struct lathe_error *err)
{
  lathe_html_begin(page->out, page->model->name);
  write_summary(page);
  for (int i = 0; i < SECTIONS; i++) {
    if (!sections[i].has(page))
      continue;
    lathe_html_section(page->out, sections[i].id, sections[i].heading);
    if (!sections[i].write(page, err))
      return false;
    lathe_html_section_end(page->out);
  }
  lathe_html_end(page->out);
  return true;
}

/* metrics.json is there when the run was trained, and not when its weights were imported. */
static bool read_metrics(struct lathe_report_page *page, struct lathe_error *err)
{
  char path[LATHE_PATH];
  bool missing;
  if (!lathe_run_path(page->report->folder, LATHE_RUN_METRICS, path, err))
    return false;
  page->metrics = lathe_json_read(path, &missing, err);
  return page->metrics || missing;
}

/* The range of the first images shown, where the model knows none, and of curves. */
static bool fit_range(struct lathe_report_page *page, struct lathe_error *err)
{
  enum { MOST = 64 };
  const struct lathe_part *part = &page->show->images.part;
  int n = part->count < MOST ? (int)part->count : MOST;
  if ((page->model->bounded && !page->format.curves) || n == 0)
    return true;
  lathe_real *images =
      lathe_allocate(n, page->model->input_size, sizeof *images, "the images shown", err);
  if (!images)
    return false;
  lathe_dataset_gather(part->dataset, page->model, part->indices, 0, n, images);
  lathe_picture_fit(&page->format, images, n);
  free(images);
  return true;
}

static bool gather(struct lathe_report_page *page, struct lathe_error *err)
{
  const struct lathe_report *report = page->report;
  const struct lathe_model *model = page->model;
  const struct lathe_evaluation *shown = page->show->images.evaluation;
  struct lathe_run run;
  bool finished;
  page->format = lathe_picture_format(model->input_rank, model->input_shape, model->range);
  int side = page->format.height > page->format.width ? page->format.height : page->format.width;
  if (!page->format.curves)
    page->format.scale = side < TILE ? TILE / side : 1;
  page->scored = lathe_show_scored(page->show);
  page->facts = lathe_show_facts(page->show);
  return fit_range(page, err) &&
         lathe_run_reopen(&run, report->folder, model, &page->record, &finished, err) &&
         read_metrics(page, err) && lathe_history_read(&page->history, report->folder, err) &&
         lathe_clusters_new(&page->clusters, &page->show->session->mixture, shown->images,
                            shown->means, shown->scored ? &shown->scores : NULL, run.seed, err);
}

bool lathe_report_write(const struct lathe_report *report, const char *path,
                        struct lathe_error *err)
{
  struct lathe_report_page page = {
      .report = report, .show = &report->show, .model = report->show.session->model};
  bool good = gather(&page, err);
  struct lathe_output *output = good ? lathe_output_open(path, err) : NULL;
  if (output) {
    page.out = lathe_output_stream(output);
    good = write_page(&page, err);
    if (good)
      good = lathe_output_commit(output, err);
    else
      lathe_output_discard(output);
  }
  lathe_clusters_free(&page.clusters);
  lathe_history_free(&page.history);
  json_decref(page.metrics);
  json_decref(page.record);
  return good && output;
}
