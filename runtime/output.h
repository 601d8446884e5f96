/* Output files that appear whole or not at all: bytes go to a temporary file in the same folder,
 * which takes the final name only when all of them are on the disk. Every file that the runtime
 * writes goes through here. */
#ifndef LATHE_OUTPUT_H
#define LATHE_OUTPUT_H

#include "error.h"
#include <stdbool.h>
#include <stdio.h>

struct lathe_output;

/* Starts writing what will be `path`: a temporary file beside it, with the permissions of any new
 * file. A device or a pipe (/dev/stdout) is written to directly; a symbolic link is followed. NULL,
 * with a message, when it cannot be: no such folder, a folder of that name, no permission. */
struct lathe_output *lathe_output_open(const char *path, struct lathe_error *err);

/* The same for a file that is read while it grows, line by line: emptied, then written under its
 * own name. lathe_output_flush puts there what has been printed; commit what is left, and on the
 * disk. */
struct lathe_output *lathe_output_open_growing(const char *path, struct lathe_error *err);
bool lathe_output_flush(struct lathe_output *output, struct lathe_error *err);

/* Where to write, and in files to seek; owned by the output, not to be closed. Errors may be left
 * to commit. */
FILE *lathe_output_stream(struct lathe_output *output);

/* The temporary file's name, for libraries that open files by name. Nothing may then be written to
 * the stream. */
const char *lathe_output_path(const struct lathe_output *output);

/* Puts the bytes on the disk, then under the final name, replacing any file there; frees `output`.
 * On failure (a full disk) the temporary file is removed and an older file keeps its contents. */
bool lathe_output_commit(struct lathe_output *output, struct lathe_error *err);

/* Forgets what was written, removes the temporary file and frees `output`; NULL is allowed. */
void lathe_output_discard(struct lathe_output *output);

/* Puts the name `path`, just made, renamed or removed, on the disk: its folder is synchronised.
 * False, with errno, when that failed. */
bool lathe_sync_folder_of(const char *path);

#endif
