/* Large numbers as people read them. */
#ifndef LATHE_COMMAS_H
#define LATHE_COMMAS_H

enum { LATHE_COMMAS = 32 };

/* 19532 as "19,532", to `text` (of LATHE_COMMAS characters), which it returns. Rounded; what is
 * negative, or 1e15 and above, is 0. */
const char *lathe_commas(char *text, double value);

#endif
