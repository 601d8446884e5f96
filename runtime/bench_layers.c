#include "allocate.h"
#include "bench.h"
#include "json.h"
#include "peak.h"
#include "philox.h"
#include "profile.h"
#include <stdio.h>
#include <string.h>

enum { IMAGES = 1024, OUTSIDE = 3 };

/* What a row of the table says of a kernel, or of what is outside of kernels. */
struct row {
  const char *layer;
  int line;
  const char *pass, *kernel, *algorithm;
  double seconds, flops, bytes; /* a step */
};

struct table {
  const struct lathe_model *model;
  struct lathe_profile profile;
  int batch, threads;
  double peak; /* floating-point operations a second */
};

static int row_count(const struct table *table)
{
  return table->model->kernel_count + OUTSIDE;
}

static struct row row_at(const struct table *table, int i)
{
  static const char *const passes[] = {
      [LATHE_FORWARD] = "forward", [LATHE_BACKWARD] = "backward", [LATHE_UPDATE] = "update"};
  const struct lathe_model *model = table->model;
  const struct lathe_profile *profile = &table->profile;
  if (i < model->kernel_count) {
    const struct lathe_kernel_cost *k = &model->kernels[i];
    return (struct row){
        .layer = k->layer,
        .line = k->line,
        .pass = passes[k->pass],
        .kernel = k->ops,
        .algorithm = k->algorithm,
        .seconds = profile->kernels[i],
        .flops = k->image_flops * table->batch + k->step_flops,
        .bytes = k->image_bytes * table->batch + k->step_bytes,
    };
  }
  const struct row outside[OUTSIDE] = {
      {"data", 0, "outside", "gather", "table", profile->data, 0, 0},
      {"noise", 0, "outside", "normal", "Philox, Box-Muller", profile->noise, 0, 0},
      {"rest", 0, "outside", "between kernels", "", profile->rest, 0, 0},
  };
  return outside[i - model->kernel_count];
}

static json_t *row_json(const struct table *table, const struct row *row)
{
  const double rate = row->flops / row->seconds;
  return json_pack("{s:s, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "layer", row->layer,
                   "line", row->line > 0 ? json_integer(row->line) : json_null(), "pass", row->pass,
                   "kernel", row->kernel, "algorithm", row->algorithm, "seconds",
                   lathe_json_number(row->seconds), "share",
                   lathe_json_number(row->seconds / table->profile.watched), "gflops",
                   lathe_json_number(rate / 1e9), "peak_fraction",
                   lathe_json_number(rate / table->peak), "bytes", lathe_json_number(row->bytes));
}

static bool print_json(const struct table *table, struct lathe_error *err)
{
  const struct lathe_profile *profile = &table->profile;
  json_t *rows = json_array();
  for (int i = 0; i < row_count(table); i++) {
    const struct row row = row_at(table, i);
    json_array_append_new(rows, row_json(table, &row));
  }
  return lathe_json_line(json_pack("{s:s, s:s, s:i, s:i, s:i, s:o, s:o, s:o, s:s, s:o}", "model",
                                   table->model->name, "precision", table->model->precision,
                                   "batch", table->batch, "threads", table->threads, "steps",
                                   profile->steps, "step_seconds", lathe_json_number(profile->step),
                                   "rows_seconds", lathe_json_number(profile->watched),
                                   "peak_gflops", lathe_json_number(table->peak / 1e9),
                                   "peak_vectors", lathe_peak_vectors(), "rows", rows),
                         err);
}

/* GFLOP/s, its share of the peak, MB moved and GB/s; blank where there is nothing to count. */
static void print_rates(const struct table *table, double seconds, double flops, double bytes)
{
  if (flops > 0)
    printf(" %8.2f %6.1f", flops / seconds / 1e9, 100 * flops / seconds / table->peak);
  else
    printf(" %8s %6s", "", "");
  if (bytes > 0)
    printf(" %9.3f %7.2f\n", bytes / 1e6, bytes / seconds / 1e9);
  else
    printf("\n");
}

/* Columns as wide as what stands in them. */
static void print_words(const struct table *table)
{
  const struct lathe_profile *profile = &table->profile;
  int layer = 5, kernel = 6, algorithm = 9;
  for (int i = 0; i < row_count(table); i++) {
    const struct row row = row_at(table, i);
    layer = (int)strlen(row.layer) > layer ? (int)strlen(row.layer) : layer;
    kernel = (int)strlen(row.kernel) > kernel ? (int)strlen(row.kernel) : kernel;
    algorithm = (int)strlen(row.algorithm) > algorithm ? (int)strlen(row.algorithm) : algorithm;
  }
  printf("%s, %s, batches of %d, %d threads; %d steps, FMA peak %.1f GFLOP/s (%s)\n\n",
         table->model->name, table->model->precision, table->batch, table->threads, profile->steps,
         table->peak / 1e9, lathe_peak_vectors());
  printf("%-*s %4s %-8s %-*s %-*s %10s %5s %8s %6s %9s %7s\n", layer, "layer", "line", "pass",
         kernel, "kernel", algorithm, "algorithm", "us", "%", "GFLOP/s", "% peak", "MB", "GB/s");
  double flops = 0, bytes = 0;
  for (int i = 0; i < row_count(table); i++) {
    const struct row row = row_at(table, i);
    char line[16] = "";
    if (row.line > 0)
      snprintf(line, sizeof line, "%d", row.line);
    printf("%-*s %4s %-8s %-*s %-*s %10.1f %5.1f", layer, row.layer, line, row.pass, kernel,
           row.kernel, algorithm, row.algorithm, 1e6 * row.seconds,
           100 * row.seconds / profile->watched);
    print_rates(table, row.seconds, row.flops, row.bytes);
    flops += row.flops;
    bytes += row.bytes;
  }
  printf("%-*s %10.1f %5.1f", layer + kernel + algorithm + 16, "in all", 1e6 * profile->watched,
         100.0);
  print_rates(table, profile->watched, flops, bytes);
  printf("\nA step that is not watched takes %.1f us: the rows add up to %.1f %% of it.\n",
         1e6 * profile->step, 100 * profile->watched / profile->step);
}

bool lathe_bench_images(struct lathe_dataset *dataset, const struct lathe_model *model,
                        struct lathe_error *err)
{
  struct lathe_array *images = &dataset->images;
  *images =
      (struct lathe_array){.dtype = LATHE_U8, .rank = 2, .shape = {IMAGES, model->input_size}};
  images->count = (int64_t)IMAGES * model->input_size;
  images->data = lathe_allocate(IMAGES, model->input_size, 1, "the made-up images", err);
  dataset->count = IMAGES;
  for (int64_t i = 0; images->data && i < images->count; i += 16) {
    uint32_t words[4];
    lathe_random_u32x4(0, LATHE_RANDOM_BENCH, 4, (uint64_t)i, words);
    memcpy((uint8_t *)images->data + i, words,
           (size_t)(images->count - i < 16 ? images->count - i : 16));
  }
  return images->data != NULL;
}

bool lathe_bench_layers(const struct lathe_call *call, struct lathe_session *session, int batch,
                        struct lathe_error *err)
{
  const double seconds = call->options.seconds;
  struct table table = {
      .model = session->model, .batch = batch, .threads = lathe_pool_threads(session->pool)};
  struct lathe_dataset dataset = {0};
  bool good = lathe_bench_images(&dataset, session->model, err) &&
              lathe_profile_take(&table.profile, session, batch, &dataset, 0.85 * seconds, err);
  if (good) {
    table.peak = lathe_peak_flops(session->pool, 0.15 * seconds);
    if (call->options.json)
      good = print_json(&table, err);
    else
      print_words(&table);
  }
  lathe_profile_free(&table.profile);
  lathe_dataset_free(&dataset);
  return good;
}
