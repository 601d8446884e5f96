/* What the shape rules' messages share. */
#ifndef SHAPES_PARTS_H
#define SHAPES_PARTS_H

#include "shapes.h"

/* "line 17", or "parts.lathe:17" when that is another file: where what the layer receives is made.
 */
const char *origin_place(const struct layer_check *check);

/* "[6272] from `linear 6272` (line 17)": what the layer receives. */
const char *received(const struct layer_check *check);

/* The place of what the layer receives, below an error; false. */
bool note_origin(const struct layer_check *check);

#endif
