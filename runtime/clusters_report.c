/* The analysis of the clusters for people and for scripts. */
#define _GNU_SOURCE /* fopencookie, which the C libraries of Linux have */
#include "clusters.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASS_SIZE = 32, NAME_SIZE = CLASS_SIZE + 32 };

/* Whether a class's label is enough to tell every component from the others. */
static bool labels_tell_apart(const struct lathe_clusters *c)
{
  for (int i = 0; i < c->components; i++) {
    if (c->cluster[i].label == -1)
      return false;
    for (int j = 0; j < i; j++)
      if (c->cluster[i].label == c->cluster[j].label)
        return false;
  }
  return true;
}

/* "class 4", "component 2 (class 4)" or "component 2"; `initial` is the first letter wanted. */
static void name(const struct lathe_clusters *c, int k, char initial, char text[NAME_SIZE])
{
  char label[CLASS_SIZE];
  lathe_class_brief(c->names, c->cluster[k].label, label, sizeof label);
  if (labels_tell_apart(c))
    snprintf(text, NAME_SIZE, "class %s", label);
  else if (c->cluster[k].label != -1)
    snprintf(text, NAME_SIZE, "component %d (class %s)", k, label);
  else
    snprintf(text, NAME_SIZE, "component %d", k);
  text[0] = initial;
}

/* "Classes 4 and 8", or the two components' names. */
static void name_pair(const struct lathe_clusters *c, const struct lathe_cluster_pair *pair,
                      char initial, char text[2 * NAME_SIZE + 8])
{
  char a[NAME_SIZE], b[NAME_SIZE];
  name(c, pair->a, initial, a);
  name(c, pair->b, 'c', b);
  if (labels_tell_apart(c))
    snprintf(text, 2 * NAME_SIZE + 8, "%classes %s and %s", initial, a + strlen("class "),
             b + strlen("class "));
  else
    snprintf(text, 2 * NAME_SIZE + 8, "%s and %s", a, b);
}

/* A share in percent with two significant digits, or as few as make sense. */
static void percent(double share, char text[16])
{
  double value = 100 * share;
  if (value < 0.005)
    snprintf(text, 16, "under 0.01%%");
  else
    snprintf(text, 16, "%.*f%%", value < 1 ? 2 : 1, value);
}

static const char *verdict(double misassigned)
{
  if (misassigned < 0.01)
    return "hardly overlap";
  if (misassigned < 0.05)
    return "overlap a little";
  if (misassigned < 0.15)
    return "overlap noticeably";
  return "overlap heavily";
}

static void write_summary(FILE *out, const struct lathe_clusters *c)
{
  char share[16];
  percent(c->misassigned, share);
  fprintf(out,
          "The mixture's %d components %s: by its own densities, %s of points are expected in "
          "a component that is not theirs.",
          c->components, verdict(c->misassigned), share);
}

static void write_pairs(FILE *out, const struct lathe_clusters *c)
{
  char names[2 * NAME_SIZE + 8], share[16];
  const struct lathe_cluster_pair *worst = &c->pair[c->most_overlapping], *farthest = worst;
  name_pair(c, worst, 'C', names);
  percent(worst->overlap, share);
  fprintf(out,
          " %s overlap most: their means are %.2f standard deviations apart (Bhattacharyya "
          "distance %.2f), and %s of all points are expected to be taken for the other.",
          names, worst->mahalanobis, worst->bhattacharyya, share);
  for (int i = 0; i < c->pairs; i++)
    if (c->pair[i].bhattacharyya > farthest->bhattacharyya)
      farthest = &c->pair[i];
  if (farthest != worst) {
    name_pair(c, farthest, 'C', names);
    fprintf(out,
            " %s are the farthest apart (%.2f standard deviations, Bhattacharyya distance "
            "%.2f).",
            names, farthest->mahalanobis, farthest->bhattacharyya);
  }
  if (c->most_confused >= 0) {
    const struct lathe_cluster_pair *confused = &c->pair[c->most_confused];
    name_pair(c, confused, 'c', names);
    fprintf(out,
            " In these data, %s are %sthe pair most often taken for each other (%lld point%s).",
            names, c->most_confused == c->most_overlapping ? "also " : "",
            (long long)confused->observed, confused->observed == 1 ? "" : "s");
  }
}

static void write_compactness(FILE *out, const struct lathe_clusters *c)
{
  char names[NAME_SIZE];
  const double alike = 1.1; /* radii that differ by less are not worth telling apart */
  int tightest = 0, widest = 0;
  for (int k = 1; k < c->components; k++) {
    if (c->cluster[k].radius < c->cluster[tightest].radius)
      tightest = k;
    if (c->cluster[k].radius > c->cluster[widest].radius)
      widest = k;
  }
  const struct lathe_cluster *tight = &c->cluster[tightest], *wide = &c->cluster[widest];
  if (wide->radius < alike * tight->radius) {
    fprintf(out, " All are about equally spread out (standard deviation %.3g).", wide->radius);
    return;
  }
  name(c, tightest, 'C', names);
  fprintf(out,
          " %s is the tightest (typical standard deviation %.3g, mean distance %.3g from its "
          "mean)",
          names, tight->radius, tight->mean_distance);
  name(c, widest, 'c', names);
  fprintf(out, " and %s the most spread out (%.3g and %.3g).", names, wide->radius,
          wide->mean_distance);
}

/* A string that grows; open_memstream's ends early, and does not say so, when memory does. */
struct words {
  char *text;
  size_t length;
  bool failed;
};

static ssize_t add_words(void *cookie, const char *bytes, size_t size)
{
  struct words *words = cookie;
  char *longer = words->failed ? NULL : realloc(words->text, words->length + size + 1);
  if (!longer) {
    words->failed = true;
    return 0;
  }
  memcpy(longer + words->length, bytes, size);
  words->text = longer;
  words->length += size;
  words->text[words->length] = '\0';
  return (ssize_t)size;
}

char *lathe_clusters_words(const struct lathe_clusters *clusters)
{
  struct words words = {0};
  FILE *out = fopencookie(&words, "w", (cookie_io_functions_t){.write = add_words});
  if (!out)
    return NULL;
  if (clusters->components == 1) {
    const struct lathe_cluster *only = &clusters->cluster[0];
    fprintf(out,
            "The mixture has one component: typical standard deviation %.3g, mean distance "
            "%.3g from its mean.",
            only->radius, only->mean_distance);
  } else {
    write_summary(out, clusters);
    write_pairs(out, clusters);
    write_compactness(out, clusters);
  }
  if (fclose(out) != 0 || words.failed) {
    free(words.text);
    return NULL;
  }
  return words.text;
}

static json_t *label_json(int64_t label)
{
  return label == -1 ? json_null() : json_integer(label);
}

static json_t *cluster_json(const struct lathe_cluster *cluster, int k)
{
  return json_pack("{s:i, s:o, s:f, s:I, s:f, s:f, s:f, s:f}", "component", k, "label",
                   label_json(cluster->label), "weight", cluster->weight, "points",
                   (json_int_t)cluster->points, "log_volume", cluster->log_volume, "radius",
                   cluster->radius, "mean_distance", cluster->mean_distance, "misassigned",
                   cluster->misassigned);
}

static json_t *pair_json(const struct lathe_clusters *c, const struct lathe_cluster_pair *pair)
{
  return json_pack("{s:[i,i], s:[o,o], s:f, s:f, s:f, s:f, s:o}", "components", pair->a, pair->b,
                   "labels", label_json(c->cluster[pair->a].label),
                   label_json(c->cluster[pair->b].label), "mahalanobis", pair->mahalanobis,
                   "bhattacharyya", pair->bhattacharyya, "bound", pair->bound, "overlap",
                   pair->overlap, "observed", label_json(pair->observed));
}

/* The two components of pair `index`, null when there is none. */
static json_t *components_json(const struct lathe_clusters *c, int index)
{
  return index < 0 ? json_null() : json_pack("[i,i]", c->pair[index].a, c->pair[index].b);
}

json_t *lathe_clusters_json(const struct lathe_clusters *clusters)
{
  char *words = lathe_clusters_words(clusters);
  json_t *components = json_array(), *pairs = json_array();
  bool done = words && components && pairs;
  for (int k = 0; done && k < clusters->components; k++)
    done = json_array_append_new(components, cluster_json(&clusters->cluster[k], k)) == 0;
  for (int i = 0; done && i < clusters->pairs; i++)
    done = json_array_append_new(pairs, pair_json(clusters, &clusters->pair[i])) == 0;
  json_t *object = NULL;
  if (done)
    object = json_pack("{s:f, s:O, s:O, s:o, s:o, s:s}", "misassigned", clusters->misassigned,
                       "clusters", components, "pairs", pairs, "most_overlapping",
                       components_json(clusters, clusters->most_overlapping), "most_confused",
                       components_json(clusters, clusters->most_confused), "words", words);
  if (object && clusters->names && clusters->names->count > 0)
    json_object_set_new(object, "label_names", lathe_class_names_json(clusters->names));
  json_decref(components);
  json_decref(pairs);
  free(words);
  return object;
}
