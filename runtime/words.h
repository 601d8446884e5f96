/* What messages call the inputs of a model: images, series, or, of one dimension, rows. */
#ifndef LATHE_WORDS_H
#define LATHE_WORDS_H

#include "model.h"

enum { LATHE_WORDS = 256 };

/* "image", "series" or "row"; several, "images", "series", "rows"; and "an image", "a series", "a
 * row". Of any model, NULL, "input", "inputs" and "an input". */
const char *lathe_input_word(const struct lathe_model *model);
const char *lathe_input_words(const struct lathe_model *model);
const char *lathe_input_one(const struct lathe_model *model);

/* That of the three texts, for images, series and rows, which the model's inputs ask for. */
const char *lathe_by_input(const struct lathe_model *model, const char *images, const char *series,
                           const char *rows);

/* A text about images, in `room`, with "image", "images" and "an image" in the model's words. */
const char *lathe_in_words(const struct lathe_model *model, const char *text,
                           char room[LATHE_WORDS]);

#endif
