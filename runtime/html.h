/* HTML documents of one self-contained file: nothing is loaded from elsewhere (a content security
 * policy in the file itself forbids it), text is escaped, pictures are data: URIs. They are also
 * well-formed XML. Errors of the stream are left to who commits it. */
#ifndef LATHE_HTML_H
#define LATHE_HTML_H

#include "canvas.h"
#include "error.h"
#include <stdbool.h>
#include <stdio.h>

/* The document up to its heading; and its end. */
void lathe_html_begin(FILE *out, const char *title);
void lathe_html_end(FILE *out);

/* Any bytes as text, in elements and in attributes alike; what is not UTF-8, or a control
 * character, becomes U+FFFD. */
void lathe_html_text(FILE *out, const char *text);

/* Formats, then writes as text; at most LATHE_HTML_PRINTED - 1 bytes of it. */
enum { LATHE_HTML_PRINTED = 1 << 14 };
void lathe_html_printf(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A section with its heading, ended by lathe_html_section_end. The id is a plain word. */
void lathe_html_section(FILE *out, const char *id, const char *title);
void lathe_html_section_end(FILE *out);

/* A picture of the page, which is released: of class "plot", drawn in ink on paper, or "tile", an
 * image pixel by pixel, or "curve", one that is drawn. `alt` says what it shows. */
bool lathe_html_picture(FILE *out, const char *class, const char *alt, cairo_t *page,
                        struct lathe_error *err);

/* A table's row of two cells: a name and a value. */
void lathe_html_fact(FILE *out, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
