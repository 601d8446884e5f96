/* The files of a run folder: those that a run has, what train says of them, and that its charts are
 * pictures of something. */
#include "cli.h"
#include "runtime/canvas.h"
#include "runtime/run_files.h"

/* A picture's pixels of the first curve's colour. */
static int curve_pixels(const char *path)
{
  cairo_surface_t *surface = cairo_image_surface_create_from_png(expand(path));
  ck_assert_msg(cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS, "%s is no PNG", path);
  const struct lathe_colour hue = lathe_hue[0];
  uint32_t wanted = (uint32_t)(255 * hue.r + 0.5) << 16 | (uint32_t)(255 * hue.g + 0.5) << 8 |
                    (uint32_t)(255 * hue.b + 0.5);
  int count = 0;
  for (int y = 0; y < cairo_image_surface_get_height(surface); y++) {
    const unsigned char *row = cairo_image_surface_get_data(surface) +
                               (ptrdiff_t)y * cairo_image_surface_get_stride(surface);
    for (int x = 0; x < cairo_image_surface_get_width(surface); x++) {
      uint32_t pixel;
      memcpy(&pixel, row + 4 * x, sizeof pixel);
      count += (pixel & 0xffffff) == wanted;
    }
  }
  cairo_surface_destroy(surface);
  return count;
}

/* A curve has more than its sample in the legend, which is some 30 pixels of 5; the few images with
 * labels are dots. */
START_TEST(charts_have_curves)
{
  static const char *const charts[] = {
      "losses", "reconstruction_loss", "kl", "learning_rate", "em", "clusters", "labels"};
  char path[600];
  for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
    snprintf(path, sizeof path, "@/run/%s.png", charts[i]);
    int count = curve_pixels(path);
    ck_assert_msg(count > (strcmp(charts[i], "labels") ? 400 : 100), "%s: %d pixels", path, count);
  }
}
END_TEST

/* Each file that train names is there, and each picture that is there is named. */
static void check_listing(const char *run)
{
  char path[600];
  const char *list = strstr(printed, "Files to look at in ");
  ck_assert_msg(list != NULL, "%s", printed);
  for (int i = 0; i < LATHE_RUN_FILES; i++) {
    char line[64];
    snprintf(line, sizeof line, "\n  %s ", lathe_run_name(i));
    snprintf(path, sizeof path, "%s/%s", run, lathe_run_name(i));
    bool named = strstr(list, line) != NULL;
    ck_assert_msg(named == (is_there(path) && lathe_run_about(i)), "%s is %snamed: %s", path,
                  named ? "" : "not ", list);
  }
}

START_TEST(train_lists_what_is_there)
{
  call_well(&fake_plane, "train --data @/train.npz --labelled @/few.npz --run @/l1 --epochs 1");
  check_listing("@/l1");
  call_well(&fake_space, "train --data @/flat.npz --run @/l2 --epochs 1");
  check_listing("@/l2");
}
END_TEST

/* From a single image there is no way to another. */
START_TEST(one_image_has_no_paths)
{
  static char page[OUTPUT];
  write_images("@/one.npz", 1, 3, 1, 4);
  call_well(&fake_plane,
            "train --data @/train.npz --labelled @/few.npz --valid @/one.npz --run @/one "
            "--epochs 1");
  check_listing("@/one");
  ck_assert(!is_there("@/one/interpolations.png"));
  read_text(expand("@/one/report.html"), page);
  ck_assert_ptr_nonnull(strstr(page, "href=\"#manifold\""));
  ck_assert_ptr_null(strstr(page, "href=\"#interpolations\""));
}
END_TEST

/* More labels than can be told apart are scored, and not drawn. */
START_TEST(many_labels_are_not_drawn)
{
  enum { MANY = 60 };
  static unsigned char pixels[MANY * FAKE_PIXELS];
  static int64_t labels[MANY];
  for (int i = 0; i < MANY; i++) {
    draw_image(i, 5, pixels + i * FAKE_PIXELS);
    labels[i] = i;
  }
  struct lathe_array data = {
      .rank = 2, .shape = {MANY, FAKE_PIXELS}, .count = MANY * FAKE_PIXELS, .data = pixels};
  struct lathe_array names = {
      .dtype = LATHE_I64, .rank = 1, .shape = {MANY}, .count = MANY, .data = labels};
  struct lathe_error err;
  struct lathe_npz *npz = lathe_npz_create(expand("@/many.npz"), &err);
  ck_assert(npz && lathe_npz_add(npz, "data", &data, &err) &&
            lathe_npz_add(npz, "labels", &names, &err) && lathe_npz_commit(npz, &err));
  call_well(&fake_space, "train --data @/flat.npz --labelled @/many.npz --run @/many --epochs 1");
  check_listing("@/many");
  ck_assert(!is_there("@/many/labels.png") && !is_there("@/many/confusion.png"));
}
END_TEST

int main(void)
{
  TCase *tests = tcase_create("run files");
  tcase_add_test(tests, charts_have_curves);
  tcase_add_test(tests, train_lists_what_is_there);
  tcase_add_test(tests, one_image_has_no_paths);
  tcase_add_test(tests, many_labels_are_not_drawn);
  return cli_run(tests, cli_setup);
}
