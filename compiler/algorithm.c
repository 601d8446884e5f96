#include "algorithm.h"
#include "runtime/packed.h"
#include "winograd.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const struct algorithm_info algorithm_table[ALGORITHM_COUNT] = {
#define ALGORITHM(id, name, linear, convolution, vectors, series, images, help)                    \
  [ALGORITHM_##id] = {#name, linear, convolution, help},
#include "algorithms.def"
#undef ALGORITHM
};

const struct use_info use_table[USES] = {
#define USE(id, name, help) [USE_##id] = {#name, help},
#include "uses.def"
#undef USE
};

/* Below, costs are in multiply-adds of the machine's vectors at full speed, times the lanes; the
 * constants come from tests/bench (NOTES.md has the measurements). */
enum {
  PANEL = LATHE_WIDEST_PANEL,
  PACKED_ELEMENT = 6,    /* copying one element of an operand into a panel */
  DOT_END = 200,         /* adding up the lanes of one scalar product */
  ROWS_SHARE = 3,        /* sums of rows reach a third of the peak, or less */
  TABLE_ELEMENT = 3,     /* reading one from the third-level cache */
  FILTER_ELEMENT = 12,   /* making one value of a filter at a point */
  WINOGRAD_ELEMENT = 12, /* one element through a transform and memory */
};

const char *algorithm_help(int algorithm)
{
  return algorithm_table[algorithm].help;
}

static const double DOTS_SHARE = 1.3; /* scalar products reach three quarters */

static enum algorithm written(const struct layer *layer)
{
  if (rule_attribute(layer->rule, "algorithm") < 0)
    return ALGORITHM_ANY;
  return (enum algorithm)layer_int(layer, "algorithm");
}

enum algorithm algorithm_asked(const struct graph *g, const struct layer *layer,
                               enum algorithm_use use)
{
  if (g->model->plain)
    return ALGORITHM_LOOPS;
  if (layer == NULL)
    return ALGORITHM_ANY;
  return written(layer) != ALGORITHM_ANY ? written(layer) : layer->tuned.of[use];
}

enum chooser algorithm_chooser(const struct layer *layer, enum algorithm_use use)
{
  if (written(layer) != ALGORITHM_ANY)
    return layer->commanded ? CHOSEN_BY_COMMAND : CHOSEN_BY_DESCRIPTION;
  return layer->tuned.of[use] != ALGORITHM_ANY ? CHOSEN_BY_MEASUREMENT : CHOSEN_BY_COST;
}

const char *chooser_name(enum chooser chooser)
{
  static const char *const names[] = {
      [CHOSEN_BY_COST] = "cost model",
      [CHOSEN_BY_MEASUREMENT] = "tune file",
      [CHOSEN_BY_DESCRIPTION] = "description",
      [CHOSEN_BY_COMMAND] = "command line",
  };
  return names[chooser];
}

enum algorithm_use kernel_use(const struct kernel *kernel)
{
  const struct graph *g = kernel->graph;
  const struct node *node = kernel->chain[0];
  return g->tables                     ? USE_INFERENCE
         : node->id < g->forward_count ? USE_FORWARD
         : node->per_image             ? USE_INPUT
                                       : USE_WEIGHT;
}

bool algorithm_suits(const struct convolution *c, int algorithm)
{
  return algorithm == ALGORITHM_WINOGRAD ? winograd_fits(c)
         : algorithm == ALGORITHM_DIRECT ? convolution_depthwise(c)
                                         : true;
}

/* The same of a layer with a choice of algorithms. */
static bool suits(const struct layer *layer, int algorithm)
{
  if (!layer_convolves(layer))
    return true;
  struct convolution c = layer_convolution(layer);
  return algorithm_suits(&c, algorithm);
}

bool layer_multiplies(const struct layer *layer)
{
  return layer->rule->head || rule_attribute(layer->rule, "algorithm") >= 0;
}

bool algorithm_serves(const struct layer *layer, enum algorithm_use use, enum algorithm algorithm)
{
  if (algorithm == ALGORITHM_ANY || algorithm == ALGORITHM_LOOPS || !layer_multiplies(layer))
    return false;
  bool convolves = layer_convolves(layer);
  const struct algorithm_info *info = &algorithm_table[algorithm];
  if ((convolves ? info->convolution : info->linear)[0] == '\0')
    return false;
  return convolves ? suits(layer, (int)algorithm)
                   : use != USE_WEIGHT || algorithm != ALGORITHM_DOTS;
}

static bool refuse(const char *text, const char *why)
{
  fprintf(stderr, "lathe: error: --algorithm %s: %s\n", text, why);
  return false;
}

bool algorithm_choose(const struct model *model, const char *text)
{
  const char *word = strchr(text, '=');
  size_t length = word == NULL ? 0 : (size_t)(word - text);
  if (length == 0 || word[1] == '\0')
    return refuse(text, "expected LAYER=ALGORITHM, like conv2d=blocks or encoder.2=winograd");
  bool found = false, known = false, set = false;
  const struct section *const sections[] = {&model->encoder, &model->decoder};
  for (int i = 0; i < 2; i++)
    for (int k = 0; k < sections[i]->count; k++) {
      struct layer *layer = &sections[i]->layers[k];
      const char *const names[] = {layer->name, layer->rule->name};
      int at = rule_attribute(layer->rule, "algorithm");
      if (at < 0)
        continue;
      for (int n = 0; n < 2; n++) {
        if (strlen(names[n]) != length || strncmp(text, names[n], length) != 0)
          continue;
        found = true;
        const struct choice *choice = layer->rule->attributes[at].choices;
        while (choice->word != NULL && strcmp(choice->word, word + 1) != 0)
          choice++;
        known = known || choice->word != NULL;
        if (choice->word == NULL || !suits(layer, choice->value))
          continue;
        layer->value[at] = choice->value;
        layer->commanded = true;
        set = true;
      }
    }
  return set      ? true
         : !found ? refuse(text, "the model has no such layer with a choice of algorithms")
         : !known ? refuse(text, "no such algorithm for that layer; `lathe help LAYER` lists them")
                  : refuse(text, "the layer's shape does not suit the algorithm");
}

enum algorithm linear_algorithm(const struct graph *g, const struct layer *layer,
                                enum algorithm_use use, const struct product *p)
{
  enum algorithm asked = algorithm_asked(g, layer, use);
  if (asked != ALGORITHM_ANY)
    return asked;
  double rows = (double)p->rows * g->images, packs = 1;
  double inner = (double)p->inner, columns = (double)p->columns;
  if (p->images_a_pack > 0)
    packs = ceil((double)g->images / p->images_a_pack);
  /* Half a panel is walked by itself; any other part costs a whole one. */
  int64_t padded =
      p->columns % (PANEL / 2) == 0 ? p->columns : (p->columns + PANEL - 1) / PANEL * PANEL;
  double blocks = (double)padded * inner * (rows + packs * PACKED_ELEMENT);
  double dots =
      columns * rows * (p->as_it_lies ? inner * ROWS_SHARE : inner * DOTS_SHARE + DOT_END);
  return dots < blocks ? ALGORITHM_DOTS : ALGORITHM_BLOCKS;
}

enum algorithm convolution_algorithm(const struct graph *g, const struct layer *layer,
                                     const struct convolution *c)
{
  enum algorithm asked = algorithm_asked(g, layer, g->tables ? USE_INFERENCE : USE_FORWARD);
  if (asked != ALGORITHM_ANY)
    return asked;
  if (convolution_depthwise(c))
    return ALGORITHM_DIRECT;
  if (!winograd_fits(c))
    return ALGORITHM_BLOCKS;
  double images = g->images;
  double weights = (double)convolution_window(c) * c->filters;
  double pixels = (double)convolution_pixels(c);
  double blocks = weights * (pixels * images + PACKED_ELEMENT);
  struct winograd w = winograd_of(c);
  double points = (double)w.y.points * w.x.points;
  double winograd =
      blocks * winograd_share(c) +
      weights / (w.taps * w.taps) * points * (g->tables ? TABLE_ELEMENT : FILTER_ELEMENT) +
      (double)w.rows * (w.channels + c->filters) * images * WINOGRAD_ELEMENT;
  return winograd < blocks ? ALGORITHM_WINOGRAD : ALGORITHM_BLOCKS;
}
