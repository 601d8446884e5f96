/* The graph of ops: what a model computes, one node a value, before anything is said about memory
 * or loops. Lowering builds it, differentiation extends it, the schedule groups it into kernels. */
#ifndef GRAPH_H
#define GRAPH_H

#include "geometry.h"
#include "mem.h"
#include "model.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { OP_MAX_OPERANDS = 6, PARAMETER_MAX_AXES = LATHE_MAX_AXES, NODE_CONSTANTS = 2 };

enum op {
#define OP(id, ...) OP_##id,
#include "ops.def"
#undef OP
  OP_COUNT
};

/* How an op takes part in a kernel. */
enum op_class {
  CLASS_LEAF,        /* a value from outside: input, parameter, noise */
  CLASS_VIEW,        /* its operand's memory under another shape */
  CLASS_ELEMENTWISE, /* a scalar expression; joins its producer's kernel when it can */
  CLASS_KERNEL,      /* has loops of its own, and begins a kernel */
};

/* A tensor that lives in the arena from run to run, under its PyTorch name. */
struct parameter {
  struct lathe_tensor tensor; /* what the runtime is told; its offset is set by the plan */
  int64_t count;
  const struct layer *layer;
};

struct node {
  int id;
  enum op op;
  struct node *in[OP_MAX_OPERANDS];
  int in_count;
  const char *name;          /* "encoder.1": readable, unique enough to name variables after */
  const struct layer *layer; /* the layer it computes or differentiates; NULL outside of layers */
  bool per_image;            /* one for each image of the batch, or one in all */
  const struct node *adjoint_of; /* the value whose derivative it was first made for */
  bool opaque;                   /* in an order of its own, which only the ops that use it know */
  bool wide;                     /* double whatever the model's precision (losses) */
  struct shape shape;
  /* Memory order within one image. 0: row-major, as the shape says. c > 0: channels last, that is
   * logical index ch * positions + p is stored at p * c + ch. */
  int64_t interleave;
  struct parameter *parameter;     /* OP_PARAMETER, OP_BUFFER */
  struct convolution conv;         /* convolutions */
  struct windows windows;          /* pooling and upsampling */
  double constant[NODE_CONSTANTS]; /* eps, momentum, variance, weight: see each op's file */
  int uses;                        /* operands that refer to it, and outputs */
  bool alive;                      /* needed for an output */
};

/* A program's value that leaves it: written to the caller's array, or kept in the arena. */
struct output {
  struct node *node;
  const char *argument; /* the C argument that receives it; NULL: stays in the arena */
  bool optional;        /* a caller may give NULL for it, and it is not computed */
  struct parameter *gradient_of;
};

struct graph {
  struct mem *mem;
  const char *name; /* "encode", "decode", "evaluate", "train" */
  const struct model *model;
  int images;          /* that a call is expected to bring: algorithms are chosen for so many */
  bool tables;         /* what depends on the weights alone is kept from call to call, in tables */
  struct node **nodes; /* in an order in which operands come first */
  int count, capacity;
  int forward_count; /* nodes before differentiation */
  struct output *outputs;
  int output_count, output_capacity;
  struct node **adjoint; /* by node id, while differentiating; */
  int *parts;            /* of how many parts each is the sum */
};

/* Every parameter and buffer of a model, in state_dict order, shared by its programs. */
struct parameters {
  struct mem *mem;
  struct parameter **items;
  int count, capacity;
};

struct graph *graph_new(struct mem *mem, const struct model *model, const char *name);

/* A node with the operands given; shape, order and layer are the first operand's, to be amended by
 * the op's constructor. */
struct node *graph_add(struct graph *graph, enum op op, int in_count, struct node *const *in);
void graph_output(struct graph *graph, struct node *node, const char *argument);

/* One that callers may leave out. */
void graph_optional_output(struct graph *graph, struct node *node, const char *argument);

/* Adds `value` to the adjoint of `of`, unless nothing trainable depends on it. */
void graph_accumulate(struct graph *graph, struct node *of, struct node *value);

/* Appends the backward graph of the losses (graph outputs that are `wide`), and one output for
 * each parameter's gradient. */
void graph_differentiate(struct graph *graph);

/* Marks what the outputs need and counts uses. */
void graph_mark(struct graph *graph);

/* Says on `err` what is inconsistent, and returns false; true for a sound graph. */
bool graph_verify(const struct graph *graph, FILE *err);
void graph_dump(const struct graph *graph, FILE *out);

/* "[64, 14, 14] an image interleave 64". */
void node_dump_shape(const struct node *node, FILE *out);

int64_t node_size(const struct node *node);               /* elements an image (or in all) */
int64_t node_channels(const struct node *node);           /* the shape's first dimension */
const struct node *node_storage(const struct node *node); /* through views */

#endif
