/* Draws handwritten-looking digits in the layout of MNIST, 28x28 grey, and writes them as .npz
 * files to train, label and test a model with where there is no real data. */
#include "array.h"
#include "data_files.h"
#include "digit_strokes.h"
#include "picture.h"
#include <cairo.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
  SIDE = 28,
  PIXELS = SIDE * SIDE,
  DIGIT_SIDE = 20, /* the box that MNIST fits a digit in */
  FINE = 4,        /* a pixel is the mean of FINE x FINE drawn ones */
  MOST_IMAGES = 1000000,
  SHEET_COLUMNS = 20,
  PATH_LENGTH = 4096
};

enum set { TRAIN, TEST, FEW, SETS, ORDER = SETS };
static const char *const SET_NAME[SETS] = {"train", "test", "val_recon"};

struct request {
  const char *folder, *sheet;
  uint64_t seed;
  int digits[10], digit_count;
  int64_t images[SETS]; /* images[FEW] is for each digit */
};

static const char HELP[] =
    "Usage: draw_digits -o FOLDER [OPTION]...\n"
    "Draws handwritten-looking digits and writes, for instance, FOLDER/mnist_1_4_8_train.npz,\n"
    "mnist_1_4_8_test.npz and mnist_1_4_8_val_recon.npz: data uint8 [N, 28, 28], labels int64 "
    "[N].\n"
    "The same options give the same files.\n"
    "\n"
    "  -o, --output FOLDER  where to write; made if it is not there\n"
    "  -d, --digits LIST    which digits, for instance 0,1,2 (default 1,4,8)\n"
    "      --train N        images of all digits together to train on (default 6000)\n"
    "      --test N         images to test with (default 1500)\n"
    "      --few N          labelled images of each digit, in val_recon (default 5)\n"
    "  -s, --seed N         another seed draws other images (default 0)\n"
    "      --sheet PNG      also draw a sheet to look at: a row for each digit\n"
    "  -h, --help           show this and exit\n";

/* One image into `image`. The surface, SIDE * FINE square, is the caller's to reuse. */
static void draw_image(cairo_t *pen, int digit, struct dice *dice, uint8_t image[PIXELS])
{
  struct pen_point points[PEN_POINTS];
  int count = write_digit(digit, DIGIT_SIDE * dice_uniform(dice, 0.94, 1.02), dice, points);
  double right = SIDE / 2.0 + dice_normal(dice, 0.35), down = SIDE / 2.0 + dice_normal(dice, 0.35);
  double ink = dice_uniform(dice, 0.9, 1.0);

  cairo_set_operator(pen, CAIRO_OPERATOR_CLEAR);
  cairo_paint(pen);
  cairo_set_operator(pen, CAIRO_OPERATOR_OVER);
  for (int i = 1; i < count; i++) {
    if (points[i].lands)
      continue;
    cairo_set_line_width(pen, FINE * (points[i - 1].width + points[i].width) / 2);
    cairo_move_to(pen, FINE * (points[i - 1].x + right), FINE * (points[i - 1].y + down));
    cairo_line_to(pen, FINE * (points[i].x + right), FINE * (points[i].y + down));
    cairo_stroke(pen);
  }

  cairo_surface_t *surface = cairo_get_target(pen);
  cairo_surface_flush(surface);
  const unsigned char *fine = cairo_image_surface_get_data(surface);
  int stride = cairo_image_surface_get_stride(surface);
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++) {
      int sum = 0;
      for (int i = 0; i < FINE * FINE; i++)
        sum += fine[(y * FINE + i / FINE) * stride + x * FINE + i % FINE];
      image[y * SIDE + x] = (uint8_t)lround(ink * sum / (FINE * FINE));
    }
}

static cairo_t *new_pen(struct lathe_error *err)
{
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, SIDE * FINE, SIDE * FINE);
  cairo_t *pen = cairo_create(surface);
  cairo_surface_destroy(surface);
  cairo_set_line_cap(pen, CAIRO_LINE_CAP_ROUND);
  if (cairo_status(pen) != CAIRO_STATUS_SUCCESS) {
    lathe_fail(err, "cannot draw: %s", cairo_status_to_string(cairo_status(pen)));
    cairo_destroy(pen);
    return NULL;
  }
  return pen;
}

/* The digit of image `index`: in turn for the labelled few, by chance elsewhere. */
static int digit_of(const struct request *request, enum set set, int64_t index)
{
  if (set == FEW)
    return request->digits[index / request->images[FEW]];
  struct dice order = {request->seed, ORDER + (uint32_t)set, (uint64_t)index, 0};
  return request->digits[(int)dice_uniform(&order, 0, request->digit_count)];
}

static bool write_set(const struct request *request, enum set set, const char *path,
                      struct lathe_error *err)
{
  int64_t n = request->images[set] * (set == FEW ? request->digit_count : 1);
  struct lathe_array data = {.dtype = LATHE_U8, .rank = 3, .shape = {n, SIDE, SIDE}};
  struct lathe_array labels = {.dtype = LATHE_I64, .rank = 1, .shape = {n}, .count = n};
  data.count = n * PIXELS;
  data.data = malloc((size_t)data.count);
  labels.data = malloc((size_t)n * sizeof(int64_t));
  cairo_t *pen = new_pen(err);
  bool done = pen != NULL;
  if (done && (!data.data || !labels.data))
    done = lathe_fail(err, "%s: out of memory for %" PRId64 " images", path, n);
  if (done) {
    for (int64_t i = 0; i < n; i++) {
      int digit = digit_of(request, set, i);
      struct dice dice = {request->seed, (uint32_t)set, (uint64_t)i, 0};
      ((int64_t *)labels.data)[i] = digit;
      draw_image(pen, digit, &dice, (uint8_t *)data.data + i * PIXELS);
    }
    done = write_examples(path, &data, &labels, err);
  }
  if (pen)
    cairo_destroy(pen);
  free(data.data);
  free(labels.data);
  return done;
}

static bool write_sheet(const struct request *request, struct lathe_error *err)
{
  static uint8_t image[PIXELS];
  static lathe_real images[10 * SHEET_COLUMNS * PIXELS];
  static const char *const NAMES[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  const char *captions[10];
  cairo_t *pen = new_pen(err);
  if (!pen)
    return false;
  for (int i = 0; i < request->digit_count * SHEET_COLUMNS; i++) {
    int digit = request->digits[i / SHEET_COLUMNS];
    captions[i / SHEET_COLUMNS] = NAMES[digit];
    struct dice dice = {request->seed, TRAIN, (uint64_t)i, 0};
    draw_image(pen, digit, &dice, image);
    for (int j = 0; j < PIXELS; j++)
      images[i * PIXELS + j] = image[j];
  }
  cairo_destroy(pen);
  struct lathe_picture_format format = {1, SIDE, SIDE, {0, 255}, 2, false};
  return lathe_picture_rows(request->sheet, &format, images, request->digit_count, SHEET_COLUMNS,
                            captions, err);
}

static bool write_all(const struct request *request, struct lathe_error *err)
{
  char digits[2 * 10 + 1] = "";
  for (int i = 0; i < request->digit_count; i++)
    snprintf(digits + 2 * i, 3, "_%d", request->digits[i]);
  if (mkdir(request->folder, 0777) != 0 && errno != EEXIST)
    return lathe_fail(err, "%s: cannot make this folder: %s", request->folder, strerror(errno));
  for (enum set set = TRAIN; set < SETS; set++) {
    char path[PATH_LENGTH];
    int length =
        snprintf(path, sizeof path, "%s/mnist%s_%s.npz", request->folder, digits, SET_NAME[set]);
    if (length < 0 || length >= PATH_LENGTH)
      return lathe_fail(err, "%.40s...: this path is too long", request->folder);
    if (!write_set(request, set, path, err))
      return false;
    puts(path);
  }
  return !request->sheet || write_sheet(request, err);
}

/* "1,4,8": different digits, kept in rising order. */
static bool parse_digits(const char *text, struct request *request)
{
  bool chosen[10] = {false};
  for (const char *at = text;; at += 2) {
    if (at[0] < '0' || at[0] > '9' || chosen[at[0] - '0'] || (at[1] != ',' && at[1] != '\0'))
      return false;
    chosen[at[0] - '0'] = true;
    if (at[1] == '\0')
      break;
  }
  request->digit_count = 0;
  for (int i = 0; i < 10; i++)
    if (chosen[i])
      request->digits[request->digit_count++] = i;
  return true;
}

static int usage_error(const char *option, const char *value, const char *expected)
{
  fprintf(stderr, "draw_digits: %s %s: expected %s; see draw_digits --help\n", option, value,
          expected);
  return 2;
}

/* Reads the command line; -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct request *request)
{
  enum { OPTION_TRAIN = 256, OPTION_TEST, OPTION_FEW, OPTION_SHEET };
  static const struct option OPTIONS[] = {
      {"output", required_argument, NULL, 'o'},
      {"digits", required_argument, NULL, 'd'},
      {"seed", required_argument, NULL, 's'},
      {"train", required_argument, NULL, OPTION_TRAIN},
      {"test", required_argument, NULL, OPTION_TEST},
      {"few", required_argument, NULL, OPTION_FEW},
      {"sheet", required_argument, NULL, OPTION_SHEET},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  int option;
  while ((option = getopt_long(argc, argv, "o:d:s:h", OPTIONS, NULL)) != -1) {
    uint64_t number;
    switch (option) {
    case 'o':
      request->folder = optarg;
      break;
    case 'd':
      if (!parse_digits(optarg, request))
        return usage_error("--digits", optarg, "different digits with commas between, like 1,4,8");
      break;
    case 's':
      if (!parse_number(optarg, 0, UINT64_MAX, &request->seed))
        return usage_error("--seed", optarg, "a whole number from 0 to 18446744073709551615");
      break;
    case OPTION_TRAIN:
    case OPTION_TEST:
    case OPTION_FEW:
      if (!parse_number(optarg, 1, MOST_IMAGES, &number))
        return usage_error("number of images", optarg, "a whole number from 1 to 1000000");
      request->images[option - OPTION_TRAIN] = (int64_t)number;
      break;
    case OPTION_SHEET:
      request->sheet = optarg;
      break;
    case 'h':
      return fputs(HELP, stdout) < 0 || fflush(stdout) != 0 ? 1 : 0;
    default: /* getopt has said what is wrong */
      fputs("See draw_digits --help.\n", stderr);
      return 2;
    }
  }
  if (optind < argc)
    return usage_error("argument", argv[optind], "options only");
  if (!request->folder || !request->folder[0]) {
    fputs("draw_digits: say where to write with -o FOLDER; see draw_digits --help\n", stderr);
    return 2;
  }
  return -1;
}

int main(int argc, char **argv)
{
  struct request request = {
      .digits = {1, 4, 8}, .digit_count = 3, .images = {[TRAIN] = 6000, [TEST] = 1500, [FEW] = 5}};
  int status = parse(argc, argv, &request);
  if (status >= 0)
    return status;
  struct lathe_error err;
  bool done = write_all(&request, &err);
  if (done && fflush(stdout) != 0)
    done = lathe_fail(&err, "standard output: %s", strerror(errno));
  if (!done)
    fprintf(stderr, "draw_digits: %s\n", err.text);
  return done ? 0 : 1;
}
