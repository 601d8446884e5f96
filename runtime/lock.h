/* One writer a run folder: a file in it that is locked as long as its process lives. The lock goes
 * with the process, however that ends; the file alone, left by one that was killed, holds nobody
 * up. */
#ifndef LATHE_LOCK_H
#define LATHE_LOCK_H

#include "error.h"
#include <stdbool.h>

/* All zero: none is held. */
struct lathe_lock {
  int file; /* 1 + descriptor */
  char *path;
};

/* Locks the folder, which must exist. Fails when another process has it (which is named), or the
 * file cannot be made. A process must not lock, or check, a folder that it has
 * locked: a record lock ends with the first of its descriptors that is closed. */
bool lathe_lock_take(struct lathe_lock *lock, const char *folder, struct lathe_error *err);

/* Fails as lathe_lock_take does when another process has the folder. Changes nothing; a folder that
 * is not there is free. */
bool lathe_lock_check(const char *folder, struct lathe_error *err);

/* Removes the file and lets go. */
void lathe_lock_release(struct lathe_lock *lock);

#endif
