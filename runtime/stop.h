/* Being asked to stop: SIGINT (the interrupt key) and SIGTERM (kill, a machine shutting down). The
 * first is only noted, for the work to come to a good end; the next ends the program at once. */
#ifndef LATHE_STOP_H
#define LATHE_STOP_H

/* From now on the two are noted, unless they were ignored before (nohup). */
void lathe_stop_watch(void);

/* The signal that was noted, or 0. */
int lathe_stop_signal(void);

#endif
