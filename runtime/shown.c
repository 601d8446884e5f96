#include "shown.h"
#include <stdio.h>

const struct lathe_shown *lathe_show_scored(const struct lathe_show *show)
{
  if (show->images.evaluation->scored)
    return &show->images;
  bool labelled = show->labelled.part.count > 0 && show->labelled.evaluation->scored;
  return labelled ? &show->labelled : NULL;
}

int lathe_show_labels(const struct lathe_show *show, int64_t labels[LATHE_MOST_LABELS])
{
  const struct lathe_shown *scored = lathe_show_scored(show);
  if (!scored)
    return 0;
  const struct lathe_mixture *mixture = &show->session->mixture;
  const struct lathe_scores *scores = &scored->evaluation->scores;
  int count = 0, all = mixture->components + scores->classes;
  if (scores->classes > LATHE_MOST_LABELS + 1) /* one of them may be "unnamed" */
    return 0;
  for (int i = 0; i < all; i++) {
    bool named = i < mixture->components;
    int64_t label = named ? mixture->labels[i] : scores->labels[i - mixture->components];
    bool known = label < 0;
    for (int j = 0; j < count && !known; j++)
      known = labels[j] == label;
    if (known)
      continue;
    if (count == LATHE_MOST_LABELS)
      return 0;
    labels[count++] = label;
  }
  return count;
}

void lathe_label_name(const struct lathe_class_names *names, int64_t label, char name[32])
{
  if (label >= 0)
    lathe_class_brief(names, label, name, 32);
  else
    snprintf(name, 32, "unnamed");
}

unsigned lathe_show_facts(const struct lathe_show *show)
{
  int64_t labels[LATHE_MOST_LABELS];
  return lathe_run_facts(show->session->model) |
         (lathe_show_labels(show, labels) > 0 ? LATHE_RUN_HAS_LABELS : 0U) |
         (show->images.part.count > 1 ? LATHE_RUN_HAS_PATHS : 0U);
}
