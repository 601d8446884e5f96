/* classify: the label of each image's likeliest cluster, in a CSV file. */
#include "allocate.h"
#include "command.h"
#include "output.h"
#include "words.h"
#include "work.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool check_names(const struct lathe_work *work, struct lathe_error *err)
{
  const struct lathe_mixture *mixture = &work->session.mixture;
  for (int k = 0; k < mixture->components; k++)
    if (mixture->labels[k] >= 0)
      return true;
  return lathe_fail(err,
                    "the clusters of %s have no labels to predict: train with --labelled, or use "
                    "encode, which writes the cluster of each %s",
                    work->run.folder, lathe_input_word(work->session.model));
}

/* Each image's cluster [count], to be freed with free(); NULL on failure. */
static int64_t *find_clusters(struct lathe_work *work, struct lathe_error *err)
{
  int64_t n = work->part.count;
  lathe_real *means =
      lathe_allocate(n, work->session.model->latent, sizeof *means, "the latents", err);
  int64_t *clusters = lathe_allocate(n, 1, sizeof *clusters, "the clusters", err);
  bool good = means && clusters;
  if (good) {
    lathe_encode_part(&work->session, &work->part, means, NULL);
    good = lathe_assign_clusters(&work->session, n, means, clusters, NULL, NULL, err);
  }
  free(means);
  if (good)
    return clusters;
  free(clusters);
  return NULL;
}

/* A line of one cell, quoted where it would be taken for more. */
static void write_cell(FILE *stream, const char *text)
{
  if (text[strcspn(text, ",;\t\r\n\"")] == '\0') {
    fprintf(stream, "%s\n", text);
    return;
  }
  fputc('"', stream);
  for (; *text; text++) {
    if (*text == '"')
      fputs("\"\"", stream);
    else
      fputc(*text, stream);
  }
  fputs("\"\n", stream);
}

static bool classify(const struct lathe_call *call, struct lathe_work *work,
                     struct lathe_error *err)
{
  if (!lathe_work_open(work, call, false, err) || !check_names(work, err))
    return false;
  struct lathe_output *output = lathe_output_open(call->options.output, err);
  if (!output)
    return false;
  int64_t *clusters = find_clusters(work, err);
  if (!clusters) {
    lathe_output_discard(output);
    return false;
  }
  FILE *stream = lathe_output_stream(output);
  fprintf(stream, "Predicted_Label\n");
  const struct lathe_mixture *mixture = &work->session.mixture;
  char room[LATHE_CLASS_TEXT];
  for (int64_t i = 0; i < work->part.count; i++)
    write_cell(stream, lathe_class_text(mixture->names, mixture->labels[clusters[i]], room));
  free(clusters);
  return lathe_output_commit(output, err);
}

enum lathe_status lathe_command_classify(const struct lathe_call *call, struct lathe_error *err)
{
  struct lathe_work work;
  bool done = classify(call, &work, err);
  if (done)
    lathe_note(call, call->options.output, "%lld predicted labels", (long long)work.part.count);
  lathe_work_close(&work);
  return lathe_status_of(done);
}
