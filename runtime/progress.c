#include "progress.h"
#include "clock.h"
#include "json.h"
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

void lathe_progress_start(struct lathe_progress *progress, enum lathe_progress_style style,
                          int epochs, int64_t images)
{
  *progress = (struct lathe_progress){
      .style = style, .epochs = epochs, .images = images, .started = lathe_now()};
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

/* Writes over the line that the cursor is on, cut where the terminal ends. */
static void overwrite(struct lathe_progress *progress, const char *text)
{
  printf("\r\033[K%.*s", terminal_columns() - 1, text);
  fflush(stdout);
  progress->on_line = true;
}

void lathe_progress_step(struct lathe_progress *progress, int epoch, int64_t done, double loss,
                         double images_per_second)
{
  enum { WIDTH = 10 };
  double now = lathe_now();
  if (progress->style != LATHE_PROGRESS_BAR || now - progress->drawn < 0.1)
    return;
  progress->drawn = now;

  double all = (double)progress->epochs * (double)progress->images;
  double behind = (double)(epoch - 1) * (double)progress->images + (double)done;
  int filled = (int)(WIDTH * behind / all);
  char bar[WIDTH + 1], speed[32], left[LATHE_DURATION], validation[48] = "";
  memset(bar, '-', WIDTH);
  memset(bar, '#', (size_t)filled);
  bar[WIDTH] = '\0';
  if (progress->last.validated)
    snprintf(validation, sizeof validation, "  valid %#.5g", progress->last.validation.total);

  char text[256];
  lathe_duration(left, (now - progress->started) * (all - behind) / behind);
  snprintf(text, sizeof text, "epoch %d/%d [%s] %s left  loss %#.5g%s  %s images/s", epoch,
           progress->epochs, bar, left, loss, validation, with_commas(speed, images_per_second));
  overwrite(progress, text);
}

static void set_loss(json_t *json, const char *prefix, const struct lathe_loss *loss, bool known)
{
  const struct {
    const char *name;
    double value;
  } parts[] = {{"loss", loss->total}, {"reconstruction", loss->reconstruction}, {"kl", loss->kl}};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    char key[64];
    snprintf(key, sizeof key, "%s_%s", prefix, parts[i].name);
    json_object_set_new(json, key, known ? lathe_json_number(parts[i].value) : json_null());
  }
}

static void print_json(const struct lathe_progress *progress, const struct lathe_epoch *epoch)
{
  json_t *json = json_pack("{s:s, s:i, s:i}", "event", "epoch", "epoch", epoch->epoch, "epochs",
                           progress->epochs);
  set_loss(json, "train", &epoch->training, true);
  set_loss(json, "valid", &epoch->validation, epoch->validated);
  json_object_set_new(json, "rate", lathe_json_number(epoch->rate));
  json_object_set_new(json, "images_per_second", lathe_json_number(epoch->images_per_second));
  json_object_set_new(json, "seconds", lathe_json_number(epoch->seconds));
  lathe_json_line(json, NULL); /* a line that memory is short for is not worth ending a training */
}

static void print_line(const struct lathe_progress *progress, const struct lathe_epoch *epoch)
{
  char speed[32], time[LATHE_DURATION];
  printf("epoch %3d/%d  loss %#-8.5g", epoch->epoch, progress->epochs, epoch->training.total);
  if (epoch->validated)
    printf("  valid %#-8.5g", epoch->validation.total);
  printf("  %s images/s  %s\n", with_commas(speed, epoch->images_per_second),
         lathe_duration(time, epoch->seconds));
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
  case LATHE_PROGRESS_BAR:
    progress->drawn = 0; /* so that the new validation loss is seen at once */
    lathe_progress_step(progress, epoch->epoch, progress->images, epoch->training.total,
                        epoch->images_per_second);
    break;
  }
}

void lathe_progress_em(void *arg, int restart, int iteration, double log_likelihood)
{
  struct lathe_progress *progress = arg;
  if (progress->style == LATHE_PROGRESS_JSON) {
    lathe_json_line(json_pack("{s:s, s:i, s:i, s:o}", "event", "em", "restart", restart,
                              "iteration", iteration, "log_likelihood",
                              lathe_json_number(log_likelihood)),
                    NULL);
  } else if (progress->style == LATHE_PROGRESS_BAR && lathe_now() - progress->drawn >= 0.1) {
    char text[128];
    snprintf(text, sizeof text, "EM iteration %d  log-likelihood %#.5g", iteration, log_likelihood);
    progress->drawn = lathe_now();
    overwrite(progress, text);
  }
}

void lathe_progress_stop(struct lathe_progress *progress)
{
  if (progress->on_line)
    printf("\n");
  fflush(stdout);
  progress->on_line = false;
}
