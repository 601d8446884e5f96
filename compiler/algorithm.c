#include "algorithm.h"
#include "winograd.h"

const struct algorithm_info algorithm_table[ALGORITHM_COUNT] = {
#define ALGORITHM(id, name, linear, convolution, help)                                             \
  [ALGORITHM_##id] = {#name, linear, convolution, help},
#include "algorithms.def"
#undef ALGORITHM
};

/* Below, costs are in multiply-adds of the machine's vectors at full speed, times the lanes; the
 * constants come from tests/bench (NOTES.md has the measurements). */
enum {
  PACKED_ELEMENT = 6,    /* copying one element of an operand into a panel */
  DOT_END = 128,         /* adding up the lanes of one scalar product */
  DOTS_SHARE = 3,        /* scalar products reach a third of the peak, or less */
  FILTER_ELEMENT = 12,   /* making one value of a filter at a point */
  WINOGRAD_ELEMENT = 12, /* one element through a transform and memory */
};

enum algorithm linear_algorithm(const struct graph *g, const struct layer *layer,
                                const struct product *p)
{
  (void)layer;
  if (g->model->plain)
    return ALGORITHM_LOOPS;
  double rows = (double)p->rows * g->images;
  double weights = (double)p->columns * (double)p->inner;
  double blocks = weights * (rows + PACKED_ELEMENT);
  double dots = (double)p->columns * rows * ((double)p->inner * DOTS_SHARE + DOT_END);
  return dots < blocks ? ALGORITHM_DOTS : ALGORITHM_BLOCKS;
}

enum algorithm convolution_algorithm(const struct graph *g, const struct layer *layer,
                                     const struct convolution *c)
{
  (void)layer;
  if (g->model->plain)
    return ALGORITHM_LOOPS;
  if (!winograd_fits(c))
    return ALGORITHM_BLOCKS;
  double images = g->images;
  double weights = (double)c->kernel * c->kernel * c->channels * c->filters;
  double pixels = (double)c->out_height * c->out_width;
  double blocks = weights * (pixels * images + PACKED_ELEMENT);
  struct winograd w = winograd_of(c);
  double points = (double)w.y.points * w.x.points;
  double winograd = blocks * winograd_share(c) +
                    weights / (w.taps * w.taps) * points * FILTER_ELEMENT +
                    (double)w.rows * (w.channels + c->filters) * images * WINOGRAD_ELEMENT;
  return winograd < blocks ? ALGORITHM_WINOGRAD : ALGORITHM_BLOCKS;
}
