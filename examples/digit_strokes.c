#include "digit_strokes.h"
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { KNOTS = 20, SMOOTH = 6 }; /* knots of a way at most; points from one knot to the next */

/* A knot is a place that the pen passes: smoothly, or turning sharply, or landing there. */
enum turn { END, PASS, CORNER, LAND };
struct knot {
  enum turn turn;
  double x, y;
};

/* One way of writing a digit; of the ways of a digit each is taken as often as `share` says. The
 * knots are hundredths of a square, y pointing down: a `!` marks a corner, after a `;` the pen
 * lands anew. */
struct way {
  int digit, share;
  const char *knots;
};

static const struct way WAYS[] = {
    /* 0: closed; with the end crossing the beginning */
    {0, 3, "52,3 26,14 12,50 25,87 50,97 76,84 88,48 76,14 50,3"},
    {0, 2, "62,8 38,4 18,28 14,64 36,95 64,92 86,60 82,24 60,6 44,12"},
    /* 1: a line; with a flag; with flag and base */
    {1, 7, "50,0 50,35 50,70 50,100"},
    {1, 2, "30,22 42,14 54,1! 52,50 50,100"},
    {1, 1, "30,20 52,1! 51,50 50,98; 24,99 50,98 78,98"},
    /* 2: with a sharp foot; with a loop */
    {2, 3, "14,24 28,6 58,2 80,20 72,46 42,75 10,96! 50,94 92,95"},
    {2, 3, "16,22 34,4 64,5 78,26 66,52 42,80 20,97 7,87 20,76 46,88 74,98 95,88"},
    /* 3: two bows; with a flat top */
    {3, 4, "18,14 44,2 75,14 68,36 42,47! 72,55 82,77 55,97 14,86"},
    {3, 1, "18,5 48,4 80,5! 60,24 42,41! 72,50 83,75 55,97 14,87"},
    /* 4: open and square; open and round; closed; the whole in one go */
    {4, 4, "24,4 19,30 13,56! 48,55 88,52; 74,3 70,50 66,100"},
    {4, 3, "20,5 13,34 26,53 52,50 74,38; 78,2 72,46 64,100"},
    {4, 2, "66,2 40,30 9,64! 50,63 92,62; 66,2 65,50 64,100"},
    {4, 1, "22,6 17,30 22,50 46,50 68,30 78,6! 70,50 62,100"},
    /* 5: the bar last; in one go */
    {5, 3, "30,6 27,24 22,44! 50,37 80,56 75,84 45,97 10,87; 30,6 56,5 86,2"},
    {5, 2, "84,4 56,4 32,7! 27,25 20,46! 52,40 80,62 66,90 36,98 10,88"},
    /* 6: leaning; upright */
    {6, 3, "70,3 38,24 16,62 26,92 55,97 78,78 64,56 40,58 20,78"},
    {6, 2, "45,1 26,30 16,68 34,96 66,93 78,70 55,54 30,64 20,78"},
    /* 7: plain; with a bar; with a serif */
    {7, 4, "12,7 48,7 86,5! 64,45 42,100"},
    {7, 1, "12,7 48,7 86,5! 62,48 42,100; 32,53 54,51 80,50"},
    {7, 1, "13,22 14,7! 50,6 86,5! 58,46 44,100"},
    /* 8: a crossing S that closes; one that stays open; two loops */
    {8, 4, "74,14 50,2 25,16 40,41 70,64 70,90 43,99 17,86 27,63 58,42 77,22 72,12"},
    {8, 2, "84,8 52,3 24,18 38,40 68,62 66,90 40,98 16,86 30,62 60,40 86,10"},
    {8, 1, "50,46 25,28 34,5 62,4 74,25 50,46 20,68 28,95 66,96 80,70 50,46"},
    /* 9: a straight tail; a hooked one */
    {9, 3, "76,16 50,3 22,20 26,44 52,46 76,18 73,55 66,100"},
    {9, 1, "78,20 52,2 24,18 28,44 56,44 78,20 78,60 58,93 22,92"},
};

static const struct way *choose_way(int digit, struct dice *dice)
{
  const size_t count = sizeof WAYS / sizeof *WAYS;
  double sum = 0;
  const struct way *chosen = NULL;
  for (size_t i = 0; i < count; i++)
    sum += WAYS[i].digit == digit ? WAYS[i].share : 0;
  double left = dice_uniform(dice, 0, sum);
  for (size_t i = 0; i < count; i++)
    if (WAYS[i].digit == digit && left > 0) {
      chosen = &WAYS[i];
      left -= WAYS[i].share;
    }
  return chosen;
}

/* The knots of a way, an END after the last. */
static void read_knots(const char *text, struct knot knots[KNOTS + 1])
{
  enum turn turn = LAND;
  int count = 0;
  while (*text && count < KNOTS) {
    char *end;
    struct knot *knot = &knots[count++];
    knot->x = (double)strtol(text, &end, 10) / 100 - 0.5;
    knot->y = (double)strtol(end + 1, &end, 10) / 100 - 0.5;
    knot->turn = *end == '!' ? CORNER : turn;
    text = end + strspn(end, "!; ");
    turn = *end == ';' ? LAND : PASS;
  }
  knots[count].turn = END;
}

/* How one hand bends the square, the same for all knots of an image. */
struct hand {
  double slant, rotation, aspect; /* shear, radians, width over height */
  double top;                     /* above 1 the upper half grows, below it shrinks */
  double taper;                   /* how much wider the bottom is than the top */
  double bow, bow_phase;          /* a slow wave across */
  double wobble;                  /* deviation of each knot from its place */
};

static struct hand draw_hand(int digit, struct dice *dice)
{
  bool line = digit == 1; /* nothing holds a bare line upright, nor is it bent as freely */
  struct hand hand;
  /* One statement each: in an initialiser list the order of the throws would be the compiler's. */
  hand.slant = line ? 0.27 + dice_normal(dice, 0.29) : 0.18 + dice_normal(dice, 0.26);
  hand.rotation = dice_normal(dice, 0.12);
  hand.aspect = (line ? 0.8 : 0.9) * exp(dice_normal(dice, 0.24));
  hand.top = exp(dice_normal(dice, 0.22));
  hand.taper = dice_normal(dice, 0.35);
  hand.bow = dice_normal(dice, line ? 0.025 : 0.05);
  hand.bow_phase = dice_uniform(dice, 0, 6.28);
  hand.wobble = dice_uniform(dice, 0.01, line ? 0.03 : 0.085);
  return hand;
}

/* Moves the knots as the hand does. A hand errs smoothly: what it is off by at one knot is half
 * there at the next; ends of strokes err more. */
static void bend(const struct hand *hand, struct dice *dice, struct knot *knots)
{
  const double kept = 0.5, fresh = sqrt(1 - kept * kept);
  double off[2] = {0, 0};
  for (int i = 0; knots[i].turn != END; i++) {
    bool end = knots[i].turn == LAND || knots[i + 1].turn == LAND || knots[i + 1].turn == END;
    for (int j = 0; j < 2; j++)
      off[j] = kept * off[j] + fresh * dice_normal(dice, hand->wobble * (end ? 1.5 : 1));
    double y = pow(fmin(fmax(knots[i].y + 0.5, 0), 1), hand->top) - 0.5;
    double x = knots[i].x * (1 + hand->taper * y) + hand->bow * sin(5 * y + hand->bow_phase);
    x = (x + off[0]) * hand->aspect;
    y += off[1];
    x -= hand->slant * y;
    knots[i].x = cos(hand->rotation) * x - sin(hand->rotation) * y;
    knots[i].y = sin(hand->rotation) * x + cos(hand->rotation) * y;
  }
}

/* The tangent at knot i of a Catmull-Rom spline; at ends and corners towards the neighbour that
 * `after` says. */
static void tangent(const struct knot *knots, int i, bool after, double out[2])
{
  bool first = knots[i].turn == LAND, last = knots[i + 1].turn == LAND || knots[i + 1].turn == END;
  bool sharp = knots[i].turn == CORNER;
  int from = first || (sharp && after) ? i : i - 1;
  int to = last || (sharp && !after) ? i : i + 1;
  double gap = to - from == 2 ? 0.5 : 1;
  out[0] = gap * (knots[to].x - knots[from].x);
  out[1] = gap * (knots[to].y - knots[from].y);
}

/* The spline through the knots as points without width yet. */
static int follow(const struct knot *knots, struct pen_point *points)
{
  int count = 0;
  for (int i = 0; knots[i].turn != END; i++) {
    if (knots[i].turn == LAND) {
      points[count++] = (struct pen_point){knots[i].x, knots[i].y, 0, true};
      continue;
    }
    double start[2], stop[2];
    tangent(knots, i - 1, true, start);
    tangent(knots, i, false, stop);
    for (int j = 1; j <= SMOOTH; j++) {
      double t = (double)j / SMOOTH, u = 1 - t;
      double a = (1 + 2 * t) * u * u, b = t * u * u, c = t * t * (3 - 2 * t), d = -t * t * u;
      points[count++] = (struct pen_point){
          a * knots[i - 1].x + b * start[0] + c * knots[i].x + d * stop[0],
          a * knots[i - 1].y + b * start[1] + c * knots[i].y + d * stop[1], 0, false};
    }
  }
  return count;
}

/* Gives the way its width, which the pressure changes slowly; the mean is returned. */
static double press(struct pen_point *points, int count, struct dice *dice)
{
  double width = fmin(fmax(2.4 * exp(dice_normal(dice, 0.28)), 1.2), 4.4);
  double pressure = dice_uniform(dice, 0, 0.22), phase = dice_uniform(dice, 0, 6.28);
  double rate = dice_uniform(dice, 0.05, 0.2);
  for (int i = 0; i < count; i++)
    points[i].width = width * (1 + pressure * sin(rate * i + phase));
  return width;
}

/* Moves and scales the way to its size in pixels, its centre of mass to (0, 0). */
static void place(struct pen_point *points, int count, double side)
{
  double low[2] = {HUGE_VAL, HUGE_VAL}, high[2] = {-HUGE_VAL, -HUGE_VAL};
  for (int i = 0; i < count; i++) {
    low[0] = fmin(low[0], points[i].x);
    low[1] = fmin(low[1], points[i].y);
    high[0] = fmax(high[0], points[i].x);
    high[1] = fmax(high[1], points[i].y);
  }
  double scale = side / fmax(high[0] - low[0], high[1] - low[1]);
  double mass = 0, x = 0, y = 0;
  for (int i = 0; i < count; i++) {
    points[i].x *= scale;
    points[i].y *= scale;
    if (points[i].lands)
      continue;
    const struct pen_point *a = &points[i - 1], *b = &points[i];
    double ink = hypot(b->x - a->x, b->y - a->y) * (a->width + b->width) / 2;
    mass += ink;
    x += ink * (a->x + b->x) / 2;
    y += ink * (a->y + b->y) / 2;
  }
  for (int i = 0; i < count; i++) {
    points[i].x -= x / mass;
    points[i].y -= y / mass;
  }
}

int write_digit(int digit, double side, struct dice *dice, struct pen_point points[PEN_POINTS])
{
  const struct way *way = choose_way(digit, dice);
  struct hand hand = draw_hand(digit, dice);
  struct knot knots[KNOTS + 1];
  read_knots(way->knots, knots);
  bend(&hand, dice, knots);
  int count = follow(knots, points);
  double width = press(points, count, dice);
  place(points, count, side - width);
  return count;
}
