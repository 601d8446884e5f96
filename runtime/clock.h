/* Time as it passes. */
#ifndef LATHE_CLOCK_H
#define LATHE_CLOCK_H

/* Seconds since some moment, never going back. */
double lathe_now(void);

/* Writes "1:23" or "2:03:04" to `text` (of LATHE_DURATION characters) and returns it. */
enum { LATHE_DURATION = 24 };
const char *lathe_duration(char *text, double seconds);

#endif
