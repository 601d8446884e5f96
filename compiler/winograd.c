#include "winograd.h"
#include <string.h>

enum { LANES = 16, PANEL = 32 }; /* whole vectors and panels on every machine */

static const double INFINITE = 1e300;
static const double point_order[WINOGRAD_POINTS] = {0, INFINITE, 1, -1, 2, -2};

static bool finite_point(int i)
{
  return point_order[i] < INFINITE;
}

bool winograd_fits(const struct convolution *c)
{
  int taps = c->y.kernel / c->y.stride;
  bool square = c->y.kernel == c->x.kernel && c->y.stride == c->x.stride && c->y.pad == c->x.pad;
  bool dense = c->groups == 1 && c->y.dilation == 1 && c->x.dilation == 1;
  return square && dense && c->y.kernel % c->y.stride == 0 && (taps == 2 || taps == 3) &&
         c->channels % LANES == 0 && c->filters % PANEL == 0;
}

static struct winograd_axis axis_of(int outputs, int taps)
{
  struct winograd_axis a = {.tiles = (outputs + WINOGRAD_TILE - 1) / WINOGRAD_TILE};
  a.size = (outputs + a.tiles - 1) / a.tiles;
  a.whole = outputs - a.tiles * (a.size - 1);
  a.points = a.size + taps - 1;
  return a;
}

int winograd_point_count(const struct convolution *c)
{
  struct winograd w = winograd_of(c);
  return w.y.points * w.x.points;
}

int winograd_tiles_at(const struct winograd_axis *axis, int point)
{
  return point < axis->points - 1 ? axis->tiles : axis->whole;
}

struct winograd winograd_of(const struct convolution *c)
{
  struct winograd w = {.taps = c->y.kernel / c->y.stride, .phases = c->y.stride * c->x.stride};
  w.y = axis_of(c->out_height, w.taps);
  w.x = axis_of(c->out_width, w.taps);
  w.channels = w.phases * c->channels;
  int down = 0, along = 0;
  for (int p = 0; p < w.y.points; p++)
    down += winograd_tiles_at(&w.y, p);
  for (int p = 0; p < w.x.points; p++)
    along += winograd_tiles_at(&w.x, p);
  w.rows = down * along;
  return w;
}

double winograd_share(const struct convolution *c)
{
  struct winograd w = winograd_of(c);
  return (double)w.rows / ((double)c->out_height * c->out_width * w.taps * w.taps);
}

/* The product of (x - p) over the finite points among the first `points`, but for point `except`:
 * coefficients from that of 1 on. */
static void product_of_roots(int points, int except, double coefficient[WINOGRAD_POINTS])
{
  memset(coefficient, 0, WINOGRAD_POINTS * sizeof *coefficient);
  coefficient[0] = 1;
  for (int i = 0; i < points; i++) {
    if (i == except || !finite_point(i))
      continue;
    for (int k = WINOGRAD_POINTS - 1; k >= 0; k--)
      coefficient[k] = (k > 0 ? coefficient[k - 1] : 0) - point_order[i] * coefficient[k];
  }
}

void winograd_data_matrix(int m, int r, double b[WINOGRAD_POINTS][WINOGRAD_POINTS])
{
  int points = m + r - 1;
  for (int i = 0; i < points; i++) {
    product_of_roots(points, i, b[i]);
    if (!finite_point(i))
      continue;       /* the leading coefficient is what is left when all roots are divided out */
    double scale = 1; /* of Lagrange's polynomial, 1 at its own point */
    for (int k = 0; k < points; k++)
      if (k != i && finite_point(k))
        scale *= point_order[i] - point_order[k];
    for (int k = 0; k < WINOGRAD_POINTS; k++)
      b[i][k] /= scale;
  }
}

static double power(double base, int exponent)
{
  return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

void winograd_filter_matrix(int points, int r, double g[WINOGRAD_POINTS][WINOGRAD_TAPS])
{
  for (int i = 0; i < points; i++)
    for (int k = 0; k < r; k++)
      g[i][k] = finite_point(i) ? power(point_order[i], k) : k == r - 1;
}

void winograd_inverse_matrix(int m, int r, double a[WINOGRAD_TILE][WINOGRAD_POINTS])
{
  for (int j = 0; j < m; j++)
    for (int i = 0; i < m + r - 1; i++)
      a[j][i] = finite_point(i) ? power(point_order[i], j) : j == m - 1;
}
