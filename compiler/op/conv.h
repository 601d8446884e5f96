/* What the files of the convolution ops share. */
#ifndef OP_CONV_H
#define OP_CONV_H

#include "../emit_kernel.h"

/* Of which kind a kernel's loops are: enum algorithm. */
int conv_choice(const struct kernel *kernel);

/* Binds the geometry: $C channels, $H $W image, $O filters, $OH $OW outputs, $kh $kw kernel, $G
 * groups of $GC channels and $GO filters; $pixels of the outputs, $window values of a filter,
 * $image values; $at (and $pixel, without parentheses) the pixel of the image at (iy, ix), $to that
 * of the outputs of all images at (oy, ox), $tap that of the kernel at (ky, kx). Of a series there
 * are no rows: loops down the image are empty
 * (${rows}, ${taps} and their ends), and so is what finds a row ($find_iy). */
void conv_bind(struct emitter *e, const struct convolution *c);

/* Loops without BLAS or vectors, as one would first write them. */
void conv_emit_plain(struct emitter *e);
void conv_input_emit_plain(struct emitter *e);
void conv_weight_emit_plain(struct emitter *e, const struct convolution *c);

/* By columns of windows (im2col) and a product, group by group. */
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
