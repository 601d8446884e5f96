/* A graph of ops as a picture, in the language of Graphviz. */
#ifndef GRAPH_DOT_H
#define GRAPH_DOT_H

#include "graph.h"

/* Writes the living nodes of a graph; without `backward` only those of its forward part. What a
 * layer computes stands in a frame of its own, its forward and its backward part apart. Every edge
 * has the shape of the value that goes along it, N being the batch. */
void graph_dot(FILE *out, const struct graph *graph, bool backward);

#endif
