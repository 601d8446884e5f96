/* Pictures made of images, read back: sizes, places and colours, and that nothing is left behind
 * where one cannot be made. */
#include "read_picture.h"
#include "runtime/model.h"
#include "runtime/picture.h"

enum { MARGIN = 12, GAP = 2, BLOCK_GAP = 12 };

static const struct {
  int rank, shape[3], channels, height, width;
} FORMATS[] = {
    {3, {1, 28, 28}, 1, 28, 28}, {3, {3, 8, 4}, 3, 8, 4}, {1, {784}, 1, 28, 28},
    {1, {10}, 1, 1, 10},         {1, {1}, 1, 1, 1},       {1, {2147483647}, 1, 1, 2147483647},
    {2, {3, 64}, 3, 1, 64},
};

START_TEST(format)
{
  struct lathe_picture_format f =
      lathe_picture_format(FORMATS[_i].rank, FORMATS[_i].shape, (double[]){-1, 1});
  ck_assert_int_eq(f.channels, FORMATS[_i].channels);
  ck_assert_int_eq(f.height, FORMATS[_i].height);
  ck_assert_int_eq(f.width, FORMATS[_i].width);
  ck_assert_double_eq(f.range[0], -1);
  ck_assert_int_eq(f.scale, 0);
  ck_assert(f.curves == (FORMATS[_i].height == 1 && FORMATS[_i].width > 1));
}
END_TEST

START_TEST(range_of_the_images)
{
  const lathe_real none = (lathe_real)NAN;
  const lathe_real values[] = {none, -3, 2, (lathe_real)INFINITY, 5, 1}, same[] = {4, none, 4};
  struct lathe_picture_format f = lathe_picture_format(1, (int[]){3}, (double[]){0, 1});
  lathe_picture_fit(&f, same, 1);
  lathe_picture_fit(&f, values, 0);
  ck_assert(f.range[0] == 0 && f.range[1] == 1);
  lathe_picture_fit(&f, values, 1);
  ck_assert(f.range[0] == -3 && f.range[1] == 2);
  lathe_picture_fit(&f, values, 2);
  ck_assert(f.range[0] == -3 && f.range[1] == 5);
}
END_TEST

/* A row of a table is a curve, which fills the height that it has, also where the model keeps to a
 * wider range; an image is as bright as it is. */
START_TEST(range_of_a_models_images)
{
  const lathe_real values[] = {(lathe_real)0.25, (lathe_real)0.5, (lathe_real)0.375, 0};
  struct lathe_model model = {
      .input_rank = 1, .input_shape = {_i == 0 ? 3 : 4}, .range = {-9, 9}, .bounded = true};
  struct lathe_picture_format f = lathe_picture_format_of(&model, values, 1);
  ck_assert(f.curves == (_i == 0));
  ck_assert_double_eq(f.range[0], _i == 0 ? 0.25 : -9);
  ck_assert_double_eq(f.range[1], _i == 0 ? 0.5 : 9);
}
END_TEST

/* One pixel's value to its colour: range, cutting, channels, what is no number. */
static const struct {
  int channels;
  double range[2];
  lathe_real value[4];
  unsigned colour;
} VALUES[] = {
    {1, {0, 1}, {0}, 0x000000},
    {1, {0, 1}, {1}, 0xffffff},
    {1, {0, 1}, {(lathe_real)0.5}, 0x808080},
    {1, {-1, 1}, {0}, 0x808080},
    {1, {0, 255}, {51}, 0x333333},
    {1, {1, 0}, {1}, 0x000000},
    {1, {0, 1}, {-3}, 0x000000},
    {1, {0, 1}, {7}, 0xffffff},
    {1, {0, 1}, {(lathe_real)INFINITY}, 0xffffff},
    {1, {0, 1}, {(lathe_real)NAN}, 0xff00ff},
    {3, {0, 1}, {1, 0, (lathe_real)0.2}, 0xff0033},
    {3, {0, 1}, {1, 0, (lathe_real)NAN}, 0xff00ff},
    {2, {0, 1}, {(lathe_real)0.2, 1}, 0x333333},
    {4, {0, 1}, {(lathe_real)0.2, 1, 1, 1}, 0x333333},
};

START_TEST(values)
{
  struct lathe_picture_format f = {
      VALUES[_i].channels, 1, 1, {VALUES[_i].range[0], VALUES[_i].range[1]}, 3, false};
  ck_assert_msg(lathe_picture_grid(in_folder("value.png"), &f, VALUES[_i].value, 1, 0, &err), "%s",
                err.text);
  struct read_back r = read_picture("value.png");
  ck_assert_int_eq(r.width, 2 * MARGIN + 3);
  ck_assert_int_eq(r.height, 2 * MARGIN + 3);
  ck_assert_uint_eq(pixel(&r, MARGIN, MARGIN), VALUES[_i].colour);
  ck_assert_uint_eq(pixel(&r, MARGIN + 2, MARGIN + 2), VALUES[_i].colour);
  ck_assert_uint_eq(pixel(&r, MARGIN - 1, MARGIN), 0xffffff);
  cairo_surface_destroy(r.surface);
}
END_TEST

/* Images that tell which they are and which of their pixels: 2 wide, 3 high, `n` of them. */
enum { H = 3, W = 2, MANY = 40 };
static lathe_real numbered[MANY * H * W];
static const struct lathe_picture_format NUMBERED = {1, H, W, {0, 255}, 2, false};

static void number_images(void)
{
  for (int i = 0; i < MANY * H * W; i++)
    numbered[i] = (lathe_real)i;
}

/* Asserts that image k lies with its upper left corner at (x, y), at scale 2. */
static void assert_image(const struct read_back *r, int k, int x, int y)
{
  for (int i = 0; i < 2 * H; i++)
    for (int j = 0; j < 2 * W; j++)
      ck_assert_uint_eq(pixel(r, x + j, y + i),
                        0x010101 * (unsigned)(k * H * W + i / 2 * W + j / 2));
}

START_TEST(grid)
{
  number_images();
  ck_assert(lathe_picture_grid(in_folder("grid.png"), &NUMBERED, numbered, 7, 3, &err));
  struct read_back r = read_picture("grid.png");
  ck_assert_int_eq(r.width, 2 * MARGIN + 3 * 2 * W + 2 * GAP);
  ck_assert_int_eq(r.height, 2 * MARGIN + 3 * 2 * H + 2 * GAP);
  for (int k = 0; k < 7; k++)
    assert_image(&r, k, MARGIN + k % 3 * (2 * W + GAP), MARGIN + k / 3 * (2 * H + GAP));
  ck_assert_uint_eq(pixel(&r, r.width - MARGIN - 1, r.height - MARGIN - 1), 0xffffff);
  cairo_surface_destroy(r.surface);
}
END_TEST

START_TEST(grid_chooses_columns_and_scale)
{
  static lathe_real black[10 * 784];
  struct lathe_picture_format f = {1, 28, 28, {0, 1}, 0, false};
  ck_assert(lathe_picture_grid(in_folder("grid.png"), &f, black, 10, 0, &err));
  struct read_back r = read_picture("grid.png");
  ck_assert_int_eq(r.width, 2 * MARGIN + 4 * 84 + 3 * GAP);
  ck_assert_int_eq(r.height, 2 * MARGIN + 3 * 84 + 2 * GAP);
  cairo_surface_destroy(r.surface);
}
END_TEST

START_TEST(pairs)
{
  number_images();
  const lathe_real *reconstructions = numbered + 20 * H * W;
  ck_assert(lathe_picture_pairs(in_folder("pairs.png"), &NUMBERED, numbered, reconstructions, 5, 3,
                                &err));
  struct read_back r = read_picture("pairs.png");
  ck_assert_int_eq(r.height, 2 * MARGIN + 4 * 2 * H + 3 * GAP + BLOCK_GAP);
  int left = r.width - MARGIN - 3 * 2 * W - 2 * GAP;
  ck_assert_int_gt(left, 5 * MARGIN); /* captions */
  for (int k = 0; k < 5; k++) {
    int x = left + k % 3 * (2 * W + GAP);
    int y = MARGIN + k / 3 * (2 * (2 * H + GAP) + BLOCK_GAP);
    assert_image(&r, k, x, y);
    assert_image(&r, 20 + k, x, y + 2 * H + GAP);
  }
  cairo_surface_destroy(r.surface);
}
END_TEST

START_TEST(rows)
{
  number_images();
  ck_assert(lathe_picture_rows(in_folder("bare.png"), &NUMBERED, numbered, 2, 3, NULL, &err));
  struct read_back bare = read_picture("bare.png");
  ck_assert_int_eq(bare.width, 2 * MARGIN + 3 * 2 * W + 2 * GAP);
  const char *captions[] = {NULL, "four"};
  ck_assert(lathe_picture_rows(in_folder("rows.png"), &NUMBERED, numbered, 2, 3, captions, &err));
  struct read_back r = read_picture("rows.png");
  ck_assert_int_gt(r.width, bare.width + MARGIN);
  for (int k = 0; k < 6; k++)
    assert_image(&r, k, r.width - bare.width + MARGIN + k % 3 * (2 * W + GAP),
                 MARGIN + k / 3 * (2 * H + GAP));
  cairo_surface_destroy(bare.surface);
  cairo_surface_destroy(r.surface);
}
END_TEST

START_TEST(manifold)
{
  number_images();
  ck_assert(
      lathe_picture_manifold(in_folder("manifold.png"), &NUMBERED, numbered, 4, 0.05, 0.95, &err));
  struct read_back r = read_picture("manifold.png");
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++)
      assert_image(&r, 4 * i + j, r.width - MARGIN - (4 - j) * 2 * W, MARGIN + i * 2 * H);
  cairo_surface_destroy(r.surface);
}
END_TEST

/* A series of two channels, low and then high, and the other way round; one value is no number. */
START_TEST(series_are_curves)
{
  enum { WIDE = 126, HIGH = 84, LENGTH = 8 };
  const lathe_real nothing = (lathe_real)NAN;
  const lathe_real series[2][LENGTH] = {{0, 0, 0, 0, 1, 1, 1, 1}, {1, 1, 1, nothing, 0, 0, 0, 0}};
  struct lathe_picture_format f = lathe_picture_format(2, (int[]){2, LENGTH}, (double[]){0, 1});
  ck_assert(lathe_picture_grid(in_folder("series.png"), &f, series[0], 1, 0, &err));
  struct read_back r = read_picture("series.png");
  ck_assert_int_eq(r.width, 2 * MARGIN + WIDE);
  ck_assert_int_eq(r.height, 2 * MARGIN + HIGH);
  int left = MARGIN + 20, right = MARGIN + WIDE - 20, low = MARGIN + HIGH - 4, high = MARGIN + 3;
  unsigned first = pixel(&r, left, low), second = pixel(&r, left, high);
  ck_assert_uint_ne(first, second);
  ck_assert_uint_ne(first, 0xffffff);
  ck_assert_uint_ne(second, 0xffffff);
  ck_assert_uint_eq(pixel(&r, right, high), first);
  ck_assert_uint_eq(pixel(&r, right, low), second);
  ck_assert_uint_eq(pixel(&r, left, MARGIN + HIGH / 2), 0xffffff);
  ck_assert_uint_eq(pixel(&r, MARGIN + 3 + 3 * (WIDE - 7) / (LENGTH - 1), low + 2), 0xff00ff);
  cairo_surface_destroy(r.surface);
}
END_TEST

/* What cannot be drawn is said, and leaves no file. */
static bool draw_refused(int which)
{
  const char *path = in_folder("refused.png");
  const struct lathe_picture_format wrong[] = {
      {1, 0, 2, {0, 1}, 1, false},  {1, 3, 2, {1, 1}, 1, false},  {1, 3, 2, {0, NAN}, 1, false},
      {1, 3, 2, {0, 1}, 65, false}, {1, 3, 2, {0, 1}, -1, false},
  };
  number_images();
  switch (which) {
  case 5:
    return lathe_picture_grid(path, &NUMBERED, numbered, 0, 0, &err);
  case 6:
    return lathe_picture_pairs(path, &NUMBERED, numbered, numbered, 0, 0, &err);
  case 7:
    return lathe_picture_rows(path, &NUMBERED, numbered, 0, 5, NULL, &err);
  case 8:
    return lathe_picture_manifold(path, &NUMBERED, numbered, 0, 0, 1, &err);
  case 9: /* refused before any image is looked at */
    return lathe_picture_grid(path, &NUMBERED, numbered, 100000, 100000, &err);
  case 10:
    return lathe_picture_pairs(path, &NUMBERED, numbered, numbered, 2147483647, 1, &err);
  case 11:
    return lathe_picture_grid("/tmp/lathe_no_such_folder/x.png", &NUMBERED, numbered, 1, 0, &err);
  default:
    return lathe_picture_grid(path, &wrong[which], numbered, 1, 0, &err);
  }
}

START_TEST(refused)
{
  int before = files_in_folder();
  err.text[0] = '\0';
  ck_assert(!draw_refused(_i));
  ck_assert_msg(strstr(err.text, ".png") != NULL, "the message does not name the file: %s",
                err.text);
  ck_assert_int_eq(files_in_folder(), before);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof *(table)))

int main(void)
{
  Suite *suite = suite_create("picture");
  TCase *tests = tcase_create("picture");
  tcase_set_timeout(tests, 60);
  tcase_add_unchecked_fixture(tests, make_folder, NULL);
  tcase_add_loop_test(tests, format, 0, ROWS(FORMATS));
  tcase_add_test(tests, range_of_the_images);
  tcase_add_loop_test(tests, range_of_a_models_images, 0, 2);
  tcase_add_loop_test(tests, values, 0, ROWS(VALUES));
  tcase_add_test(tests, grid);
  tcase_add_test(tests, grid_chooses_columns_and_scale);
  tcase_add_test(tests, series_are_curves);
  tcase_add_test(tests, pairs);
  tcase_add_test(tests, rows);
  tcase_add_test(tests, manifold);
  tcase_add_loop_test(tests, refused, 0, 12);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
