/* For tests of pages: reads HTML as strictly as XML is read, and decodes the pictures in it. */
#ifndef TESTS_READ_HTML_H
#define TESTS_READ_HTML_H

#include <cairo.h>
#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct page {
  int elements, pictures, links;
};

enum { DEEPEST = 32, NAME = 32 };

static inline const char *fail_at(const char *text, const char *at, const char *why)
{
  ck_abort_msg("%s at byte %ld: %.60s", why, (long)(at - text), at);
  return NULL;
}

/* Behind "&amp;" or another of the few references that are used. */
static inline const char *skip_reference(const char *text, const char *at)
{
  static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&#8594;"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strncmp(at, known[i], strlen(known[i])) == 0)
      return at + strlen(known[i]);
  return fail_at(text, at, "a bare &");
}

struct decoder {
  const char *at;
  unsigned bits;
  int count;
};

static inline cairo_status_t read_base64(void *closure, unsigned char *data, unsigned length)
{
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  struct decoder *from = closure;
  for (unsigned i = 0; i < length; i++) {
    while (from->count < 8) {
      const char *letter = *from->at ? strchr(letters, *from->at) : NULL;
      if (letter == NULL)
        return CAIRO_STATUS_READ_ERROR;
      from->at++;
      from->bits = from->bits << 6 | (unsigned)(letter - letters);
      from->count += 6;
    }
    from->count -= 8;
    data[i] = (unsigned char)(from->bits >> from->count);
  }
  return CAIRO_STATUS_SUCCESS;
}

/* A picture must be a PNG in the page itself, of the size that its element says. */
static inline void check_picture(const char *uri, int width, int height)
{
  static const char start[] = "data:image/png;base64,";
  ck_assert_msg(strncmp(uri, start, strlen(start)) == 0, "a picture from elsewhere: %.60s", uri);
  struct decoder from = {.at = uri + strlen(start)};
  cairo_surface_t *surface = cairo_image_surface_create_from_png_stream(read_base64, &from);
  ck_assert_int_eq((int)cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
  ck_assert_int_eq(cairo_image_surface_get_width(surface), width);
  ck_assert_int_eq(cairo_image_surface_get_height(surface), height);
  cairo_surface_destroy(surface);
}

/* A tag's attributes, up to its '>' or "/>". */
static inline const char *read_attributes(const char *text, const char *at, struct page *page)
{
  int width = 0, height = 0;
  while (*at == ' ') {
    at += strspn(at, " ");
    if (*at == '/' || *at == '>')
      break;
    const char *name = at, *value;
    at += strspn(at, "abcdefghijklmnopqrstuvwxyz-");
    if (strncmp(at, "=\"", 2) != 0)
      return fail_at(text, at, "no =\"");
    value = at += 2;
    while (*at != '"') {
      if (*at == '<' || *at == '\0')
        return fail_at(text, at, "an attribute without end");
      at = *at == '&' ? skip_reference(text, at) : at + 1;
    }
    if (strncmp(name, "width=", 6) == 0)
      width = atoi(value);
    if (strncmp(name, "height=", 7) == 0)
      height = atoi(value);
    if (strncmp(name, "href=", 5) == 0) {
      ck_assert_msg(*value == '#', "a link to elsewhere: %.60s", value);
      page->links++;
    }
    if (strncmp(name, "src=", 4) == 0) {
      check_picture(value, width, height);
      page->pictures++;
    }
    at++;
  }
  return at;
}

/* Reads a whole page: well-formed, nothing loaded from elsewhere, no scripts. */
static inline struct page read_page(const char *text)
{
  static const char doctype[] = "<!DOCTYPE html>\n";
  char open[DEEPEST][NAME];
  int depth = 0;
  struct page page = {0};
  ck_assert_int_eq(strncmp(text, doctype, strlen(doctype)), 0);
  ck_assert_msg(strstr(text, "url(") == NULL && strstr(text, "@import") == NULL, "a style loads");
  for (const char *at = text + strlen(doctype); *at;) {
    if (*at == '&') {
      at = skip_reference(text, at);
    } else if (*at != '<') {
      ck_assert_msg(*at == '\n' || *at == '\t' || (unsigned char)*at >= ' ', "a control character");
      at++;
    } else {
      bool closing = at[1] == '/';
      char name[NAME];
      at += 1 + closing;
      size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789");
      ck_assert_msg(length > 0 && length < NAME, "not a tag: %.60s", at);
      snprintf(name, sizeof name, "%.*s", (int)length, at);
      ck_assert_str_ne(name, "script");
      at = read_attributes(text, at + length, &page);
      if (closing) {
        ck_assert_msg(depth > 0 && strcmp(open[depth - 1], name) == 0, "</%s> closes <%s>", name,
                      depth > 0 ? open[depth - 1] : "nothing");
        depth--;
      } else {
        page.elements++;
        if (*at != '/') {
          ck_assert_int_lt(depth, DEEPEST);
          strcpy(open[depth++], name);
        }
      }
      at += *at == '/';
      if (*at++ != '>')
        fail_at(text, at - 1, "no >");
    }
  }
  ck_assert_int_eq(depth, 0);
  return page;
}

#endif
