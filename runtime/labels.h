/* The distinct values among labels. */
#ifndef LATHE_LABELS_H
#define LATHE_LABELS_H

#include <stdint.h>

/* The distinct values of labels [n] in ascending order, *count of them, to be freed with free();
 * NULL when there is no memory. */
int64_t *lathe_labels_distinct(int64_t n, const int64_t *labels, int64_t *count);

/* Where `label` is among distinct labels [count], which are ascending; -1 when it is not. */
int lathe_label_index(int count, const int64_t *distinct, int64_t label);

#endif
