/* What random descriptions are drawn from: chance, shapes, and layers as lines of text. */
#ifndef TESTS_RANDOM_DRAW_H
#define TESTS_RANDOM_DRAW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
  MOST_VALUES = 600, /* of one image or activation */
  LINES = 32,
  LINE = 192,
};

struct generator {
  uint64_t seed, draws;
  FILE *out;
};

/* A whole number from lo to hi. */
int between(struct generator *g, int lo, int hi);
bool one_in(struct generator *g, int count);

const char *choice(struct generator *g, int count, const char *const *words);
#define CHOICE(g, ...)                                                                             \
  choice(g, (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)),                    \
         (const char *const[]){__VA_ARGS__})

/* A random divisor of n, from 1 to n. */
int divisor(struct generator *g, int n);

/* A vector [features], a series [channels, length] or an image [channels, height, width]. */
struct shape {
  int rank;
  int dim[3];
};

struct shape vector(int features);
struct shape series(int channels, int length);
struct shape image(int channels, int height, int width);
int shape_values(struct shape s);

/* "[3, 8, 8]", until the next call. */
const char *shape_words(struct shape s);

/* Layers as lines, in the order in which they were drawn. */
struct layers {
  char text[LINES][LINE];
  int count;
};

void add(struct layers *layers, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Draws a layer that leaves the shape as it is. */
void add_same(struct generator *g, struct layers *layers, struct shape at);

/* Draws a layer of what has come to shape *at, and takes it on. Nothing is added where what was
 * drawn does not fit. */
void encode_layer(struct generator *g, struct layers *layers, struct shape *at);

/* The same backwards: decoders are drawn from their end. A layer that gives *at, which becomes what
 * the layer needs for it. */
void decode_layer(struct generator *g, struct layers *layers, struct shape *at);

#endif
