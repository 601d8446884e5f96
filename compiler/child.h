/* Programs that lathe runs, and being told to end meanwhile: a signal that ends a program is passed
 * on to the children, the work at hand unwinds as after any failure (so that temporary folders go),
 * and lathe then ends by that signal. */
#ifndef CHILD_H
#define CHILD_H

#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>

/* From here on SIGINT, SIGTERM, SIGHUP and SIGPIPE are noted (unless they were ignored before). */
void interrupts_catch(void);

/* Whether one has come: what is done is to be left, without complaint. */
bool interrupted(void);

/* Ends the program by the signal that has come, if one has. */
void interrupts_end(void);

/* Runs a program, found in PATH when it has no slash. Returns 0 or an errno, EINTR after an
 * interrupt, EAGAIN when CHILDREN_MOST run already. Every one that has been started must be waited
 * for. */
enum { CHILDREN_MOST = 64 };
int child_start(const char *const *argv, const posix_spawn_file_actions_t *actions);

/* The same of a program whose standard output is read from *out, which the caller closes (NULL:
 * lack of memory). */
int child_start_read(const char *const *argv, FILE **out);

/* Waits until one of them ends; its status as waitpid tells it. */
int child_wait(void);

#endif
