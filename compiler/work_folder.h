/* Folders for what is built on the way. */
#ifndef WORK_FOLDER_H
#define WORK_FOLDER_H

#include "mem.h"

/* A new private folder /tmp/lathe-NAME-XXXXXX ($TMPDIR's, if that is set), or `kept` itself, made if
 * need be, when that is not NULL. NULL, having said why on standard error, when there is none. */
const char *work_folder(struct mem *mem, const char *name, const char *kept);

/* Removes a folder and all in it. */
void remove_tree(struct mem *mem, const char *path);

#endif
