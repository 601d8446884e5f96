#include "html.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Colours by role, for both schemes. Pictures drawn in ink on white paper are turned over for the
 * dark one, which keeps their hues. */
static const char style[] =
    ":root{color-scheme:light dark;--page:#fff;--ink:#242428;--quiet:#5f6068;--line:#d9d9de;"
    "--panel:#f5f5f7;--accent:#0072b2;--shade:0,114,178}\n"
    "@media (prefers-color-scheme:dark){:root{--page:#141414;--ink:#e4e4e8;--quiet:#a3a4ad;"
    "--line:#3a3a40;--panel:#1f1f22;--accent:#56b4e9;--shade:86,180,233}"
    "img.plot,img.curve{filter:invert(.922) hue-rotate(180deg)}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:1080px;padding:24px 20px 64px;background:var(--page);"
    "color:var(--ink);font:16px/1.5 system-ui,'DejaVu Sans',sans-serif;overflow-wrap:anywhere}\n"
    "h1{font-size:28px;line-height:1.2;margin:0 0 4px}\n"
    "h2{font-size:20px;margin:0 0 12px;padding-top:20px;border-top:1px solid var(--line)}\n"
    "h3{font-size:16px;margin:20px 0 8px}\n"
    "section{margin-top:32px}\n"
    "p{margin:0 0 12px;max-width:72ch}\n"
    "a{color:var(--accent)}\n"
    ".quiet,figcaption{color:var(--quiet);font-size:14px}\n"
    "nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:16px 0 0;font-size:14px}\n"
    ".figures{display:flex;flex-wrap:wrap;gap:12px;margin:20px 0 0}\n"
    ".figures div{flex:1 1 140px;background:var(--panel);border-radius:8px;padding:12px 14px}\n"
    ".figures b{display:block;font-size:22px;line-height:1.4;font-weight:600;white-space:nowrap}\n"
    /* A shade at the edge behind which there is more of a table. */
    ".scroll{overflow-x:auto;margin:0 0 12px;background:"
    "linear-gradient(to right,var(--page) 30%,transparent) 0 0/40px 100% local no-repeat,"
    "linear-gradient(to left,var(--page) 30%,transparent) 100% 0/40px 100% local no-repeat,"
    "radial-gradient(farthest-side at 0 50%,rgba(128,128,128,.45),transparent) 0 0/12px 100% "
    "scroll "
    "no-repeat,"
    "radial-gradient(farthest-side at 100% 50%,rgba(128,128,128,.45),transparent) 100% 0/12px 100% "
    "scroll no-repeat}\n"
    "table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;"
    "overflow-wrap:normal}\n"
    "th,td{padding:5px 14px 5px 0;text-align:left;vertical-align:top;"
    "border-bottom:1px solid var(--line)}\n"
    "th{font-weight:600;color:var(--quiet)}\n"
    "td.n,th.n{text-align:right}\n"
    "td.long{overflow-wrap:anywhere;min-width:18em}\n"
    "table.confusion td,table.confusion th{padding:8px 14px;text-align:right}\n"
    "pre{background:var(--panel);border-radius:8px;padding:12px 16px;font-size:13px;"
    "line-height:1.45;overflow-x:auto;white-space:pre-wrap;margin:0 0 12px}\n"
    "code,pre{font-family:ui-monospace,'DejaVu Sans Mono',monospace}\n"
    "figure{margin:0 0 16px}\n"
    "img{display:block;max-width:100%}\n"
    "img.plot{width:100%;height:auto;border-radius:8px}\n"
    "img.tile{image-rendering:pixelated}\n"
    "img.tile,img.curve{height:auto;min-height:8px}\n"
    ".pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,max(320px,45%)),1fr)"
    ");"
    "gap:16px}\n"
    ".tiles{display:flex;flex-wrap:wrap;gap:3px}\n"
    ".tiles>div{display:grid;gap:3px;align-content:start}\n"
    ".cards{display:flex;flex-wrap:wrap;gap:14px}\n"
    ".cards figure{margin:0;min-width:88px}\n"
    ".chain{margin:0 0 10px;font-size:13px}\n"
    ".chain span{display:inline-block;background:var(--panel);border:1px solid var(--line);"
    "border-radius:6px;padding:3px 9px;margin:2px 0}\n"
    ".chain span.end{border-color:var(--accent);font-weight:600}\n"
    ".plane{display:grid;grid-template-columns:auto minmax(0,1fr);gap:6px;max-width:640px}\n"
    ".plane img{width:100%}\n"
    ".up{writing-mode:vertical-rl;transform:rotate(180deg)}\n"
    ".ends{display:flex;justify-content:space-between;color:var(--quiet);font-size:14px}\n"
    /* A row of tiles shrinks with the page as long as they are to be seen, then becomes two. */
    "@media (max-width:1000px){.tiles.row{display:grid;grid-template-columns:"
    "repeat(var(--all),minmax(0,max-content))}}\n"
    "@media (max-width:600px){.tiles.row{grid-template-columns:repeat(var(--half),minmax(0,1fr))}"
    ".tiles.row img{width:100%}}\n"
    "@media print{nav{display:none}body{max-width:none;padding:0;font-size:13px}"
    ".scroll{overflow:visible;background:none}table,pre{font-size:11px}"
    "table.confusion td{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    "h2,h3,figcaption{break-after:avoid}tr,figure,img,.figures,.cards figure{break-inside:avoid}"
    ".pair{grid-template-columns:1fr 1fr}}\n";

void lathe_html_begin(FILE *out, const char *title)
{
  fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
        "style-src 'unsafe-inline'\" />\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n<title>",
        out);
  lathe_html_text(out, title);
  fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
  lathe_html_text(out, title);
  fputs("</h1>\n", out);
}

void lathe_html_end(FILE *out)
{
  fputs("</body>\n</html>\n", out);
}

/* Bytes of the UTF-8 character at `text` (RFC 3629: shortest forms, no surrogates); 0: none. */
static size_t character(const unsigned char *text)
{
  unsigned char c = text[0], d = text[1];
  if (c < 0x80)
    return (c >= ' ' && c != 0x7f) || c == '\n' || c == '\t';
  size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
  if (c < 0xc2 || c > 0xf4 || (c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) ||
      (c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f))
    return 0;
  for (size_t i = 1; i < length; i++)
    if ((text[i] & 0xc0) != 0x80)
      return 0;
  bool control = c == 0xc2 && d < 0xa0;
  bool none = c == 0xef && d == 0xbf && text[2] >= 0xbe; /* U+FFFE and U+FFFF are not XML's */
  return control || none ? 0 : length;
}

void lathe_html_text(FILE *out, const char *text)
{
  while (*text) {
    size_t length = character((const unsigned char *)text);
    if (length == 0) {
      fputs("\xef\xbf\xbd", out);
      text++;
      continue;
    }
    switch (*text) {
    case '&':
      fputs("&amp;", out);
      break;
    case '<':
      fputs("&lt;", out);
      break;
    case '>':
      fputs("&gt;", out);
      break;
    case '"':
      fputs("&quot;", out);
      break;
    case '\'':
      fputs("&#39;", out);
      break;
    default:
      fwrite(text, 1, length, out);
    }
    text += length;
  }
}

static void print_text(FILE *out, const char *format, va_list args)
{
  char text[LATHE_HTML_PRINTED];
  vsnprintf(text, sizeof text, format, args);
  lathe_html_text(out, text);
}

void lathe_html_printf(FILE *out, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  print_text(out, format, args);
  va_end(args);
}

void lathe_html_section(FILE *out, const char *id, const char *title)
{
  fprintf(out, "<section id=\"%s\">\n<h2>", id);
  lathe_html_text(out, title);
  fputs("</h2>\n", out);
}

void lathe_html_section_end(FILE *out)
{
  fputs("</section>\n", out);
}

bool lathe_html_picture(FILE *out, const char *class, const char *alt, cairo_t *page,
                        struct lathe_error *err)
{
  if (!page)
    return false;
  fprintf(out, "<img class=\"%s\" alt=\"", class);
  lathe_html_text(out, alt);
  fprintf(out, "\" width=\"%d\" height=\"%d\" src=\"",
          cairo_image_surface_get_width(cairo_get_target(page)),
          cairo_image_surface_get_height(cairo_get_target(page)));
  bool good = lathe_canvas_embed(page, alt, out, err);
  fputs("\" />\n", out);
  return good;
}

void lathe_html_fact(FILE *out, const char *name, const char *format, ...)
{
  fputs("<tr><th>", out);
  lathe_html_text(out, name);
  fputs("</th><td class=\"long\">", out);
  va_list args;
  va_start(args, format);
  print_text(out, format, args);
  va_end(args);
  fputs("</td></tr>\n", out);
}
