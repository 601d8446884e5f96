/* Writing files. Each appears under its name only when it is complete. On failure every function
 * says why on standard error and returns false. */
#ifndef WRITE_H
#define WRITE_H

#include "emit_model.h"
#include <stdbool.h>
#include <sys/types.h>

/* Writes all files into `folder`, which is made if need be. */
bool write_emitted(const struct emitted *emitted, const char *folder);

/* Writes `text` to a file, which is left alone when it says the same; to standard output when
 * `path` is NULL. */
bool write_result(const char *path, const char *text);

/* Writes `text` to a file, in the place of what may be there, and onto the disk. */
bool write_kept(const char *path, const char *text);

/* Writes `text` to a file that is not there yet. */
bool write_new(const char *path, const char *text);

/* Puts `text` in the place of a file that is there. Follows links, keeps the file's permissions. */
bool write_over(const char *path, const char *text);

/* Says "cannot WHAT 'PATH': " and what errno means; returns false. */
bool write_failed(const char *what, const char *path);

/* The permissions that a new file gets, for one that mkstemp made, which is private: `most` less
 * what the user's mask takes. */
mode_t write_mode(mode_t most);

#endif
