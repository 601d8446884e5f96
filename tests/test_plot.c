/* Plots, read back: where curves, ellipses and cells lie, and what is refused. */
#include "read_picture.h"
#include "runtime/plot.h"
#include "runtime/plot_axes.h"

static unsigned colour_bits(struct lathe_colour c)
{
  return (unsigned)lround(255 * c.r) << 16 | (unsigned)lround(255 * c.g) << 8 |
         (unsigned)lround(255 * c.b);
}

static unsigned hue(int style)
{
  return colour_bits(lathe_plot_colour(style));
}

/* The box around the pixels of one colour below row `from`; x0 > x1 where there is none. */
struct box {
  int x0, y0, x1, y1;
};
static struct box box_of(const struct read_back *r, unsigned colour, int from)
{
  struct box b = {r->width, r->height, -1, -1};
  for (int y = from; y < r->height; y++)
    for (int x = 0; x < r->width; x++)
      if (pixel(r, x, y) == colour) {
        b.x0 = x < b.x0 ? x : b.x0;
        b.x1 = x > b.x1 ? x : b.x1;
        b.y0 = y < b.y0 ? y : b.y0;
        b.y1 = y > b.y1 ? y : b.y1;
      }
  return b;
}

static const struct {
  double span, parts, step;
} STEPS[] = {
    {1, 1, 1},        {1, 5, 0.2},   {10, 10, 1}, {100, 7, 20}, {99, 10, 10},    {101, 10, 20},
    {0.003, 3, 1e-3}, {7e6, 3, 5e6}, {2.1, 1, 5}, {5.1, 1, 10}, {3e-9, 3, 1e-9}, {1e150, 10, 1e149},
};

START_TEST(steps)
{
  double step = lathe_axes_step(STEPS[_i].span, STEPS[_i].parts);
  ck_assert_double_eq_tol(step / STEPS[_i].step, 1, 1e-9);
}
END_TEST

/* A curve of 5 points whose middle one is missing: two strokes, with a hole in between. */
START_TEST(curve_with_gap)
{
  double x[] = {0, 1, 2, 3, 4}, y[] = {1, 2, _i == 0 ? NAN : INFINITY, 2, 1};
  struct lathe_curve curve = {NULL, x, y, 5}; /* no legend: the hue is the curve's alone */
  ck_assert_msg(lathe_plot_curves(in_folder("gap.png"), "gap", "x", "y", &curve, 1, &err), "%s",
                err.text);
  struct read_back r = read_picture("gap.png");
  struct box all = box_of(&r, hue(0), 0);
  ck_assert_int_gt(all.x1 - all.x0, r.width / 2);
  int quarter = (all.x1 - all.x0) / 4, widest = 0, hole = 0;
  for (int column = all.x0; column <= all.x1; column++) {
    bool any = false;
    for (int row = all.y0; row <= all.y1; row++)
      any = any || pixel(&r, column, row) == hue(0);
    hole = any ? 0 : hole + 1;
    widest = hole > widest ? hole : widest;
  }
  ck_assert_int_gt(widest, 2 * quarter - 20);
  ck_assert_int_lt(widest, 2 * quarter + 1);
  cairo_surface_destroy(r.surface);
}
END_TEST

static const double STRANGE[][3] = {
    {NAN, NAN, NAN},        {0, 0, 0},           {5, 5, 5},          {1e300, 1, -1e300},
    {1e15, 1e15 + 1, 1e15}, {1e-300, 2e-300, 0}, {-1e149, 1e149, 3}, {1e8, 2e8, 3e8},
    {1e-7, 2e-7, 3e-7},
};

/* Values that leave no range, or a degenerate one, still give a plot. */
START_TEST(strange_curves)
{
  double x[] = {1, 2, 3};
  struct lathe_curve curves[] = {{"a", x, STRANGE[_i], 3}, {"b", STRANGE[_i], x, 3}};
  ck_assert_msg(lathe_plot_curves(in_folder("strange.png"), NULL, "x", NULL, curves, 2, &err), "%s",
                err.text);
  struct read_back r = read_picture("strange.png");
  ck_assert_int_eq(r.width, 1520);
  cairo_surface_destroy(r.surface);
}
END_TEST

/* The row with the most ink is the horizontal axis. */
static int bottom_axis(const struct read_back *r)
{
  unsigned ink = colour_bits(lathe_ink);
  int best = 0, most = 0;
  for (int y = 0; y < r->height; y++) {
    int count = 0;
    for (int x = 0; x < r->width; x++)
      count += pixel(r, x, y) == ink;
    if (count > most) {
      most = count;
      best = y;
    }
  }
  return best;
}

/* The 2 sigma ellipse against two points whose places are known: extents 2 sqrt(variance), and
 * tilted with the covariance's sign. */
static const double COVARIANCES[][4] = {
    {4, 0, 0, 1}, {4, 1.8, 1.8, 1}, {4, -1.8, -1.8, 1}, {0.25, 0, 0, 9}, {4, 2, 2, 1}};

START_TEST(ellipse)
{
  const double *c = COVARIANCES[_i];
  double points[] = {-10, -10, 10, 10};
  int cluster[] = {-1, -1};
  struct lathe_ellipse e = {{0, 0}, {c[0], c[1], c[2], c[3]}, NULL};
  struct lathe_scatter s = {NULL, "x", "y", points, cluster, 2, 1, NULL, &e, 1, false, NULL, 0};
  ck_assert_msg(lathe_plot_clusters(in_folder("ellipse.png"), &s, &err), "%s", err.text);
  struct read_back r = read_picture("ellipse.png");
  struct box b = box_of(&r, hue(0), 0);
  /* The axes hold -10 .. 10 and 2 % of that span more on the right, 5 % below. */
  double x = (b.x0 + b.x1) / 2.0, y = (b.y0 + b.y1) / 2.0;
  double unit_x = (r.width - 48 - x) / 10.4, unit_y = (bottom_axis(&r) - y) / 11;
  ck_assert_double_eq_tol((b.x1 - b.x0) / unit_x, 4 * sqrt(c[0]), 0.15);
  ck_assert_double_eq_tol((b.y1 - b.y0) / unit_y, 4 * sqrt(c[3]), 0.15);
  /* The topmost part lies right of the centre where the covariance is positive. */
  int right = 0, left = 0;
  for (int row = b.y0; row < b.y0 + (b.y1 - b.y0) / 8; row++)
    for (int column = b.x0; column <= b.x1; column++)
      if (pixel(&r, column, row) == hue(0))
        column > x ? right++ : left++;
  ck_assert(c[1] > 0 ? right > 4 * left : c[1] < 0 ? left > 4 * right : right < 2 * left);
  cairo_surface_destroy(r.surface);
}
END_TEST

/* Of two plots each has room for the other's points: what is below their plots is the same. */
START_TEST(same_axes)
{
  double points[] = {0, 0, 1, 2}, others[] = {-7, 1, 3, 9};
  int cluster[] = {0, 0};
  struct lathe_scatter s = {NULL, "x", "y", points, cluster, 2, 1, NULL, NULL, 0, false, others, 2};
  ck_assert(lathe_plot_clusters(in_folder("one.png"), &s, &err));
  s.points = others;
  s.around = _i == 0 ? points : NULL;
  s.around_n = _i == 0 ? 2 : 0;
  ck_assert(lathe_plot_clusters(in_folder("other.png"), &s, &err));
  struct read_back a = read_picture("one.png"), b = read_picture("other.png");
  int bottom = bottom_axis(&a), different = 0;
  for (int y = bottom; y < a.height; y++)
    for (int x = 0; x < a.width; x++)
      different += pixel(&a, x, y) != pixel(&b, x, y);
  ck_assert_int_eq(different, 0);
  ck_assert_int_eq(a.height, b.height);
  cairo_surface_destroy(a.surface);
  cairo_surface_destroy(b.surface);
}
END_TEST

static long read_bytes(const char *name, unsigned char *bytes, size_t size)
{
  FILE *file = fopen(in_folder(name), "rb");
  ck_assert_ptr_nonnull(file);
  size_t n = fread(bytes, 1, size, file);
  fclose(file);
  return (long)n;
}

/* Classes in turn: thinning must show every one of them, and always the same points. */
START_TEST(thinning)
{
  enum { N = 15000, SIZE = 4 << 20 };
  double *points = malloc(2 * N * sizeof *points);
  int *cluster = malloc(N * sizeof *cluster);
  for (int i = 0; i < N; i++) {
    cluster[i] = i % 3;
    points[2 * i] = 10 * (i % 3) + i / 3 % 50 * 0.01;
    points[2 * i + 1] = i / 150 * 0.01;
  }
  points[0] = NAN;
  const char *names[] = {"1", "4", "8"};
  struct lathe_scatter s = {"t", "x", "y", points, cluster, N, 3, names, NULL, 0, false, NULL, 0};
  ck_assert(lathe_plot_clusters(in_folder("thin.png"), &s, &err));
  ck_assert(lathe_plot_clusters(in_folder("thin2.png"), &s, &err));
  unsigned char *a = malloc(SIZE), *b = malloc(SIZE);
  long n = read_bytes("thin.png", a, SIZE);
  ck_assert_int_eq(read_bytes("thin2.png", b, SIZE), n);
  ck_assert_mem_eq(a, b, (size_t)n);
  struct read_back r = read_picture("thin.png");
  /* Count the pixels bluish, reddish and greenish. */
  int ink[3] = {0, 0, 0};
  for (int y = r.height / 8; y < r.height; y++)
    for (int x = 0; x < r.width; x++) {
      unsigned p = pixel(&r, x, y);
      int red = (int)(p >> 16), green = (int)(p >> 8 & 255), blue = (int)(p & 255);
      ink[0] += blue > red + 60 && blue > green + 20;
      ink[1] += red > blue + 60;
      ink[2] += green > red + 40 && green > blue + 15;
    }
  for (int k = 0; k < 3; k++)
    ck_assert_int_gt(ink[k], 3000);
  cairo_surface_destroy(r.surface);
  free(points);
  free(cluster);
  free(a);
  free(b);
}
END_TEST

START_TEST(confusion)
{
  int64_t counts[] = {10, 0, 0, 5, 5, 0, 0, 0, 0};
  ck_assert(lathe_plot_confusion(in_folder("confusion.png"), NULL, counts, 3, NULL, &err));
  struct read_back r = read_picture("confusion.png");
  enum { SIDE = 144, EDGE = 32 };
  struct lathe_colour full = lathe_hue[0];
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) {
      static const double share[] = {1, 0, 0, 0.5, 0.5, 0, 0, 0, 0};
      unsigned p =
          pixel(&r, r.width - EDGE - (3 - j) * SIDE + 6, r.height - EDGE - (3 - i) * SIDE + 6);
      double red = 255 * (1 - share[3 * i + j] * (1 - full.r));
      ck_assert_double_eq_tol(p >> 16, red, 1.01);
    }
  cairo_surface_destroy(r.surface);
}
END_TEST

/* What cannot be drawn is said, and leaves no file. */
static bool draw_refused(int which)
{
  const char *path = in_folder("refused.png");
  int64_t counts[1] = {0};
  double x[1] = {0};
  struct lathe_curve curve = {"not UTF-8: \xff", x, x, 1};
  struct lathe_scatter none = {0};
  switch (which) {
  case 0:
    return lathe_plot_curves(path, "not UTF-8: \xff", NULL, NULL, NULL, 0, &err);
  case 1:
    return lathe_plot_curves(path, NULL, NULL, NULL, &curve, 1, &err);
  case 2:
    return lathe_plot_confusion(path, NULL, counts, 0, NULL, &err);
  case 3:
    return lathe_plot_confusion(path, NULL, counts, 65, NULL, &err);
  default:
    return lathe_plot_clusters("/tmp/lathe_no_such_folder/x.png", &none, &err);
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
  Suite *suite = suite_create("plot");
  TCase *tests = tcase_create("plot");
  tcase_set_timeout(tests, 60);
  tcase_add_unchecked_fixture(tests, make_folder, NULL);
  tcase_add_loop_test(tests, refused, 0, 16);
  tcase_add_loop_test(tests, steps, 0, ROWS(STEPS));
  tcase_add_loop_test(tests, curve_with_gap, 0, 2);
  tcase_add_loop_test(tests, strange_curves, 0, ROWS(STRANGE));
  tcase_add_loop_test(tests, ellipse, 0, ROWS(COVARIANCES));
  tcase_add_loop_test(tests, same_axes, 0, 2);
  tcase_add_test(tests, thinning);
  tcase_add_test(tests, confusion);
  tcase_add_loop_test(tests, refused, 0, 5);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
