/* Convolutions by minimal filtering (../winograd.h), as three linear ops: the image's tiles to
 * their values at the points (winograd_data), a matrix product over the channels at each point
 * (winograd_product), and from the points back to outputs (winograd_inverse). Each has its adjoint,
 * so differentiation finds the backward passes by itself, the values at the points of both sides
 * are computed once for the products that share them, and the transposed convolution is the
 * three adjoints in reverse.
 *
 * Values at the points lie by point, then by image and tile: [points][n x tiles][channels], so that
 * one product serves a point for the whole batch. */
#include "winograd.h"
#include "../op.h"
#include "runtime/packed.h"

static struct node *add(struct graph *g, enum op op, struct node *x, struct node *w,
                        const struct convolution *c)
{
  struct node *y = graph_add(g, op, w == NULL ? 1 : 2, (struct node *[]){x, w == NULL ? x : w});
  y->conv = *c;
  y->interleave = 0;
  return y;
}

/* A value at the points: rows of `channels`. */
static struct node *at_points(struct graph *g, enum op op, struct node *x, struct node *w,
                              const struct convolution *c, int channels)
{
  struct node *y = add(g, op, x, w, c);
  y->shape = (struct shape){.rank = 2, .dim = {winograd_of(c).rows, channels}};
  y->opaque = true;
  return y;
}

static struct node *image(struct graph *g, enum op op, struct node *x, const struct convolution *c,
                          int channels, int height, int width)
{
  struct node *y = add(g, op, x, NULL, c);
  y->shape = (struct shape){.rank = 3, .dim = {channels, height, width}};
  y->interleave = height * width > 1 ? channels : 0;
  return y;
}

static struct node *data(struct graph *g, struct node *x, const struct convolution *c)
{
  return at_points(g, OP_WINOGRAD_DATA, x, NULL, c, winograd_of(c).channels);
}

static struct node *inverse(struct graph *g, struct node *m, const struct convolution *c)
{
  return image(g, OP_WINOGRAD_INVERSE, m, c, c->filters, c->out_height, c->out_width);
}

static struct node *data_adjoint(struct graph *g, struct node *dv, const struct convolution *c)
{
  return image(g, OP_WINOGRAD_DATA_ADJOINT, dv, c, c->channels, c->height, c->width);
}

static struct node *inverse_adjoint(struct graph *g, struct node *dy, const struct convolution *c)
{
  return at_points(g, OP_WINOGRAD_INVERSE_ADJOINT, dy, NULL, c, c->filters);
}

/* The filter's values at all points as a product's right side, where they are kept in a table. */
static struct node *filter(struct graph *g, struct node *w, const struct convolution *c,
                           bool adjoint)
{
  if (!g->tables)
    return w;
  int channels = winograd_of(c).channels;
  struct node *u = add(g, OP_WINOGRAD_FILTER, w, NULL, c);
  u->per_image = false;
  u->opaque = true;
  u->constant[0] = adjoint;
  u->shape = (struct shape){
      .rank = 2,
      .dim = {winograd_point_count(c), adjoint ? (int64_t)LATHE_PACKED(c->filters, channels)
                                               : (int64_t)LATHE_PACKED(channels, c->filters)}};
  return u;
}

static struct node *product(struct graph *g, struct node *v, struct node *w,
                            const struct convolution *c)
{
  return at_points(g, OP_WINOGRAD_PRODUCT, v, w, c, c->filters);
}

static struct node *product_adjoint(struct graph *g, struct node *dm, struct node *w,
                                    const struct convolution *c)
{
  return at_points(g, OP_WINOGRAD_PRODUCT_ADJOINT, dm, w, c, winograd_of(c).channels);
}

static struct node *weight(struct graph *g, struct node *dm, struct node *v, const struct node *w,
                           const struct convolution *c)
{
  struct node *dw = add(g, OP_WINOGRAD_WEIGHT, dm, v, c);
  dw->per_image = false;
  dw->opaque = false;
  dw->shape = w->shape;
  return dw;
}

struct node *op_winograd(struct graph *g, struct node *x, struct node *w,
                         const struct convolution *c)
{
  return inverse(g, product(g, data(g, x, c), filter(g, w, c, false), c), c);
}

struct node *op_winograd_input(struct graph *g, struct node *dy, struct node *w,
                               const struct convolution *c)
{
  struct node *dm = inverse_adjoint(g, dy, c);
  return data_adjoint(g, product_adjoint(g, dm, filter(g, w, c, true), c), c);
}

void winograd_data_gradient(struct graph *g, struct node *v, struct node *dv)
{
  graph_accumulate(g, v->in[0], data_adjoint(g, dv, &v->conv));
}

void winograd_data_adjoint_gradient(struct graph *g, struct node *dx, struct node *adjoint)
{
  graph_accumulate(g, dx->in[0], data(g, adjoint, &dx->conv));
}

void winograd_inverse_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[0], inverse_adjoint(g, dy, &y->conv));
}

void winograd_inverse_adjoint_gradient(struct graph *g, struct node *dm, struct node *adjoint)
{
  graph_accumulate(g, dm->in[0], inverse(g, adjoint, &dm->conv));
}

void winograd_product_gradient(struct graph *g, struct node *m, struct node *dm)
{
  graph_accumulate(g, m->in[1], weight(g, dm, m->in[0], m->in[1], &m->conv));
  graph_accumulate(g, m->in[0], product_adjoint(g, dm, m->in[1], &m->conv));
}

void winograd_product_adjoint_gradient(struct graph *g, struct node *dv, struct node *adjoint)
{
  graph_accumulate(g, dv->in[1], weight(g, dv->in[0], adjoint, dv->in[1], &dv->conv));
  graph_accumulate(g, dv->in[0], product(g, adjoint, dv->in[1], &dv->conv));
}

/* ---- What the kernels share ---- */

/* "{1, 2, 2}" of the tiles at each point. */
static const char *tiles_text(struct mem *mem, const struct winograd_axis *axis)
{
  struct text text = {.mem = mem};
  for (int p = 0; p < axis->points; p++)
    text_printf(&text, "%s%d", p > 0 ? ", " : "{", winograd_tiles_at(axis, p));
  text_printf(&text, "}");
  return text.data;
}

/* The function that says where the products of a point begin, and those of a tile. */
static void add_row_helper(struct emitter *e, const struct winograd *w, const char *name)
{
  struct text first = {.mem = e->mem};
  int rows = 0;
  for (int p = 0; p < w->y.points; p++) {
    text_printf(&first, "%s", p > 0 ? ",\n{" : "{\n{");
    for (int q = 0; q < w->x.points; q++) {
      text_printf(&first, "%s%d", q > 0 ? ", " : "", rows);
      rows += winograd_tiles_at(&w->y, p) * winograd_tiles_at(&w->x, q);
    }
    text_printf(&first, "}");
  }
  text_printf(&first, ",\n}");
  int count = e->binding_count;
  emit_bind(e, "name", "%s", name);
  emit_bind(e, "first", "%s", first.data);
  emit_bind(e, "down", "%s", tiles_text(e->mem, &w->y));
  emit_bind(e, "along", "%s", tiles_text(e->mem, &w->x));
  emit_helper(
      e, name,
      "/* The row of tile (ty, tx) of image i among the products of point (p, q): the points\n"
      " * come one after the other, each with a row for every tile that uses it. */\n"
      "static int $name(int n, int p, int q, int i, int ty, int tx)\n"
      "{\n"
      "static const int first[$PY][$PX] = $first;\n"
      "static const int down[$PY] = $down, along[$PX] = $along;\n"
      "return first[p][q] * n + (i * down[p] + ty) * along[q] + tx;\n"
      "}\n");
  e->binding_count = count;
}

void winograd_bind(struct emitter *e, const struct convolution *c)
{
  struct winograd w = winograd_of(c);
  emit_bind_int(e, "C", c->channels);
  emit_bind_int(e, "O", c->filters);
  emit_bind_int(e, "H", c->height);
  emit_bind_int(e, "W", c->width);
  emit_bind_int(e, "OH", c->out_height);
  emit_bind_int(e, "OW", c->out_width);
  emit_bind_int(e, "k", c->y.kernel);
  emit_bind_int(e, "s", c->y.stride);
  emit_bind_int(e, "taps", w.taps);
  emit_bind_int(e, "phases", w.phases);
  emit_bind_int(e, "channels", w.channels);
  emit_bind_int(e, "TY", w.y.tiles);
  emit_bind_int(e, "TX", w.x.tiles);
  emit_bind_int(e, "PY", w.y.points);
  emit_bind_int(e, "PX", w.x.points);
  emit_bind(e, "pad", "%s", c->y.pad > 0 ? mem_printf(e->mem, " - %d", c->y.pad) : "");
  const char *row =
      mem_printf(e->mem, "winograd_row_%dx%d_%d", c->out_height, c->out_width, w.taps);
  emit_bind(e, "row", "%s", row);
  add_row_helper(e, &w, row);
}

/* "2.0F * d0 - d1", what the row of a matrix says. */
static const char *combination(const struct emitter *e, const double *row, int stride, int count)
{
  struct text text = {.mem = e->mem};
  for (int i = 0; i < count; i++) {
    double factor = row[i * stride];
    if (factor == 0)
      continue;
    bool first = text.length == 0;
    text_printf(&text, "%s", factor < 0 ? first ? "-" : " - " : first ? "" : " + ");
    double size = factor < 0 ? -factor : factor;
    if (size != 1)
      text_printf(&text, "%s * ", emit_number(e, size));
    text_printf(&text, "d%d", i);
  }
  return text.data;
}

static const struct {
  const char *name, *comment;
} transforms[] = {
    [TRANSFORM_DATA] = {"data", "pixels of a tile to their values at the points"},
    [TRANSFORM_DATA_ADJOINT] = {"data_adjoint", "values at the points to pixels of a tile"},
    [TRANSFORM_INVERSE] = {"inverse", "products at the points to outputs"},
    [TRANSFORM_INVERSE_ADJOINT] = {"inverse_adjoint", "outputs to their values at the points"},
};

static const char *transform_function(struct emitter *e, enum transform kind, int m, int r)
{
  const char *name = mem_printf(e->mem, "winograd_%s_%d_%d", transforms[kind].name, m, r);
  double matrix[WINOGRAD_POINTS][WINOGRAD_POINTS] = {{0}};
  int rows = m + r - 1, columns = rows;
  if (kind == TRANSFORM_DATA || kind == TRANSFORM_DATA_ADJOINT) {
    winograd_data_matrix(m, r, matrix);
  } else {
    winograd_inverse_matrix(m, r, matrix);
    rows = m;
  }
  bool adjoint = kind == TRANSFORM_DATA_ADJOINT || kind == TRANSFORM_INVERSE_ADJOINT;
  int from = adjoint ? rows : columns, to = adjoint ? columns : rows;

  struct text body = {.mem = e->mem};
  for (int i = 0; i < from; i++)
    text_printf(&body, "const lathe_vector d%d = lathe_load(d[%d] + c);\n", i, i);
  for (int i = 0; i < to; i++)
    text_printf(&body, "lathe_store(to[%d] + c, %s);\n", i,
                adjoint ? combination(e, &matrix[0][i], WINOGRAD_POINTS, from)
                        : combination(e, matrix[i], 1, from));
  int count = e->binding_count;
  emit_bind(e, "name", "%s", name);
  emit_bind(e, "comment", "F(%d, %d): %s", m, r, transforms[kind].comment);
  emit_bind_int(e, "from", from);
  emit_bind_int(e, "to", to);
  emit_bind(e, "body", "%s", body.data);
  emit_helper(e, name,
              "/* $comment, each of `count` channels. */\n"
              "static void $name(const $real *const d[$from], $real *const to[$to], int count)\n"
              "{\n"
              "for (int c = 0; c < count; c += LATHE_LANES) {\n"
              "$body"
              "}\n"
              "}\n");
  e->binding_count = count;
  return name;
}

void emit_transform(struct emitter *e, enum transform kind, const struct winograd_axis *axis,
                    int taps, const char *tile)
{
  int count = e->binding_count;
  emit_bind(e, "large", "%s", transform_function(e, kind, axis->size, taps));
  if (axis->whole == axis->tiles) {
    emit(e, "$large(from, to, $count);\n");
  } else {
    emit_bind(e, "small", "%s", transform_function(e, kind, axis->size - 1, taps));
    emit_bind(e, "tile", "%s", tile);
    emit_bind_int(e, "whole", axis->whole);
    emit(e, "if ($tile < $whole)\n"
            "  $large(from, to, $count);\n"
            "else\n"
            "  $small(from, to, $count);\n");
  }
  e->binding_count = count;
}

/* "ty * 4", the first output of a tile. */
static const char *origin(struct emitter *e, const struct winograd_axis *axis, const char *tile)
{
  if (axis->tiles - axis->whole <= 1)
    return mem_printf(e->mem, "%s * %d", tile, axis->size);
  return mem_printf(e->mem, "%s * %d - (%s > %d ? %s - %d : 0)", tile, axis->size, tile,
                    axis->whole, tile, axis->whole);
}

/* "ty < 1 ? 5 : 4" */
static const char *lines(struct emitter *e, const struct winograd_axis *axis, const char *tile,
                         int of_large)
{
  if (axis->whole == axis->tiles)
    return mem_printf(e->mem, "%d", of_large);
  return mem_printf(e->mem, "%s < %d ? %d : %d", tile, axis->whole, of_large, of_large - 1);
}

void emit_tiles(struct emitter *e, const struct winograd *w)
{
  emit_bind(e, "y0", "%s", origin(e, &w->y, "ty"));
  emit_bind(e, "x0", "%s", origin(e, &w->x, "tx"));
  emit_bind(e, "down", "%s", lines(e, &w->y, "ty", w->y.points));
  emit_bind(e, "along", "%s", lines(e, &w->x, "tx", w->x.points));
  emit_bind_int(e, "fewer", w->taps - 1);
  emit(e, "for (int ty = 0; ty < $TY; ty++) {\n"
          "for (int tx = 0; tx < $TX; tx++) {\n"
          "const int down = $down, along = $along; /* points of the tile */\n");
}

const char *winograd_filter_table(const struct emitter *e, int taps)
{
  int points = WINOGRAD_TILE + taps - 1;
  double g[WINOGRAD_POINTS][WINOGRAD_TAPS];
  winograd_filter_matrix(points, taps, g);
  struct text text = {.mem = e->mem};
  text_printf(&text, "static const $real g[%d][%d] = ", points, taps);
  for (int i = 0; i < points; i++) {
    text_printf(&text, i > 0 ? ", {" : "{{");
    for (int k = 0; k < taps; k++)
      text_printf(&text, "%s%s", k > 0 ? ", " : "", emit_number(e, g[i][k]));
    text_printf(&text, "}");
  }
  text_printf(&text, "};\n");
  return text.data;
}
