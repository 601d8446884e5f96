/* Handwritten digits as the way of a pen: which strokes make a digit, and how hands differ. */
#ifndef DIGIT_STROKES_H
#define DIGIT_STROKES_H

#include "dice.h"
#include <stdbool.h>

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
