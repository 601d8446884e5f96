/* Two models compared: settings, layers, and what they cost. */
#ifndef DIFF_H
#define DIFF_H

#include "compile.h"

/* For people; as a JSON object on one line (false when it cannot be written): {"a", "b" names,
 * "settings": [{"section", "name", "a", "b"}], "layers": [{"section", "change": "added" | "removed"
 * | "changed", "a", "b": {"name", "layer", "input", "output", "parameters", "flops_forward"} or
 * null}], "totals": {NAME: [a, b]}}. What is the same in both is left out, totals excepted. */
void diff_print(FILE *out, const struct compilation *a, const struct compilation *b);
bool diff_json(FILE *out, const struct compilation *a, const struct compilation *b);

#endif
