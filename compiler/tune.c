#include "tune.h"
#include "check_memory.h"
#include "child.h"
#include "tune_report.h"
#include "tune_run.h"
#include "work_folder.h"
#include "write.h"
#include <unistd.h>

struct tuning {
  struct mem *mem;
  const struct model *model;
  const struct tune_options *options;
  const char *folder;
  int threads;
  struct tune_row *rows;
  int count;
  struct tune_build
      *builds; /* the first is the cost model's; then others' choices; last, the best */
  int build_count;
};

/* Shares of the time: for the variants, and for what was chosen against the cost model's. */
static const double SEARCH = 0.7, CONFIRM = 0.3;

/* A row for each product and convolution whose algorithm nobody has asked for. */
static void make_rows(struct tuning *t, const struct compilation *c)
{
  struct chosen *list;
  const int all = chosen_list(c, &list);
  t->rows = mem_alloc(t->mem, (size_t)all * sizeof *t->rows + 1);
  for (int i = 0; i < all; i++) {
    if (list[i].chooser != CHOSEN_BY_COST)
      continue;
    struct tune_row *row = &t->rows[t->count++];
    *row = (struct tune_row){.layer = list[i].layer, .use = list[i].use};
    row->candidates[row->count++] = list[i].algorithm;
    for (int a = ALGORITHM_ANY + 1; a < ALGORITHM_COUNT; a++)
      if (a != (int)list[i].algorithm && algorithm_serves(row->layer, row->use, (enum algorithm)a))
        row->candidates[row->count++] = (enum algorithm)a;
    for (int k = 0; k < row->count; k++)
      row->seconds[k] = mem_alloc(t->mem, (size_t)t->options->rounds * sizeof *row->seconds[k]);
  }
}

/* What all rows choose when each takes its candidate `which`, or its first where it has fewer; -1:
 * what it has chosen. */
static struct chosen *choices(const struct tuning *t, int which)
{
  struct chosen *list = mem_alloc(t->mem, (size_t)t->count * sizeof *list + 1);
  for (int i = 0; i < t->count; i++) {
    const struct tune_row *row = &t->rows[i];
    int candidate = which < 0 ? row->chosen : which < row->count ? which : 0;
    list[i] =
        (struct chosen){row->layer, row->use, row->candidates[candidate], CHOSEN_BY_MEASUREMENT};
  }
  return list;
}

static bool build(struct tuning *t, int which)
{
  struct tune_build *b = &t->builds[t->build_count];
  b->model = tune_copy(t->mem, t->model);
  tune_ask(&b->model, choices(t, which), t->count);
  const char *name = mem_printf(t->mem, "measure-%d", t->build_count);
  return tune_build(t->mem, b, t->folder, name, t->options) && ++t->build_count > 0;
}

/* As few builds as there are candidates of the row that has most: all rows' first, all rows'
 * second, and so on, so that a build measures a candidate of each row. */
static bool build_variants(struct tuning *t)
{
  int most = 1;
  for (int i = 0; i < t->count; i++)
    most = t->rows[i].count > most ? t->rows[i].count : most;
  for (int k = 0; k < most; k++)
    if (!build(t, k))
      return false;
  return true;
}

/* Each round measures every build, in turn, in a process of its own: what else the machine does,
 * and where memory happens to lie, meets all alike. */
static bool search(struct tuning *t)
{
  const int rounds = t->options->rounds;
  const double seconds = SEARCH * t->options->seconds / rounds / t->build_count;
  for (int r = 0; r < rounds; r++)
    for (int b = 0; b < t->build_count; b++) {
      struct tune_turn turn;
      if (!tune_measure(t->mem, &t->builds[b], t->threads, seconds, &turn))
        return false;
      for (int i = 0; i < t->count; i++)
        if (b < t->rows[i].count)
          t->rows[i].seconds[b][r] =
              tune_seconds(&t->builds[b], &turn, t->rows[i].layer->name, t->rows[i].use);
    }
  return true;
}

static bool differs(const struct tuning *t, bool inference)
{
  for (int i = 0; i < t->count; i++)
    if (t->rows[i].chosen != 0 && (t->rows[i].use == USE_INFERENCE) == inference)
      return true;
  return false;
}

static void take_back(struct tuning *t, bool inference)
{
  for (int i = 0; i < t->count; i++)
    if ((t->rows[i].use == USE_INFERENCE) == inference)
      t->rows[i].chosen = 0;
}

/* Whether the model with what was chosen keeps its memory limit. */
static bool fits(const struct tuning *t)
{
  struct model copy = tune_copy(t->mem, t->model);
  tune_ask(&copy, choices(t, -1), t->count);
  return check_memory(t->mem, &copy, diags_new(t->mem, t->model->read_from));
}

/* The cost model's choices and the new ones as a whole, turn by turn. Training and inference are
 * programs of their own, so each keeps what is not slower. */
static bool confirm(struct tuning *t, struct tune_whole *wholes)
{
  const int rounds = t->options->rounds;
  const double seconds = CONFIRM * t->options->seconds / rounds / 2;
  double *taken[2][WHOLES];
  for (int b = 0; b < 2; b++)
    for (int w = 0; w < WHOLES; w++)
      taken[b][w] = mem_alloc(t->mem, (size_t)rounds * sizeof(double));
  for (int w = 0; w < WHOLES; w++)
    wholes[w].differs = differs(t, w == WHOLE_INFERENCE);
  if (!wholes[WHOLE_TRAINING].differs && !wholes[WHOLE_INFERENCE].differs)
    return true;
  if (!build(t, -1))
    return false;
  const struct tune_build *const sides[] = {&t->builds[0], &t->builds[t->build_count - 1]};
  for (int r = 0; r < rounds; r++)
    for (int b = 0; b < 2; b++) {
      struct tune_turn turn;
      if (!tune_measure(t->mem, sides[b], t->threads, seconds, &turn))
        return false;
      taken[b][WHOLE_TRAINING][r] = turn.step;
      taken[b][WHOLE_INFERENCE][r] = turn.one;
    }
  for (int w = 0; w < WHOLES; w++) {
    if (!wholes[w].differs)
      continue;
    wholes[w].before = tune_median(taken[0][w], rounds);
    wholes[w].ratio = tune_ratio(taken[1][w], taken[0][w], rounds);
    wholes[w].kept = !tune_is_slower(wholes[w].ratio);
    if (!wholes[w].kept)
      take_back(t, w == WHOLE_INFERENCE);
  }
  return true;
}

static bool keep(const struct tuning *t, const struct tune_conditions *conditions)
{
  const char **comments = mem_alloc(t->mem, (size_t)t->count * sizeof *comments + 1);
  for (int i = 0; i < t->count; i++)
    comments[i] = tune_times(t->mem, &t->rows[i], t->options->rounds);
  return write_kept(t->options->output,
                    tune_text(t->mem, t->model, conditions, choices(t, -1), comments, t->count));
}

static bool tune_in(struct tuning *t, const struct compilation *c, FILE *out)
{
  make_rows(t, c);
  if (t->count == 0) {
    fprintf(stderr, "%s: error: there is nothing to choose: %s\n", t->model->file,
            t->model->kind == LATHE_ALONE ? "a mixture alone has no layers"
                                          : "the algorithm of every layer is given");
    return false;
  }
  t->builds = mem_alloc(t->mem, (ALGORITHM_COUNT + 1) * sizeof *t->builds);
  if (!build_variants(t) || !search(t))
    return false;
  tune_choose(t->mem, t->rows, t->count, t->options->rounds);
  if (!fits(t)) {
    take_back(t, true);
    take_back(t, false);
    fprintf(stderr, "%s: with what is faster, the model would need more memory than its limit\n",
            t->model->file);
  }
  const struct tune_conditions conditions = tune_conditions(t->mem, t->options->target, t->threads);
  struct tune_result result = {
      t->model, &conditions, t->rows, t->count, t->options->rounds, 0, .file = t->options->output};
  if (!confirm(t, result.wholes) || interrupted() || !keep(t, &conditions))
    return false;
  result.builds = t->build_count;
  if (t->options->json)
    return tune_json(out, &result);
  tune_print(out, t->mem, &result);
  return true;
}

bool tune(struct mem *mem, const struct model *model, const struct tune_options *options, FILE *out)
{
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  struct tuning t = {.mem = mem, .model = model, .options = options};
  t.threads = options->threads > 0 ? options->threads : processors > 0 ? (int)processors : 1;
  const struct compilation *c = compile(mem, model, STAGE_NONE, NULL);
  if (c == NULL)
    return false;
  t.folder = work_folder(mem, "tune", NULL);
  if (t.folder == NULL)
    return false;
  bool done = tune_in(&t, c, out);
  remove_tree(mem, t.folder);
  return done;
}
