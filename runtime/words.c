#include "words.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *lathe_by_input(const struct lathe_model *model, const char *images, const char *series,
                           const char *rows)
{
  return model->input_rank == 1 ? rows : model->input_rank == 2 ? series : images;
}

const char *lathe_input_word(const struct lathe_model *model)
{
  return model ? lathe_by_input(model, "image", "series", "row") : "input";
}

const char *lathe_input_words(const struct lathe_model *model)
{
  return model ? lathe_by_input(model, "images", "series", "rows") : "inputs";
}

const char *lathe_input_one(const struct lathe_model *model)
{
  return model ? lathe_by_input(model, "an image", "a series", "a row") : "an input";
}

const char *lathe_in_words(const struct lathe_model *model, const char *text,
                           char room[LATHE_WORDS])
{
  const struct {
    const char *from, *to;
  } words[] = {{"an image", lathe_input_one(model)},
               {"images", lathe_input_words(model)},
               {"image", lathe_input_word(model)}};
  enum { COUNT = sizeof words / sizeof words[0] };
  size_t used = 0;
  bool begins = true; /* a word may begin here */
  while (*text && used + 1 < LATHE_WORDS) {
    int i = 0;
    size_t length = 0;
    for (; begins && i < COUNT; i++) {
      length = strlen(words[i].from);
      if (strncmp(text, words[i].from, length) == 0 && !isalnum((unsigned char)text[length]))
        break;
    }
    if (begins && i < COUNT) {
      used += (size_t)snprintf(room + used, LATHE_WORDS - used, "%s", words[i].to);
      used = used < LATHE_WORDS ? used : LATHE_WORDS - 1;
      text += length;
    } else {
      room[used++] = *text++;
    }
    begins = !isalnum((unsigned char)text[-1]);
  }
  room[used] = '\0';
  return room;
}
