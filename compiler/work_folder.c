#include "work_folder.h"
#include "write.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *work_folder(struct mem *mem, const char *name, const char *kept)
{
  const char *tmp = getenv("TMPDIR");
  char *folder =
      mem_printf(mem, "%s/lathe-%s-XXXXXX", tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp", name);
  if (kept != NULL ? mkdir(kept, 0777) == 0 || errno == EEXIST : mkdtemp(folder) != NULL)
    return kept != NULL ? kept : folder;
  write_failed("make the folder", kept != NULL ? kept : folder);
  return NULL;
}

void remove_tree(struct mem *mem, const char *path)
{
  DIR *dir = opendir(path);
  if (dir == NULL)
    return;
  for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    const char *inner = mem_printf(mem, "%s/%s", path, entry->d_name);
    if (unlink(inner) != 0) /* a folder */
      remove_tree(mem, inner);
  }
  closedir(dir);
  rmdir(path);
}
