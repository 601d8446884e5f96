/* A stream of bytes from a plain file, a gzipped file or memory, so that the readers of array
 * formats need not know which. */
#ifndef LATHE_READER_H
#define LATHE_READER_H

#include "error.h"
#include <stddef.h>

struct lathe_reader;
struct zip_file;

/* Opens a file, gzipped or not (told by its first bytes). Pipes are read too. NULL, with a message,
 * when it cannot be opened or is a folder. */
struct lathe_reader *lathe_reader_open(const char *path, struct lathe_error *err);

/* Reads an opened zip member (libzip's zip_file_t), which the reader then owns; `name` is copied
 * for messages. NULL, with a message, when out of memory (the member is then closed). */
struct lathe_reader *lathe_reader_member(struct zip_file *member, const char *name,
                                         struct lathe_error *err);

/* Reads `size` bytes of malloc'ed memory, which the reader then owns; `name` is copied for
 * messages. NULL, with a message, when out of memory (`bytes` are then freed). */
struct lathe_reader *lathe_reader_memory(void *bytes, size_t size, const char *name,
                                         struct lathe_error *err);

void lathe_reader_close(struct lathe_reader *reader);

/* What messages call the bytes: "digits.npz, member data". */
const char *lathe_reader_name(const struct lathe_reader *reader);

/* Whether the file can be opened again by its name and seen as it is: not gzipped, not a pipe. */
bool lathe_reader_plain(const struct lathe_reader *reader);

/* The first bytes still to be read, without taking them: up to `size` <= 8 of them. Returns how
 * many there are; errors in reading are left to the next call. */
size_t lathe_reader_peek(struct lathe_reader *reader, void *bytes, size_t size);

/* Takes exactly `size` bytes; fewer is "truncated". `what` names them in the message ("header"). */
bool lathe_reader_take(struct lathe_reader *reader, void *bytes, size_t size, const char *what,
                       struct lathe_error *err);

/* Takes up to `size` bytes and returns how many; fewer only at the end or where reading fails,
 * which lathe_reader_end tells apart. */
size_t lathe_reader_some(struct lathe_reader *reader, void *bytes, size_t size);

/* What lathe_reader_take does, into new memory that grows with what has really been read, for a
 * size that a header claims; never more than twice the bytes that there are. NULL on failure. The
 * memory begins *before bytes before them, so that what a reader of memory holds need not be
 * copied: that is what the caller frees. */
void *lathe_reader_take_new(struct lathe_reader *reader, size_t size, const char *what,
                            size_t *before, struct lathe_error *err);

/* All that is left, in new memory (the caller frees it); *size is how much. Fails beyond `most`. */
void *lathe_reader_take_all(struct lathe_reader *reader, size_t most, size_t *size,
                            struct lathe_error *err);

/* Checks that nothing is left and that the checksum, where there is one, is right. */
bool lathe_reader_end(struct lathe_reader *reader, struct lathe_error *err);

#endif
