/* For tests that need files: folders that are removed however the tests end. */
#ifndef TESTS_FOLDERS_H
#define TESTS_FOLDERS_H

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_PATH = 64 };

/* All of a program's folders lie in one, which run_suite makes and removes. */
static char all_folders[] = "/tmp/lathe-test-XXXXXX";

/* Makes a folder and writes its path to `path`. */
static inline void new_folder(char path[FOLDER_PATH])
{
  snprintf(path, FOLDER_PATH, "%s/XXXXXX", all_folders);
  ck_assert_ptr_nonnull(mkdtemp(path));
}

/* Removes the entry `name` of an open folder and all below it. Links are not followed. */
static inline bool remove_entry(int parent, const char *name)
{
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
    return true;
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  DIR *dir = fd < 0 ? NULL : fdopendir(fd);
  if (dir == NULL)
    return false;
  for (const struct dirent *entry; (entry = readdir(dir));)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      remove_entry(fd, entry->d_name);
  closedir(dir);
  return unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

/* Runs one suite; the program's exit status. */
static inline int run_suite(Suite *suite)
{
  /* Others may pass through: tests step down from root. */
  if (mkdtemp(all_folders) == NULL || chmod(all_folders, 0755) != 0) {
    perror(all_folders);
    return 1;
  }
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  if (!remove_entry(AT_FDCWD, all_folders))
    perror(all_folders);
  return failed != 0;
}

#endif
