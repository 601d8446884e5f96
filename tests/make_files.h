/* For tests of files: a private folder, files made of given bytes, and a main for one suite. */
#ifndef MAKE_FILES_H
#define MAKE_FILES_H

#include "folders.h"
#include "runtime/array.h"
#include "runtime/error.h"
#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILES "tests/reference/files/"

static char folder[FOLDER_PATH];
static struct lathe_error err;

/* Path of a file in the private folder. Valid until the fourth call after. */
static inline const char *in_folder(const char *name)
{
  static char paths[4][512];
  static int turn;
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static inline void make_folder(void)
{
  new_folder(folder);
  err.text[0] = '\0';
}

/* Number of files in the private folder. */
static inline int files_in_folder(void)
{
  int count = 0;
  DIR *dir = opendir(folder);
  for (const struct dirent *entry; (entry = readdir(dir));)
    count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  closedir(dir);
  return count;
}

static inline void remove_folder(void)
{
  DIR *dir = opendir(folder);
  for (const struct dirent *entry; (entry = readdir(dir));)
    unlink(in_folder(entry->d_name));
  closedir(dir);
  ck_assert_int_eq(rmdir(folder), 0);
}

/* Writes a file in the private folder and returns its path. */
static inline const char *write_bytes(const char *name, const void *bytes, size_t size)
{
  const char *path = in_folder(name);
  FILE *file = fopen(path, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
  ck_assert_int_eq(fclose(file), 0);
  return path;
}

/* The bytes of a file, to be freed. */
static inline unsigned char *read_bytes(const char *path, size_t *size)
{
  FILE *file = fopen(path, "rb");
  ck_assert_msg(file != NULL, "%s cannot be opened", path);
  unsigned char *bytes = malloc(1 << 20);
  *size = fread(bytes, 1, 1 << 20, file);
  fclose(file);
  return bytes;
}

/* Writes a version 1.0 .npy file of this header text and `size` bytes of zeroed values. */
static inline const char *write_npy(const char *name, const char *header, size_t size)
{
  unsigned char bytes[1024] = "\x93NUMPY\1";
  size_t length = strlen(header);
  ck_assert_uint_le(10 + length + size, sizeof bytes);
  bytes[8] = (unsigned char)(length & 0xff);
  bytes[9] = (unsigned char)(length >> 8);
  memcpy(bytes + 10, header, length);
  return write_bytes(name, bytes, 10 + length + size);
}

/* Lets no file grow beyond 4 KiB, which is what a full disk looks like, until it is called with
 * false. (Tests do not write to /dev/full: broken code, run as root, could replace it.) */
static inline void fill_disk(bool full)
{
  struct rlimit limit;
  signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = full ? 4096 : limit.rlim_max;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Runs a case whose tests each have a private folder; the program's exit status. */
static inline int run_case(TCase *tests, const char *name)
{
  Suite *suite = suite_create(name);
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_set_timeout(tests, 120);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}

/* Asserts that `text` has each of the words, which are separated by '|'. */
static inline void assert_words(const char *text, const char *words)
{
  char copy[256];
  snprintf(copy, sizeof copy, "%s", words);
  for (char *word = strtok(copy, "|"); word; word = strtok(NULL, "|"))
    ck_assert_msg(strstr(text, word) != NULL, "\"%s\" is not in \"%s\"", word, text);
}

#endif
