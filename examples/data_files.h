/* What the programs that make up data have in common: their files, and numbers on command lines. */
#ifndef DATA_FILES_H
#define DATA_FILES_H

#include "array.h"

/* Writes an .npz of `data` [N, ...] and `labels` [N], whole or not at all. */
bool write_examples(const char *path, const struct lathe_array *data,
                    const struct lathe_array *labels, struct lathe_error *err);

/* A whole number in [low, high] and nothing else. */
bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *number);

#endif
