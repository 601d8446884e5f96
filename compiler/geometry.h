/* The windows that convolutions and pooling move over images. A series [channels, length] is an
 * image of height 1. */
#ifndef GEOMETRY_H
#define GEOMETRY_H

#include "model.h"

/* Along one axis: tap t of window w reads pixel w * stride + t * dilation - pad. */
struct window_axis {
  int kernel, stride, pad, dilation;
};

/* The two halves of a convolution's geometry; `image` is the larger side, whichever way it runs. */
struct convolution {
  int channels, height, width;        /* of the image side: C, H, W */
  int filters, out_height, out_width; /* of the filtered side: O, OH, OW */
  struct window_axis y, x;
  int groups;    /* of the channels and of the filters: a filter reads the channels of its group */
  int algorithm; /* enum algorithm */
};

/* Windows on an image [channels, height, width], each of which is one pixel [channels] of a smaller
 * image. Pooling goes from the larger to the smaller, upsampling the other way. */
struct windows {
  int channels, height, width;
  int out_height, out_width;
  struct window_axis y, x;
};

/* Height and width of an image; a series has height 1. */
int shape_height(const struct shape *shape);
int shape_width(const struct shape *shape);

/* The window of a convolution, pooling or upsampling layer along the axis of dimension `dim` (1 ..)
 * of what it receives. */
struct window_axis layer_axis(const struct layer *layer, int dim);

/* Whether a layer is a transposed convolution; whether it is that or a convolution. */
bool layer_transposes(const struct layer *layer);
bool layer_convolves(const struct layer *layer);

/* The geometry of a convolution layer whose shapes are known; the algorithm is left out. */
struct convolution layer_convolution(const struct layer *layer);

/* Of a pooling or upsampling layer. */
struct windows layer_windows(const struct layer *layer);

/* Channels that a filter reads, filters that read the same channels, pixels of the filtered side,
 * and values that one filter reads. */
int64_t convolution_group_channels(const struct convolution *c);
int64_t convolution_group_filters(const struct convolution *c);
int64_t convolution_pixels(const struct convolution *c);
int64_t convolution_window(const struct convolution *c);

/* Whether each channel is filtered by itself, into one of the output. */
bool convolution_depthwise(const struct convolution *c);

#endif
