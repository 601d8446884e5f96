#include "progress.h"
#include "clock.h"
#include "json.h"
#include "words.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum lathe_progress_style lathe_progress_choose(bool quiet, bool json)
{
  if (json)
    return LATHE_PROGRESS_JSON;
  if (quiet)
    return LATHE_PROGRESS_QUIET;
  return isatty(STDOUT_FILENO) ? LATHE_PROGRESS_BAR : LATHE_PROGRESS_LINES;
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

/* 19532 as "19,532". */
static const char *with_commas(char text[32], double value)
{
  char digits[32];
  int length = snprintf(digits, sizeof digits, "%.0f", value >= 0 && value < 1e15 ? value : 0);
  int out = 0;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0)
      text[out++] = ',';
    text[out++] = digits[i];
  }
  text[out] = '\0';
  return text;
}

static int terminal_columns(void)
{
  struct winsize size;
  bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

/* A line for the terminal, put together from parts. */
struct line {
  char text[512];
  int length, columns;
};

/* Adds a part if all of it fits. */
__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
  char part[160];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(part, sizeof part, format, args);
  va_end(args);
  if (length < 0 || length >= (int)sizeof part || line->length + length >= line->columns ||
      line->length + length >= (int)sizeof line->text)
    return;
  memcpy(line->text + line->length, part, (size_t)length + 1);
  line->length += length;
}

/* Writes it over the line that the cursor is on. */
static void overwrite(struct lathe_progress *progress, const struct line *line)
{
  printf("\r\033[K%s", line->text);
  fflush(stdout);
  progress->on_line = true;
  progress->drawn = lathe_now();
}

enum { WIDTH = 10 };

/* "[###-------]" */
static const char *bar_text(char text[WIDTH + 3], double share)
{
  int filled = (int)(WIDTH * fmin(fmax(share, 0), 1));
  text[0] = '[';
  memset(text + 1, '-', WIDTH);
  memset(text + 1, '#', (size_t)filled);
  memcpy(text + 1 + WIDTH, "]", 2);
  return text;
}

/* What matters most comes first, and stays where the terminal is narrow. */
static void draw_bar(struct lathe_progress *progress, int epoch, int64_t done,
                     const struct lathe_loss *loss, double images_per_second)
{
  double all = (double)progress->epochs * (double)progress->images;
  double behind = (double)(epoch - 1) * (double)progress->images + (double)done;
  double now = behind - (double)progress->before;
  double seconds = lathe_now() - progress->started;
  char run[WIDTH + 3], bar[WIDTH + 3], left[LATHE_DURATION], speed[32];
  struct line line = {.columns = terminal_columns()};
  add(&line, "run %s epoch %d/%d %s", bar_text(run, behind / all), epoch, progress->epochs,
      bar_text(bar, (double)done / (double)progress->images));
  if (now > 0)
    add(&line, " %s left", lathe_duration(left, seconds * (all - behind) / now));
  add(&line, "  loss %#.5g", loss->total);
  if (progress->last.validated)
    add(&line, "  valid %#.5g", progress->last.validation.total);
  add(&line, "  %s/s", with_commas(speed, images_per_second));
  add(&line, "  reconstruction %#.5g", loss->reconstruction);
  if (loss->kl > 0)
    add(&line, "  KL %#.4g", loss->kl);
  overwrite(progress, &line);
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
  char speed[32], time[LATHE_DURATION];
  printf("epoch %3d/%d  loss %#-8.5g", epoch->epoch, progress->epochs, epoch->training.total);
  if (epoch->divergence)
    printf("  reconstruction %#-8.5g  KL %#-7.4g", epoch->training.reconstruction,
           epoch->training.kl);
  if (epoch->validated)
    printf("  valid %#-8.5g", epoch->validation.total);
  if (clamped(epoch) > 0)
    printf("  %.0f log-variances clamped", clamped(epoch));
  printf("  %s %s/s  %s\n", with_commas(speed, epoch->images_per_second),
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

/* A line on EM: how far it is, how likely the points are, how the components share them. */
static struct line em_line(const struct lathe_em_report *report,
                           const struct lathe_mixture *mixture, int columns)
{
  struct line line = {.columns = columns};
  add(&line, "EM %3d iterations  log-likelihood %#.6g", report->iterations, report->log_likelihood);
  if (report->restart > 0)
    add(&line, "  start %d", report->restart + 1);
  add(&line, "  components");
  for (int k = 0; k < mixture->components; k++)
    add(&line, " %.1f%%", 100 * mixture->weights[k]);
  return line;
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
  if (!due(progress))
    return;
  struct line line = em_line(report, mixture, terminal_columns());
  overwrite(progress, &line);
}

void lathe_progress_em_done(struct lathe_progress *progress, const struct lathe_em_report *report,
                            const struct lathe_mixture *mixture)
{
  if (progress->style != LATHE_PROGRESS_BAR && progress->style != LATHE_PROGRESS_LINES)
    return;
  bool bar = progress->style == LATHE_PROGRESS_BAR;
  struct line line = em_line(report, mixture, bar ? terminal_columns() : (int)sizeof line.text);
  if (bar) {
    overwrite(progress, &line);
  } else {
    printf("%s\n", line.text);
    fflush(stdout);
  }
}

void lathe_progress_stop(struct lathe_progress *progress)
{
  if (progress->on_line)
    printf("\n");
  fflush(stdout);
  progress->on_line = false;
}
