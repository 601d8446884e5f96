/* What the files of the convolution ops share. */
#ifndef OP_CONV_H
#define OP_CONV_H

#include "../emit_kernel.h"

/* Of which kind a kernel's loops are: enum algorithm. */
int conv_choice(const struct kernel *kernel);

/* Binds the geometry: $C channels, $H $W image, $O filters, $OH $OW outputs, $kh $kw kernel, $G
 * groups of $GC channels and $GO filters; $pixels of the outputs, $window values of a filter,
 * $image values; $at the pixel of the image at (iy, ix), and whether that is $outside, $to that
 * of the outputs of all images at (oy, ox), $tap that of the kernel at (ky, kx). Of a series there
 * are no rows: loops down the image are empty
 * (${rows}, ${taps} and their ends), and so is what finds a row ($find_iy). */
void conv_bind(struct emitter *e, const struct convolution *c);

/* Loops without BLAS or vectors, as one would first write them. */
void conv_emit_plain(struct emitter *e);
void conv_input_emit_plain(struct emitter *e);
void conv_weight_emit_plain(struct emitter *e, const struct convolution *c);

/* Windows as runs of memory (conv_windows.c). Values of an image with its margins, 0 where it has
 * none: */
int64_t conv_margins(const struct convolution *c);
/* Binds what is copied: of each tap `part` channels, from `first` (" + g * 4") on, or whole rows of
 * the window where that is all of them. After conv_bind. */
void conv_bind_windows(struct emitter *e, const struct convolution *c, int64_t part,
                       const char *first);
/* Declares the image with its margins, of which `scratch` has room from `at` on. */
void conv_emit_margins(struct emitter *e, const struct convolution *c, int64_t at, bool cleared);
/* The windows of images `from` .. `to` - 1 of $x into columns, from `scratch` on (im2col); */
void conv_emit_columns(struct emitter *e, const struct convolution *c, const char *from,
                       const char *to);
/* and columns added up in the images begin .. end - 1 of $dx (col2im). */
void conv_emit_add_columns(struct emitter *e, const struct convolution *c);

/* By columns of windows and a product, group by group: how many images a task takes at a time, and
 * whether rows of all filters of a group, of the weights or of dy, are whole panels, which need not
 * be packed. */
int conv_images_a_task(const struct graph *g, int64_t column_elements);
bool conv_panels_in_place(const struct convolution *c);
void conv_columns_plan(struct kernel *kernel, int64_t inner, int64_t outputs);
void conv_columns_weight_plan(struct kernel *kernel);
void conv_columns_emit(struct emitter *e, const struct kernel *kernel);
void conv_columns_input_emit(struct emitter *e, const struct kernel *kernel);
void conv_columns_weight_emit(struct emitter *e, const struct kernel *kernel);

/* Depthwise, in vectors of channels. */
void conv_direct_plan(struct kernel *kernel);
void conv_direct_weight_plan(struct kernel *kernel);
void conv_direct_emit(struct emitter *e, const struct kernel *kernel);
void conv_direct_input_emit(struct emitter *e, const struct kernel *kernel);
void conv_direct_weight_emit(struct emitter *e, const struct kernel *kernel);

/* Of the kernel's rows and the channels: the tasks of the derivative by the weights, each of them a
 * row of the kernel and one of these parts of the channels (with groups, a group). */
int conv_channel_parts(const struct convolution *c);

#endif
