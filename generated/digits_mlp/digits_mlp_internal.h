/* Where everything of digits_mlp lies in its arena. Offsets count values of type float. */
#ifndef LATHE_EMITTED_DIGITS_MLP_INTERNAL_H
#define LATHE_EMITTED_DIGITS_MLP_INTERNAL_H

#include "digits_mlp.h"

/* Parameters and buffers, in the fixed part; shapes as they lie in memory. */
enum {
  ENCODER_1_WEIGHT = 0, /* [784, 512] */
  ENCODER_1_BIAS = 401408, /* [512] */
  ENCODER_3_WEIGHT = 401920, /* [512, 256] */
  ENCODER_3_BIAS = 532992, /* [256] */
  MEAN_WEIGHT = 533248, /* [2, 256] */
  MEAN_BIAS = 533760, /* [2] */
  LOGVAR_WEIGHT = 533776, /* [2, 256] */
  LOGVAR_BIAS = 534288, /* [2] */
  DECODER_0_WEIGHT = 534304, /* [2, 256] */
  DECODER_0_BIAS = 534816, /* [256] */
  DECODER_2_WEIGHT = 535072, /* [256, 512] */
  DECODER_2_BIAS = 666144, /* [512] */
  DECODER_4_WEIGHT = 666656, /* [512, 784] */
  DECODER_4_BIAS = 1068064, /* [784] */
};

/* Parameters take up the first DIGITS_MLP_TRAINED values;
 * gradients and the optimiser's state follow in the same order. */
enum {
  DIGITS_MLP_TRAINED = 1068848,
  DIGITS_MLP_GRADIENTS = 1068848,
  DIGITS_MLP_EXP_AVG = 2137696,
  DIGITS_MLP_EXP_AVG_SQ = 3206544,
};

/* Values of `encode`: in the batch part, times the capacity, unless `fixed` is said.
 * Values that do not live at the same time share their place. */
enum {
  ENCODE_ENCODER_2 = 0, /* [512] */
  ENCODE_ENCODER_4 = 512, /* [256] */
};

/* Values of `decode`: in the batch part, times the capacity, unless `fixed` is said.
 * Values that do not live at the same time share their place. */
enum {
  DECODE_DECODER_1 = 0, /* [256] */
  DECODE_DECODER_3 = 784, /* [512] */
  DECODE_DECODER_4 = 0, /* [784] */
};

/* Values of `evaluate`: in the batch part, times the capacity, unless `fixed` is said.
 * Values that do not live at the same time share their place. */
enum {
  EVALUATE_ENCODER_2 = 0, /* [512] */
  EVALUATE_ENCODER_4 = 512, /* [256] */
  EVALUATE_MEAN = 1296, /* [2] */
  EVALUATE_LOGVAR = 1312, /* [2] */
  EVALUATE_Z = 256, /* [2] */
  EVALUATE_DECODER_1 = 0, /* [256] */
  EVALUATE_DECODER_3 = 784, /* [512] */
  EVALUATE_DECODER_4 = 0, /* [784] */
  EVALUATE_RECONSTRUCTION = 784, /* [1] double */
  EVALUATE_KL = 0, /* [1] double */
};

/* Values of `train`: in the batch part, times the capacity, unless `fixed` is said.
 * Values that do not live at the same time share their place. */
enum {
  TRAIN_ENCODER_2 = 784, /* [512] */
  TRAIN_ENCODER_4 = 2320, /* [256] */
  TRAIN_MEAN = 2832, /* [2] */
  TRAIN_LOGVAR = 2848, /* [2] */
  TRAIN_Z = 2864, /* [2] */
  TRAIN_DECODER_1 = 2576, /* [256] */
  TRAIN_DECODER_3 = 1296, /* [512] */
  TRAIN_DECODER_4 = 0, /* [784] */
  TRAIN_RECONSTRUCTION = 2880, /* [1] double */
  TRAIN_KL = 2896, /* [1] double */
  TRAIN_D_MEAN_PART = 2832, /* [2] */
  TRAIN_D_LOGVAR_PART = 2912, /* [2] */
  TRAIN_D_DECODER_5 = 0, /* [1, 28, 28] */
  TRAIN_D_DECODER_4_BIAS = 2136912, /* fixed, [784] */
  TRAIN_D_DECODER_4_WEIGHT = 1735504, /* fixed, [401408] */
  TRAIN_D_DECODER_2 = 1808, /* [512] */
  TRAIN_D_DECODER_2_BIAS = 1734992, /* fixed, [512] */
  TRAIN_D_DECODER_2_WEIGHT = 1603920, /* fixed, [131072] */
  TRAIN_D_DECODER_0 = 0, /* [256] */
  TRAIN_D_DECODER_0_BIAS = 1603664, /* fixed, [256] */
  TRAIN_D_Z = 256, /* [2] */
  TRAIN_D_DECODER_0_WEIGHT = 1603152, /* fixed, [512] */
  TRAIN_D_MEAN = 2832, /* [2] */
  TRAIN_D_LOGVAR = 256, /* [2] */
  TRAIN_D_LOGVAR_BIAS = 1603136, /* fixed, [2] */
  TRAIN_D_ENCODER_5_VIEW_PART = 0, /* [256] */
  TRAIN_D_LOGVAR_WEIGHT = 1602624, /* fixed, [512] */
  TRAIN_D_MEAN_BIAS = 1602608, /* fixed, [2] */
  TRAIN_D_ENCODER_5_VIEW = 512, /* [256] */
  TRAIN_D_MEAN_WEIGHT = 1602096, /* fixed, [512] */
  TRAIN_D_ENCODER_3 = 512, /* [256] */
  TRAIN_D_ENCODER_3_BIAS = 1601840, /* fixed, [256] */
  TRAIN_D_ENCODER_3_WEIGHT = 1470768, /* fixed, [131072] */
  TRAIN_D_ENCODER_1 = 0, /* [512] */
  TRAIN_D_ENCODER_1_BIAS = 1470256, /* fixed, [512] */
  TRAIN_D_ENCODER_1_WEIGHT = 1068848, /* fixed, [401408] */
};

/* The arguments of one call, for its tasks. */
struct digits_mlp_call {
  int n;
  size_t capacity;
  float *fixed, *batch, *scratch;
  const float *images, *noise, *latents;
  float *mean, *logvar, *decoded;
  const struct digits_mlp_update *update; /* NULL: gradients are left in memory */
};

/* One step of the optimiser. */
struct digits_mlp_update {
  float *fixed; /* parameters, and what follows them */
  float rate; /* what the learning rate comes to in this step */
  float correction; /* 1 / sqrt(1 - beta2^step) */
};

/* Changes the parameters first .. first+count-1 by their gradients. */
void digits_mlp_update(const struct digits_mlp_update *update, int first_parameter, int count,
    const float *restrict gradient);

/* The two halves of a training step. Backward leaves the gradients of all parameters, or, with
 * an update, applies those of weight matrices as it makes them and leaves only the others. */
struct lathe_loss digits_mlp_forward(struct lathe_state *state, int n, const float *images,
    const float *noise);
void digits_mlp_backward(struct lathe_state *state, int n, const float *images,
    const float *noise, const struct digits_mlp_update *update);

#endif
