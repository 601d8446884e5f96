#include "plan_svg.h"
#include "cost.h"
#include "memory.h"
#include <string.h>

/* Pixels. */
enum {
  LEFT = 96,
  TOP = 76,
  RIGHT = 24,
  COLUMN = 34,
  HEIGHT = 520,
  LETTER = 6, /* width of a letter, about */
  LINE = 12,
  AXIS = 128, /* below the plan, for the names of the kernels */
  BAR = 26,
  NARROWEST = 720, /* so that the texts fit */
};

struct picture {
  FILE *out;
  const struct compilation *c;
  const struct schedule *s;
  int width, height;
};

/* Colours are classes, so that the same picture is read on paper and on a dark screen. */
static const char style[] =
    "<style>\n"
    "  svg { background: #ffffff; }\n"
    "  text { font: 10px sans-serif; fill: #222222; }\n"
    "  .title { font-size: 15px; font-weight: bold; }\n"
    "  .inside { text-anchor: middle; dominant-baseline: central; pointer-events: none; }\n"
    "  .left { text-anchor: end; dominant-baseline: central; }\n"
    "  .before { text-anchor: end; }\n"
    "  .axis { stroke: #888888; fill: none; }\n"
    "  .grid { stroke: #dddddd; fill: none; }\n"
    "  .forward { fill: #a6c8ea; stroke: #2166ac; }\n"
    "  .backward { fill: #fbcf99; stroke: #b35806; }\n"
    "  .part0 { fill: #cccccc; } .part1 { fill: #b8dfb8; } .part2 { fill: #a6c8ea; }\n"
    "  .part3 { fill: #e3b5c9; } .part4 { fill: #cdbfe6; }\n"
    "  @media (prefers-color-scheme: dark) {\n"
    "    svg { background: #161a20; }\n"
    "    text { fill: #e8e8e8; }\n"
    "    .grid { stroke: #343a44; }\n"
    "    .forward { fill: #1d4a78; stroke: #7fb2e5; }\n"
    "    .backward { fill: #75430b; stroke: #f0a755; }\n"
    "    .part0 { fill: #555555; } .part1 { fill: #28602f; } .part2 { fill: #1d4a78; }\n"
    "    .part3 { fill: #743250; } .part4 { fill: #4c3a78; }\n"
    "  }\n"
    "</style>\n";

/* A text without what has a meaning in XML. */
static void print_text(FILE *out, const char *text)
{
  for (; *text != '\0'; text++)
    if (*text == '<')
      fputs("&lt;", out);
    else if (*text == '&')
      fputs("&amp;", out);
    else if (*text == '"')
      fputs("&quot;", out);
    else
      fputc(*text, out);
}

/* A text at a point, turned by so many degrees. */
static void print_label(const struct picture *p, double x, double y, int turn, const char *class,
                        const char *text)
{
  fprintf(p->out, "<text class=\"%s\" transform=\"translate(%.1f %.1f) rotate(%d)\">", class, x, y,
          turn);
  print_text(p->out, text);
  fputs("</text>\n", p->out);
}

static double x_of(int kernel)
{
  return LEFT + (double)COLUMN * kernel;
}

static double y_of(const struct picture *p, int64_t offset)
{
  return TOP + (double)HEIGHT * (double)offset / (double)p->s->per_image;
}

/* The kernel at which a buffer's rectangle ends: behind its last use, or where another value is
 * written over it in place. */
static int end_of(const struct schedule *s, const struct slot *slot)
{
  int end = slot->last < s->count ? slot->last + 1 : s->count;
  for (int i = 0; i < s->graph->count; i++) {
    const struct slot *other = &s->slots[i];
    if (other->storage == STORED_BATCH && other->first > slot->first && other->first < end &&
        other->offset == slot->offset && other->size == slot->size)
      end = other->first;
  }
  return end;
}

/* A name inside of a rectangle, along its longer side, shortened to what fits. */
static void print_name(const struct picture *p, const char *name, double x, double y, double width,
                       double height)
{
  bool upright = height > width && (double)(strlen(name) * LETTER) > width - 4;
  double along = upright ? height : width, across = upright ? width : height;
  int letters = (int)(along - 4) / LETTER;
  if (across < LINE || letters < 2)
    return;
  bool fits = strlen(name) <= (size_t)letters;
  const char *label =
      fits ? name : mem_printf(p->c->mem, "%.*s\xE2\x80\xA6", letters - 1, name); /* an ellipsis */
  double cx = x + width / 2, cy = y + height / 2;
  print_label(p, cx, cy, upright ? -90 : 0, "inside", label);
}

static void print_buffer(const struct picture *p, const struct node *node, const struct slot *slot)
{
  struct mem *mem = p->c->mem;
  int64_t bytes = value_bytes(p->c);
  int end = end_of(p->s, slot);
  double x = x_of(slot->first), y = y_of(p, slot->offset);
  double width = x_of(end) - x, height = y_of(p, slot->offset + slot->size) - y;
  fprintf(p->out,
          "<g><rect class=\"%s\" x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\"/>\n<title>",
          node->id < p->s->graph->forward_count ? "forward" : "backward", x, y, width, height);
  print_text(p->out, mem_printf(mem, "%s %s: %s B an image from %s, kernels %d to %d", node->name,
                                shape_text(mem, &node->shape), grouped(mem, slot->size * bytes),
                                grouped(mem, slot->offset * bytes), slot->first, end - 1));
  fputs("</title>\n", p->out);
  print_name(p, node->name, x, y, width, height);
  fputs("</g>\n", p->out);
}

/* Bytes at the left, kernels below, the border between forward and backward. */
static void print_axes(const struct picture *p)
{
  struct mem *mem = p->c->mem;
  double bottom = TOP + HEIGHT;
  for (int i = 0; i <= 4; i++) {
    int64_t offset = p->s->per_image * i / 4;
    double y = y_of(p, offset);
    fprintf(p->out, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", LEFT,
            y, x_of(p->s->count), y);
    print_label(p, LEFT - 6, y, 0, "left",
                mem_printf(mem, "%s B", grouped(mem, offset * value_bytes(p->c))));
  }
  double border = x_of(p->s->forward_count);
  fprintf(p->out, "<line class=\"axis\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%.1f\"/>\n", border,
          TOP - 22, border, bottom + 6);
  print_label(p, border - 6, TOP - 12, 0, "before", "forward");
  print_label(p, border + 6, TOP - 12, 0, "plain", "backward");
  for (int i = 0; i < p->s->count; i++) {
    const struct lathe_kernel_cost cost = kernel_cost(p->c, i);
    double x = x_of(i) + COLUMN / 2.0;
    fprintf(p->out, "<g><title>");
    print_text(p->out, mem_printf(mem, "kernel %d: %s, %s: %s, %s", i, cost.layer,
                                  pass_name(cost.pass), cost.ops, cost.algorithm));
    fputs("</title>\n", p->out);
    print_label(p, x, bottom + 12, -60, "before", mem_printf(mem, "%d %s", i, cost.layer));
    fputs("</g>\n", p->out);
  }
}

/* The whole arena as one bar, its parts in proportion, and what they are. */
static void print_arena(const struct picture *p)
{
  struct mem *mem = p->c->mem;
  struct memory_part parts[MEMORY_PARTS];
  memory_parts(p->c, p->c->model->training.batch, 1, parts);
  int64_t total = memory_total(parts).training;
  double top = TOP + HEIGHT + AXIS, x = LEFT, room = p->width - LEFT - RIGHT;
  print_label(p, LEFT, top - 8, 0, "plain",
              mem_printf(mem, "The arena: %s B to train, %d images a step, one thread",
                         grouped(mem, total), p->c->model->training.batch));
  for (int i = 0; i < MEMORY_PARTS; i++) {
    double width = room * (double)parts[i].training / (double)total;
    const char *what = mem_printf(mem, "%s: %s B", parts[i].name, grouped(mem, parts[i].training));
    double y = top + BAR + 14 + 16 * i;
    fprintf(p->out,
            "<g><rect class=\"part%d\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%d\"/><title>",
            i, x, top, width, BAR);
    print_text(p->out, what);
    fprintf(p->out,
            "</title></g>\n<rect class=\"part%d\" x=\"%d\" y=\"%.1f\" width=\"10\" "
            "height=\"10\"/>\n",
            i, LEFT, y - 9);
    print_label(p, LEFT + 16, y, 0, "plain", what);
    x += width;
  }
}

void plan_svg(FILE *out, const struct compilation *c)
{
  const struct schedule *s = c->programs[PROGRAM_TRAIN];
  struct picture p = {.out = out, .c = c, .s = s};
  p.width = LEFT + COLUMN * s->count + RIGHT;
  p.width = p.width < NARROWEST ? NARROWEST : p.width;
  p.height = TOP + HEIGHT + AXIS + BAR + 16 * MEMORY_PARTS + 24;
  fprintf(out,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
          "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>",
          p.width, p.height, p.width, p.height);
  print_text(out, mem_printf(c->mem, "The memory of a training step of %s", c->model->name));
  fprintf(out, "</title>\n%s", style);
  print_label(&p, LEFT, 24, 0, "title",
              mem_printf(c->mem, "%s: activations and their gradients, %s B an image",
                         c->model->name, grouped(c->mem, s->per_image * value_bytes(c))));
  print_label(&p, LEFT, 42, 0, "plain",
              "kernels of a training step from left to right, bytes downwards");
  print_axes(&p);
  for (int i = 0; i < s->graph->count; i++)
    if (s->slots[i].storage == STORED_BATCH)
      print_buffer(&p, s->graph->nodes[i], &s->slots[i]);
  print_arena(&p);
  fputs("</svg>\n", out);
}
