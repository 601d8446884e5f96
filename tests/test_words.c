/* Texts about images, told of images, series and rows. */
#include "make_files.h"
#include "runtime/words.h"

static const struct {
  const char *text, *series, *row;
} TEXTS[] = {
    {"", "", ""},
    {"image", "series", "row"},
    {"nats an image", "nats a series", "nats a row"},
    {"loss (nats an image)", "loss (nats a series)", "loss (nats a row)"},
    {"keep the images of these labels alone", "keep the series of these labels alone",
     "keep the rows of these labels alone"},
    {"each image's label, of all images.", "each series's label, of all series.",
     "each row's label, of all rows."},
    {"imagery and preimages", "imagery and preimages", "imagery and preimages"},
};

START_TEST(in_words)
{
  char room[LATHE_WORDS];
  const char *const expected[] = {TEXTS[_i].row, TEXTS[_i].series, TEXTS[_i].text};
  for (int rank = 1; rank <= 3; rank++) {
    const struct lathe_model model = {.input_rank = rank};
    ck_assert_str_eq(lathe_in_words(&model, TEXTS[_i].text, room), expected[rank - 1]);
  }
}
END_TEST

/* What has no room is cut, not written beyond it. */
START_TEST(long_text)
{
  char text[2 * LATHE_WORDS], room[LATHE_WORDS + 1];
  const struct lathe_model model = {.input_rank = 2};
  text[0] = room[LATHE_WORDS] = '\0';
  for (size_t i = 0; i + 7 < sizeof text; i += 6)
    snprintf(text + i, sizeof text - i, "image ");
  lathe_in_words(&model, text, room);
  ck_assert_uint_eq(strlen(room), LATHE_WORDS - 1);
  ck_assert_int_eq(room[LATHE_WORDS], '\0');
}
END_TEST

int main(void)
{
  TCase *tests = tcase_create("words");
  tcase_add_loop_test(tests, in_words, 0, sizeof TEXTS / sizeof *TEXTS);
  tcase_add_test(tests, long_text);
  return run_case(tests, "words");
}
