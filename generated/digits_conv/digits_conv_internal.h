/* Where everything of digits_conv lies in its arena. Offsets count values of type float. */
#ifndef LATHE_EMITTED_DIGITS_CONV_INTERNAL_H
#define LATHE_EMITTED_DIGITS_CONV_INTERNAL_H

#include "digits_conv.h"

/* Parameters and buffers, in the fixed part; shapes as they lie in memory. */
enum {
  ENCODER_0_WEIGHT = 0, /* [4, 4, 1, 64] */
  ENCODER_0_BIAS = 1024, /* [64] */
  ENCODER_2_WEIGHT = 1088, /* [4, 4, 64, 128] */
  ENCODER_2_BIAS = 132160, /* [128] */
  ENCODER_3_WEIGHT = 132288, /* [128] */
  ENCODER_3_BIAS = 132416, /* [128] */
  ENCODER_3_RUNNING_MEAN = 647376, /* [128] */
  ENCODER_3_RUNNING_VAR = 647504, /* [128] */
  MEAN_WEIGHT = 132544, /* [20, 49, 128] */
  MEAN_BIAS = 257984, /* [20] */
  LOGVAR_WEIGHT = 258016, /* [20, 49, 128] */
  LOGVAR_BIAS = 383456, /* [20] */
  DECODER_0_WEIGHT = 383488, /* [20, 49, 128] */
  DECODER_0_BIAS = 508928, /* [49, 128] */
  DECODER_2_WEIGHT = 515200, /* [4, 4, 64, 128] */
  DECODER_2_BIAS = 646272, /* [64] */
  DECODER_4_WEIGHT = 646336, /* [4, 4, 1, 64] */
  DECODER_4_BIAS = 647360, /* [1] */
};

/* Parameters take up the first DIGITS_CONV_TRAINED values;
 * gradients and the optimiser's state follow in the same order. */
enum {
  DIGITS_CONV_TRAINED = 647376,
  DIGITS_CONV_GRADIENTS = 2286032,
  DIGITS_CONV_EXP_AVG = 2933408,
  DIGITS_CONV_EXP_AVG_SQ = 3580784,
};

/* Values of `encode`: in the batch part, times the capacity, unless `fixed` is said.
 * Values that do not live at the same time share their place. */
enum {
  ENCODE_ENCODER_1 = 20736, /* [64, 14, 14] */
  ENCODE_ENCODER_2_WINOGRAD_FILTER = 647632, /* fixed, [25, 32768] */
  ENCODE_ENCODER_2_WINOGRAD_DATA = 0, /* [81, 256] */
  ENCODE_ENCODER_2_WINOGRAD_PRODUCT = 20736, /* [81, 128] */
  ENCODE_ENCODER_4 = 0, /* [128, 7, 7] */
};

/* Values of `decode`: in the batch part, times the capacity, unless `fixed` is said.
 * Values that do not live at the same time share their place. */
enum {
  DECODE_DECODER_0 = 0, /* [6272] */
  DECODE_DECODER_2_WINOGRAD_INVERSE_ADJOINT = 20736, /* [81, 128] */
  DECODE_DECODER_2_WINOGRAD_FILTER = 1466832, /* fixed, [25, 32768] */
  DECODE_DECODER_2_WINOGRAD_PRODUCT_ADJOINT = 0, /* [81, 256] */
  DECODE_DECODER_3 = 20736, /* [64, 14, 14] */
};

/* Values of `evaluate`: in the batch part, times the capacity, unless `fixed` is said.
 * Values that do not live at the same time share their place. */
enum {
  EVALUATE_ENCODER_1 = 20736, /* [64, 14, 14] */
  EVALUATE_ENCODER_2_WINOGRAD_DATA = 0, /* [81, 256] */
  EVALUATE_ENCODER_2_WINOGRAD_PRODUCT = 20736, /* [81, 128] */
  EVALUATE_ENCODER_4 = 0, /* [128, 7, 7] */
  EVALUATE_MEAN = 33280, /* [20] */
  EVALUATE_LOGVAR = 33312, /* [20] */
  EVALUATE_Z = 6272, /* [20] */
  EVALUATE_DECODER_0 = 0, /* [6272] */
  EVALUATE_DECODER_2_WINOGRAD_INVERSE_ADJOINT = 20736, /* [81, 128] */
  EVALUATE_DECODER_2_WINOGRAD_PRODUCT_ADJOINT = 0, /* [81, 256] */
  EVALUATE_DECODER_3 = 20736, /* [64, 14, 14] */
  EVALUATE_DECODER_4 = 0, /* [1, 28, 28] */
  EVALUATE_RECONSTRUCTION = 784, /* [1] double */
  EVALUATE_KL = 0, /* [1] double */
};

/* Values of `train`: in the batch part, times the capacity, unless `fixed` is said.
 * Values that do not live at the same time share their place. */
enum {
  TRAIN_ENCODER_1 = 0, /* [64, 14, 14] */
  TRAIN_ENCODER_2_WINOGRAD_DATA = 12544, /* [81, 256] */
  TRAIN_ENCODER_2_WINOGRAD_PRODUCT = 39584, /* [81, 128] */
  TRAIN_ENCODER_2 = 33312, /* [128, 7, 7] */
  TRAIN_ENCODER_3_MOMENTS = 4228160, /* fixed, [3, 128] */
  TRAIN_ENCODER_4 = 39616, /* [128, 7, 7] */
  TRAIN_MEAN = 45888, /* [20] */
  TRAIN_LOGVAR = 33280, /* [20] */
  TRAIN_Z = 45920, /* [20] */
  TRAIN_DECODER_0 = 56320, /* [6272] */
  TRAIN_DECODER_2_WINOGRAD_INVERSE_ADJOINT = 45952, /* [81, 128] */
  TRAIN_DECODER_2_WINOGRAD_PRODUCT_ADJOINT = 68896, /* [81, 256] */
  TRAIN_DECODER_3 = 56352, /* [64, 14, 14] */
  TRAIN_DECODER_4 = 68896, /* [1, 28, 28] */
  TRAIN_RECONSTRUCTION = 39584, /* [1] double */
  TRAIN_KL = 39600, /* [1] double */
  TRAIN_D_MEAN_PART = 45888, /* [20] */
  TRAIN_D_LOGVAR_PART = 56320, /* [20] */
  TRAIN_D_DECODER_4 = 68896, /* [1, 28, 28] */
  TRAIN_D_DECODER_4_BIAS = 2933392, /* fixed, [1] */
  TRAIN_D_DECODER_4_WEIGHT = 2932368, /* fixed, [1024] */
  TRAIN_D_DECODER_2 = 77088, /* [64, 14, 14] */
  TRAIN_D_DECODER_2_BIAS = 2932304, /* fixed, [64] */
  TRAIN_D_DECODER_2_WINOGRAD_PRODUCT_ADJOINT = 56352, /* [81, 256] */
  TRAIN_D_DECODER_2_WEIGHT = 2801232, /* fixed, [131072] */
  TRAIN_D_DECODER_2_WINOGRAD_INVERSE_ADJOINT = 77088, /* [81, 128] */
  TRAIN_D_DECODER_1 = 45984, /* [128, 7, 7] */
  TRAIN_D_DECODER_0_BIAS = 2794960, /* fixed, [6272] */
  TRAIN_D_Z = 45952, /* [20] */
  TRAIN_D_DECODER_0_WEIGHT = 2669520, /* fixed, [125440] */
  TRAIN_D_MEAN = 45888, /* [20] */
  TRAIN_D_LOGVAR = 45952, /* [20] */
  TRAIN_D_LOGVAR_BIAS = 2669488, /* fixed, [20] */
  TRAIN_D_ENCODER_5_VIEW_PART = 52192, /* [6272] */
  TRAIN_D_LOGVAR_WEIGHT = 2544048, /* fixed, [125440] */
  TRAIN_D_MEAN_BIAS = 2544016, /* fixed, [20] */
  TRAIN_D_ENCODER_5_VIEW = 45920, /* [6272] */
  TRAIN_D_MEAN_WEIGHT = 2418576, /* fixed, [125440] */
  TRAIN_D_ENCODER_3 = 45920, /* [128, 7, 7] */
  TRAIN_D_ENCODER_3_WEIGHT = 2418320, /* fixed, [128] */
  TRAIN_D_ENCODER_3_BIAS = 2418448, /* fixed, [128] */
  TRAIN_D_ENCODER_2 = 45920, /* [128, 7, 7] */
  TRAIN_D_ENCODER_2_BIAS = 2418192, /* fixed, [128] */
  TRAIN_D_ENCODER_2_WINOGRAD_PRODUCT = 52192, /* [81, 128] */
  TRAIN_D_ENCODER_2_WEIGHT = 2287120, /* fixed, [131072] */
  TRAIN_D_ENCODER_2_WINOGRAD_DATA = 62560, /* [81, 256] */
  TRAIN_D_ENCODER_0 = 12544, /* [64, 14, 14] */
  TRAIN_D_ENCODER_0_BIAS = 2287056, /* fixed, [64] */
  TRAIN_D_ENCODER_0_WEIGHT = 2286032, /* fixed, [1024] */
};

/* The arguments of one call, for its tasks. */
struct digits_conv_call {
  int n;
  size_t capacity;
  float *fixed, *batch, *scratch;
  const float *images, *noise, *latents;
  float *mean, *logvar, *decoded;
  const struct digits_conv_update *update; /* NULL: gradients are left in memory */
};

/* One step of the optimiser. */
struct digits_conv_update {
  float *fixed; /* parameters, and what follows them */
  float rate; /* what the learning rate comes to in this step */
  float correction; /* 1 / sqrt(1 - beta2^step) */
};

/* Changes the parameters first .. first+count-1 by their gradients. */
void digits_conv_update(const struct digits_conv_update *update, int first_parameter, int count,
    const float *restrict gradient);

/* The two halves of a training step. Backward leaves the gradients of all parameters, or, with
 * an update, applies those of weight matrices as it makes them and leaves only the others. */
struct lathe_loss digits_conv_forward(struct lathe_state *state, int n, const float *images,
    const float *noise);
void digits_conv_backward(struct lathe_state *state, int n, const float *images,
    const float *noise, const struct digits_conv_update *update);

#endif
