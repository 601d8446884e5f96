/* Handwritten digits as the way of a pen: which strokes make a digit, and how hands differ. */
#ifndef DIGIT_STROKES_H
#define DIGIT_STROKES_H

#include <stdbool.h>
#include <stdint.h>

/* Random numbers that depend on (seed, set, index) and on how many were drawn, and on nothing else:
 * so image `index` of a set is the same whatever was drawn before it. */
struct dice {
  uint64_t seed;
  uint32_t set;
  uint64_t index;
  uint32_t drawn;
};

double dice_uniform(struct dice *dice, double low, double high);
double dice_normal(struct dice *dice, double deviation);

/* A place on the pen's way, in pixels with y pointing down; `width` is the line's there. */
struct pen_point {
  double x, y, width;
  bool lands; /* begins a stroke: the pen was lifted before */
};

enum { PEN_POINTS = 512 };

/* The pen's way for one digit 0 .. 9: one of its ways of writing, bent, slanted and wobbled by
 * chance, its longer side (line width included) about `side` pixels, its centre of mass near (0,
 * 0). Returns the number of points, at most PEN_POINTS. */
int write_digit(int digit, double side, struct dice *dice, struct pen_point points[PEN_POINTS]);

#endif
