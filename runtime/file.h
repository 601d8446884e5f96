/* Files that are read as they are, by their names: the run folder's own, and weights. What can be
 * compressed or piped goes through reader.h. */
#ifndef LATHE_FILE_H
#define LATHE_FILE_H

#include "error.h"
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>

/* Whether there is one. What cannot be looked at is taken to be there: whoever opens it is told
 * why.
 */
bool lathe_file_exists(const char *path);

/* Opens a file; its descriptor, and its `size`. -1, with a message, when it cannot be opened or is
 * no ordinary file; `missing` (may be NULL) says whether that is because there is none. */
int lathe_file_open(const char *path, int64_t *size, bool *missing, struct lathe_error *err);

/* Reads `size` bytes, fewer at the file's end; how many. -1, with errno, when that fails. */
int64_t lathe_file_take(int file, void *bytes, size_t size);

/* The next entry of an open folder, . and .. among them. NULL at its end, with errno 0, or when it
 * cannot be read, with errno. */
const struct dirent *lathe_next_entry(DIR *listing);

/* All of a file as a string, to be freed: its bytes, and a NUL behind the `size` (may be NULL) that
 * there are. NULL as above, and for a file of more than a GiB, which no run's file is. */
char *lathe_file_text(const char *path, size_t *size, bool *missing, struct lathe_error *err);

#endif
