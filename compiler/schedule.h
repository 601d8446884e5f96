/* The schedule: a graph's living nodes grouped into kernels, in the order in which they run, and
 * the place of each kernel's result in memory. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "graph.h"

enum { KERNEL_MAX_CHAIN = 8 };

/* How a kernel's work is cut into tasks. The cut never depends on the number of threads. */
enum domain {
  DOMAIN_IMAGES, /* `chunk` images a task: as many tasks as the batch needs */
  DOMAIN_FIXED,  /* `tasks` tasks, cut along something other than the batch */
};

enum storage {
  STORED_NOWHERE,  /* in registers, inside of a kernel; or dead */
  STORED_BATCH,    /* state->batch + offset x capacity */
  STORED_FIXED,    /* state->fixed + offset */
  STORED_ARGUMENT, /* the caller's array `argument` */
  STORED_SCALAR,   /* passed by value */
};

/* Where a node's value is. */
struct slot {
  enum storage storage;
  int64_t offset; /* in elements */
  int64_t size;   /* in elements: an image (STORED_BATCH) or in all */
  const char *argument;
  const char *constant; /* the offset's name in emitted code */
  const char *label;    /* and the value's name, likewise unique */
  int first, last;      /* kernels that write it first and use it last */
};

struct kernel {
  const struct graph *graph;
  struct node
      *chain[KERNEL_MAX_CHAIN]; /* the op that begins it, then elementwise ops on its result */
  int length;
  enum domain domain;
  int chunk;        /* DOMAIN_IMAGES: images of a task */
  int extent;       /* DOMAIN_FIXED: what is cut (outputs, channels), */
  int block, tasks; /* into so many tasks of `block` each, the last one shorter */
  int64_t scratch;  /* elements of scratch memory a thread needs */
  bool in_place;    /* the result overwrites the first operand */
  /* The parameter that the optimiser may change from within the kernel, which makes its gradient;
   * nothing after it reads the parameter. NULL: gradients go through memory. */
  const struct parameter *updates;
  const char *only_for;   /* the argument of the optional output that alone needs it, or NULL */
  const char *algorithm;  /* what `lathe summary` says of it */
  enum algorithm made_by; /* a part of a product or a convolution; ALGORITHM_ANY: of none */
};

struct schedule {
  struct graph *graph;
  struct kernel *kernels;
  int count, capacity;
  int forward_count;  /* kernels of the forward part */
  struct slot *slots; /* by node id (of the storage node) */
  int64_t per_image;  /* elements of batch memory an image */
  int64_t fixed;      /* elements of fixed temporaries, after the base given to plan_memory */
  int64_t scratch;    /* elements a thread */
};

/* Fuses and orders the graph's living nodes (graph_mark first). */
struct schedule *schedule_build(struct graph *graph);

/* Node whose memory the kernel writes; NULL for kernels that only update parameters. */
struct node *kernel_result(const struct kernel *kernel);
struct slot *schedule_slot(const struct schedule *schedule, struct node *node);

/* Gives every value a place: batch values by live range in one stretch of memory, values of the
 * whole batch one after the other from `fixed_base`, gradients at `gradients` + their parameter's
 * offset. */
void plan_memory(struct schedule *schedule, int64_t fixed_base, int64_t gradients);

/* Elements of what one schedule keeps in the fixed part besides parameters and gradients. */
int64_t plan_fixed(const struct schedule *schedule);

/* Says on `err` which two living values overlap, and returns false; true for a sound plan. */
bool plan_verify(const struct schedule *schedule, FILE *err);

void schedule_dump(const struct schedule *schedule, FILE *out);

/* For the ops' plan functions: cuts `extent` into at most `most` blocks, multiples of `multiple`.
 */
void kernel_cut(struct kernel *kernel, int64_t extent, int multiple, int most);
void kernel_by_images(struct kernel *kernel, int chunk);
bool kernel_plain(const struct kernel *kernel);

/* Says that a product or a convolution is computed so, under that title. */
void kernel_computed_by(struct kernel *kernel, enum algorithm algorithm, const char *title);

/* Whether the kernel makes a table that is kept from call to call. */
bool kernel_prepares(const struct kernel *kernel);

double kernel_flops(const struct kernel *kernel); /* an image */

#endif
