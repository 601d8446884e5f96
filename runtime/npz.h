/* NumPy's .npz format: a zip archive of .npy members, stored or deflated, through libzip. */
#ifndef LATHE_NPZ_H
#define LATHE_NPZ_H

#include "array.h"
#include "reader.h"

/* Whether `size` first bytes of a file are those of a zip archive. */
bool lathe_npz_detect(const unsigned char *bytes, size_t size);

/* Reads member `member` ("data" is stored as "data.npy") of the archive at `path`, of which
 * `reader` is at the first byte. *found says whether the member is there; when it is not, `out` is
 * empty, and err (with true returned) holds the message of a caller that cannot do without. */
bool lathe_npz_read(const char *path, struct lathe_reader *reader, const char *member,
                    struct lathe_array *out, bool *found, struct lathe_error *err);

/* A new archive. Equal arrays give equal bytes: members carry no date. */
struct lathe_npz;

/* Starts the archive that will be `path`; it is created by lathe_npz_commit, whole or not at all.
 * That it cannot be written there is known, and said, here already. NULL on failure. */
struct lathe_npz *lathe_npz_create(const char *path, struct lathe_error *err);

/* Adds `array` as member `name`, deflated. Its values are borrowed: they must stay until
 * lathe_npz_commit or lathe_npz_discard. On failure the archive is still to be discarded. */
bool lathe_npz_add(struct lathe_npz *npz, const char *name, const struct lathe_array *array,
                   struct lathe_error *err);

/* Writes the file and frees `npz`, also on failure. */
bool lathe_npz_commit(struct lathe_npz *npz, struct lathe_error *err);

/* Frees `npz` without writing; NULL is allowed. */
void lathe_npz_discard(struct lathe_npz *npz);

#endif
