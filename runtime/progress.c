#include "progress.h"
#include "clock.h"
#include "commas.h"
#include "json.h"
#include "words.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum lathe_progress_style lathe_progress_choose(bool quiet, bool json)
{
  if (json)
    return LATHE_PROGRESS_JSON;
  if (quiet)
    return LATHE_PROGRESS_QUIET;
  /* A bar takes a terminal that can go up a line and clear one. */
  const char *terminal = getenv("TERM");
  bool dumb = terminal && strcmp(terminal, "dumb") == 0;
  return isatty(STDOUT_FILENO) && !dumb ? LATHE_PROGRESS_BAR : LATHE_PROGRESS_LINES;
}

void lathe_progress_start(struct lathe_progress *progress, const struct lathe_model *model,
                          enum lathe_progress_style style, int epochs, int64_t images,
                          int64_t before)
{
  *progress = (struct lathe_progress){.model = model,
                                      .style = style,
                                      .epochs = epochs,
                                      .images = images,
                                      .before = before,
                                      .started = lathe_now()};
}

static int terminal_columns(void)
{
  struct winsize size;
  bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

/* A line for the terminal, put together from parts, and short enough not to be broken. */
struct line {
  char text[512];
  int length, columns;
  bool full;
};

static struct line new_line(int columns)
{
  int most = (int)sizeof(((struct line *)0)->text);
  return (struct line){.columns = columns < most ? columns : most};
}

/* Adds a part if all of it fits, and all before it did. */
__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
  char part[160];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(part, sizeof part, format, args);
  va_end(args);
  line->full = line->full || length < 0 || length >= (int)sizeof part ||
               line->length + length >= line->columns;
  if (line->full)
    return;
  memcpy(line->text + line->length, part, (size_t)length + 1);
  line->length += length;
}

/* Writes two lines over those that were written so before; the cursor stays behind the second. */
static void overwrite(struct lathe_progress *progress, const struct line lines[2])
{
  printf("%s\r\033[K%s\n\033[K%s", progress->on_line ? "\033[A" : "", lines[0].text, lines[1].text);
  fflush(stdout);
  progress->on_line = true;
  progress->drawn = lathe_now();
}

enum { WIDEST = 24, NARROWEST = 3 };

/* "[###-------]", `width` wide inside. */
static const char *bar_text(char text[WIDEST + 3], int width, double share)
{
  int filled = (int)(width * fmin(fmax(share, 0), 1));
  text[0] = '[';
  memset(text + 1, '-', (size_t)width);
  memset(text + 1, '#', (size_t)filled);
  memcpy(text + 1 + width, "]", 2);
  return text;
}

/* Both bars as wide as the terminal has room for beside the numbers; of these those that matter
 * most stay where it is narrow. */
static struct line bar_line(const struct lathe_progress *progress, int epoch, int64_t done,
                            double images_per_second)
{
  enum { WIDE = 60, BRACKETS = 4, SPACES = 2 };
  double all = (double)progress->epochs * (double)progress->images;
  double behind = (double)(epoch - 1) * (double)progress->images + (double)done;
  double now = behind - (double)progress->before;
  double seconds = lathe_now() - progress->started;
  int columns = terminal_columns();
  char run[WIDEST + 3], bar[WIDEST + 3], time[LATHE_DURATION], speed[LATHE_COMMAS], count[48];
  struct line line = new_line(columns), tail = new_line(columns);
  int length = snprintf(count, sizeof count, "%s%d/%d", columns < WIDE ? "" : "epoch ", epoch,
                        progress->epochs);
  int room = columns - 1 - (int)strlen("run ") - length - SPACES - BRACKETS;
  tail.columns = room - 2 * NARROWEST + 1;
  if (now > 0 && behind < all)
    add(&tail, "  %s left", lathe_duration(time, seconds * (all - behind) / now));
  else if (now > 0)
    add(&tail, "  %s", lathe_duration(time, seconds));
  add(&tail, "  %s %s/s", lathe_commas(speed, images_per_second),
      lathe_input_words(progress->model));
  int width = (room - tail.length) / 2;
  width = width < 0 ? 0 : width > WIDEST ? WIDEST : width;
  add(&line, "run %s %s %s%s", bar_text(run, width, behind / all), count,
      bar_text(bar, width, (double)done / (double)progress->images), tail.text);
  return line;
}

static struct line loss_line(const struct lathe_progress *progress, const struct lathe_loss *loss)
{
  struct line line = new_line(terminal_columns());
  add(&line, "loss %#.5g", loss->total);
  if (progress->last.validated)
    add(&line, "  valid %#.5g", progress->last.validation.total);
  add(&line, "  reconstruction %#.5g", loss->reconstruction);
  if (loss->kl > 0)
    add(&line, "  KL %#.4g", loss->kl);
  return line;
}

static void draw_bar(struct lathe_progress *progress, int epoch, int64_t done,
                     const struct lathe_loss *loss, double images_per_second)
{
  const struct line lines[2] = {bar_line(progress, epoch, done, images_per_second),
                                loss_line(progress, loss)};
  overwrite(progress, lines);
}

void lathe_progress_divergence(struct lathe_progress *progress, const char *sign, int64_t step)
{
  if (progress->style != LATHE_PROGRESS_BAR && progress->style != LATHE_PROGRESS_LINES)
    return;
  lathe_progress_stop(progress);
  printf("%s after step %lld: doing the steps since the last checkpoint again, to find where that "
         "began\n",
         sign, (long long)step);
  fflush(stdout);
}

static bool due(const struct lathe_progress *progress)
{
  return progress->style == LATHE_PROGRESS_BAR && lathe_now() - progress->drawn >= 0.1;
}

void lathe_progress_step(struct lathe_progress *progress, int epoch, int64_t done,
                         const struct lathe_loss *loss, double images_per_second)
{
  if (due(progress))
    draw_bar(progress, epoch, done, loss, images_per_second);
}

static void print_json(const struct lathe_progress *progress, const struct lathe_epoch *epoch)
{
  struct lathe_epoch values = *epoch;
  json_t *json = json_pack("{s:s, s:i, s:i}", "event", "epoch", "epoch", epoch->epoch, "epochs",
                           progress->epochs);
  for (int i = 0; i < LATHE_EPOCH_FIELDS; i++) {
    bool known = lathe_epoch_known(epoch, i);
    json_object_set_new(json, lathe_epoch_name(i),
                        known ? lathe_json_number(*lathe_epoch_value(&values, i)) : json_null());
  }
  lathe_json_line(json, NULL); /* a line that memory is short for is not worth ending a training */
}

/* Log-variances that an epoch had to keep within their bounds. */
static double clamped(const struct lathe_epoch *epoch)
{
  return epoch->training.clamped + epoch->validation.clamped;
}

static void print_line(const struct lathe_progress *progress, const struct lathe_epoch *epoch)
{
  char speed[LATHE_COMMAS], time[LATHE_DURATION];
  printf("epoch %3d/%d  loss %#-8.5g", epoch->epoch, progress->epochs, epoch->training.total);
  if (epoch->divergence)
    printf("  reconstruction %#-8.5g  KL %#-7.4g", epoch->training.reconstruction,
           epoch->training.kl);
  if (epoch->validated)
    printf("  valid %#-8.5g", epoch->validation.total);
  if (clamped(epoch) > 0)
    printf("  %.0f log-variances clamped", clamped(epoch));
  printf("  %s %s/s  %s\n", lathe_commas(speed, epoch->images_per_second),
         lathe_input_words(progress->model), lathe_duration(time, epoch->seconds));
  fflush(stdout);
}

void lathe_progress_epoch(struct lathe_progress *progress, const struct lathe_epoch *epoch)
{
  progress->last = *epoch;
  switch (progress->style) {
  case LATHE_PROGRESS_QUIET:
    break;
  case LATHE_PROGRESS_JSON:
    print_json(progress, epoch);
    break;
  case LATHE_PROGRESS_LINES:
    print_line(progress, epoch);
    break;
  case LATHE_PROGRESS_BAR: /* so that the new validation loss is seen at once */
    draw_bar(progress, epoch->epoch, progress->images, &epoch->training, epoch->images_per_second);
    break;
  }
}

/* How far EM is, and how likely the points are. */
static void add_em(struct line *line, const struct lathe_em_report *report)
{
  add(line, "EM %d iteration%s", report->iterations, report->iterations == 1 ? "" : "s");
  add(line, "  log-likelihood %#.5g", report->log_likelihood);
  if (report->restart > 0)
    add(line, "  start %d", report->restart + 1);
}

/* How the components share the points; those that there is no room for are "...". */
static void add_components(struct line *line, const struct lathe_mixture *mixture)
{
  const int dots = (int)strlen(" ...");
  add(line, "components");
  for (int k = 0; k < mixture->components; k++) {
    line->columns -= k + 1 < mixture->components ? dots : 0;
    add(line, " %.1f%%", 100 * mixture->weights[k]);
    line->columns += k + 1 < mixture->components ? dots : 0;
  }
  if (line->full) {
    line->full = false;
    add(line, " ...");
  }
}

static void draw_em(struct lathe_progress *progress, const struct lathe_em_report *report,
                    const struct lathe_mixture *mixture)
{
  int columns = terminal_columns();
  struct line lines[2] = {new_line(columns), new_line(columns)};
  add_em(&lines[0], report);
  add_components(&lines[1], mixture);
  overwrite(progress, lines);
}

static void print_em_json(const struct lathe_em_report *report, const struct lathe_mixture *mixture)
{
  json_t *weights = json_array();
  for (int k = 0; k < mixture->components; k++)
    json_array_append_new(weights, lathe_json_number(mixture->weights[k]));
  lathe_json_line(json_pack("{s:s, s:i, s:i, s:o, s:o}", "event", "em", "restart", report->restart,
                            "iteration", report->iterations, "log_likelihood",
                            lathe_json_number(report->log_likelihood), "weights", weights),
                  NULL);
}

void lathe_progress_em(struct lathe_progress *progress, const struct lathe_em_report *report,
                       const struct lathe_mixture *mixture)
{
  if (progress->style == LATHE_PROGRESS_JSON)
    print_em_json(report, mixture);
  if (due(progress))
    draw_em(progress, report, mixture);
}

void lathe_progress_em_done(struct lathe_progress *progress, const struct lathe_em_report *report,
                            const struct lathe_mixture *mixture)
{
  if (progress->style == LATHE_PROGRESS_BAR)
    draw_em(progress, report, mixture);
  if (progress->style != LATHE_PROGRESS_LINES)
    return;
  struct line line = new_line((int)sizeof line.text);
  add_em(&line, report);
  add(&line, "  ");
  add_components(&line, mixture);
  printf("%s\n", line.text);
  fflush(stdout);
}

void lathe_progress_stop(struct lathe_progress *progress)
{
  if (progress->on_line)
    printf("\n");
  fflush(stdout);
  progress->on_line = false;
}
