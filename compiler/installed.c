#define _GNU_SOURCE /* readlink */
#include "installed.h"
#include "write.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *installed_folder(struct mem *mem)
{
  char self[4096];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length < 0) {
    write_failed("read", "/proc/self/exe");
    return NULL;
  }
  self[length] = '\0';
  *strrchr(self, '/') = '\0';
  return mem_string(mem, self, strlen(self));
}

const char *installed_file(struct mem *mem, const char *name)
{
  const char *self = installed_folder(mem);
  if (self == NULL)
    return NULL;
  const char *beside = mem_printf(mem, "%s/%s", self, name);
  const char *installed = mem_printf(mem, "%s/../lib/lathe/%s", self, name);
  if (access(beside, R_OK) == 0)
    return beside;
  if (access(installed, R_OK) == 0)
    return installed;
  fprintf(stderr,
          "lathe: error: %s is neither beside '%s/lathe' nor installed in '%s/../lib/lathe'; run "
          "`make` or `make install` again\n",
          name, self, self);
  return NULL;
}
