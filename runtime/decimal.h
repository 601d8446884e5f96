/* Numbers as people and programs write them in text: 5, -0.25, 6.02e23. */
#ifndef LATHE_DECIMAL_H
#define LATHE_DECIMAL_H

#include <stdbool.h>

/* Reads all of `text` as one decimal number, rounded to the nearest double (beyond the largest one:
 * infinity). False for anything else: nothing, blanks, hexadecimal digits, the words nan and inf.
 * Takes no notice of the locale. */
bool lathe_decimal_read(const char *text, double *value);

#endif
