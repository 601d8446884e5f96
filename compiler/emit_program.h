/* A program of the model (encode, decode, evaluate, training's two halves) as C: its kernels, and
 * the function that runs them in order. */
#ifndef EMIT_PROGRAM_H
#define EMIT_PROGRAM_H

#include "compile.h"
#include "emit.h"

/* Kernels emitted so far into one file; the same kernel of two programs is one function. */
struct kernel_list;
struct kernel_list *kernel_list_new(struct mem *mem);

/* Emits kernels begin .. end-1 of a program that are not in the list yet, then one task function
 * for each of them, named after `prefix` ("encode" gives encode_0, encode_1, ...). */
void emit_kernels(struct emitter *e, struct kernel_list *list, const struct schedule *schedule,
                  int begin, int end, const char *prefix);

/* The calls that run them, in the body of a function that has `call` and `state`. */
void emit_calls(struct emitter *e, const struct schedule *schedule, int begin, int end,
                const char *prefix);

/* Offsets of a program's values in the batch memory, as enum constants (and names them). */
void emit_offsets(struct emitter *e, struct schedule *schedule);

/* Offsets of parameters and buffers, gradients and moments. */
void emit_parameter_offsets(struct emitter *e, const struct compilation *c);

#endif
