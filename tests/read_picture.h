/* For tests of pictures: a folder for them, and PNG files read back. Places in
 * pictures are counted from edges that hold no text, as fonts differ. */
#ifndef TESTS_READ_PICTURE_H
#define TESTS_READ_PICTURE_H

#include "folders.h"
#include "runtime/canvas.h"
#include <check.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[FOLDER_PATH];
static struct lathe_error err;

/* fontconfig keeps memory of its own until the process ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
  return "leak:libfontconfig";
}
const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
  return "print_suppressions=0";
}

/* A picture read back: 0xRRGGBB by row and column. */
struct read_back {
  cairo_surface_t *surface;
  int width, height;
};

static inline const char *in_folder(const char *name)
{
  static char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static inline struct read_back read_picture(const char *name)
{
  struct read_back r = {.surface = cairo_image_surface_create_from_png(in_folder(name))};
  ck_assert_msg(cairo_surface_status(r.surface) == CAIRO_STATUS_SUCCESS, "%s cannot be read", name);
  r.width = cairo_image_surface_get_width(r.surface);
  r.height = cairo_image_surface_get_height(r.surface);
  return r;
}

static inline unsigned pixel(const struct read_back *r, int x, int y)
{
  if (x < 0 || y < 0 || x >= r->width || y >= r->height)
    ck_abort_msg("(%d, %d) is outside %d x %d", x, y, r->width, r->height);
  unsigned value;
  memcpy(&value,
         cairo_image_surface_get_data(r->surface) +
             (ptrdiff_t)y * cairo_image_surface_get_stride(r->surface) + 4 * (ptrdiff_t)x,
         sizeof value);
  return value & 0xffffff;
}

static inline int files_in_folder(void)
{
  DIR *dir = opendir(folder);
  int count = 0;
  for (struct dirent *e; (e = readdir(dir));)
    count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
  closedir(dir);
  return count;
}

static inline void make_folder(void)
{
  new_folder(folder);
}

#endif
