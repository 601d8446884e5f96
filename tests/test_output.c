/* Output files: whole under their name, or not there at all. */
#include "make_files.h"
#include "runtime/output.h"
#include <fcntl.h>
#include <sys/stat.h>

static void assert_holds(const char *path, const char *text)
{
  size_t size;
  unsigned char *bytes = read_bytes(path, &size);
  ck_assert_uint_eq(size, strlen(text));
  ck_assert(memcmp(bytes, text, size) == 0);
  free(bytes);
}

START_TEST(commits)
{
  umask(022);
  const char *path = in_folder("out");
  for (int round = 0; round < 2; round++) { /* a new file, then one that replaces it */
    struct lathe_output *output = lathe_output_open(path, &err);
    ck_assert_msg(output != NULL, "%s", err.text);
    fprintf(lathe_output_stream(output), "round %d", round);
    ck_assert_int_eq(files_in_folder(), round + 1);
    struct stat written; /* nobody else reads what is not whole */
    ck_assert_int_eq(stat(lathe_output_path(output), &written), 0);
    ck_assert_int_eq(written.st_mode & 0777, 0600);
    ck_assert_msg(lathe_output_commit(output, &err), "%s", err.text);
    assert_holds(path, round ? "round 1" : "round 0");
    ck_assert_int_eq(files_in_folder(), 1);
  }
  struct stat status;
  ck_assert_int_eq(stat(path, &status), 0);
  ck_assert_int_eq(status.st_mode & 0777, 0644);
}
END_TEST

START_TEST(discards)
{
  const char *path = write_bytes("out", "old", 3);
  struct lathe_output *output = lathe_output_open(path, &err);
  fputs("new", lathe_output_stream(output));
  lathe_output_discard(output);
  lathe_output_discard(NULL);
  assert_holds(path, "old");
  ck_assert_int_eq(files_in_folder(), 1);
}
END_TEST

START_TEST(library_writes_by_name)
{
  const char *path = in_folder("out");
  struct lathe_output *output = lathe_output_open(path, &err);
  ck_assert_str_ne(lathe_output_path(output), path);
  FILE *file = fopen(lathe_output_path(output), "w");
  fputs("theirs", file);
  fclose(file);
  ck_assert(lathe_output_commit(output, &err));
  assert_holds(path, "theirs");
}
END_TEST

/* Two at once, to the same name, do not disturb one another. */
START_TEST(two_at_once)
{
  const char *path = in_folder("out");
  struct lathe_output *first = lathe_output_open(path, &err);
  struct lathe_output *second = lathe_output_open(path, &err);
  fputs("first", lathe_output_stream(first));
  fputs("second", lathe_output_stream(second));
  ck_assert(lathe_output_commit(second, &err));
  assert_holds(path, "second");
  ck_assert(lathe_output_commit(first, &err));
  assert_holds(path, "first");
  ck_assert_int_eq(files_in_folder(), 1);
}
END_TEST

START_TEST(follows_links)
{
  const char *target = write_bytes("target", "old", 3), *link = in_folder("link");
  ck_assert_int_eq(symlink(target, link), 0);
  struct lathe_output *output = lathe_output_open(link, &err);
  fputs("new", lathe_output_stream(output));
  ck_assert(lathe_output_commit(output, &err));
  assert_holds(target, "new");
  struct stat status;
  ck_assert_int_eq(lstat(link, &status), 0);
  ck_assert(S_ISLNK(status.st_mode));
}
END_TEST

/* A pipe (or a device) is written to, never replaced by a file. It lies in the private folder, so
 * that code which gets this wrong does no harm to a real device. */
START_TEST(pipes)
{
  const char *path = in_folder("pipe");
  char text[8] = "";
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  int reader = open(path, O_RDONLY | O_NONBLOCK);
  struct lathe_output *output = lathe_output_open(path, &err);
  ck_assert_msg(output != NULL, "%s", err.text);
  fputs("piped", lathe_output_stream(output));
  ck_assert_msg(lathe_output_commit(output, &err), "%s", err.text);
  ck_assert_int_eq(read(reader, text, sizeof text), 5);
  ck_assert_str_eq(text, "piped");
  output = lathe_output_open(path, &err);
  lathe_output_discard(output);
  struct stat status;
  ck_assert_int_eq(stat(path, &status), 0);
  ck_assert(S_ISFIFO(status.st_mode));
  ck_assert_int_eq(files_in_folder(), 1);
  close(reader);
}
END_TEST

START_TEST(broken_pipe)
{
  const char *path = in_folder("pipe");
  signal(SIGPIPE, SIG_IGN);
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  int reader = open(path, O_RDONLY | O_NONBLOCK);
  struct lathe_output *output = lathe_output_open(path, &err);
  close(reader);
  fputs("lost", lathe_output_stream(output));
  ck_assert(!lathe_output_commit(output, &err));
  assert_words(err.text, "pipe cannot be written|Broken pipe");
}
END_TEST

/* The disk is full halfway: here, files may not grow beyond 4 KiB. Large writes fail at once, small
 * ones only when they are flushed. */
START_TEST(no_room)
{
  const char *path = write_bytes("out", "old", 3);
  fill_disk(true);
  struct lathe_output *output = lathe_output_open(path, &err);
  static char block[1 << 16];
  if (_i == 0)
    fwrite(block, 1, sizeof block, lathe_output_stream(output));
  else
    for (int i = 0; i < 4097; i++)
      putc('x', lathe_output_stream(output));
  ck_assert(!lathe_output_commit(output, &err));
  fill_disk(false);
  assert_words(err.text, path);
  assert_words(err.text, "free some space");
  assert_holds(path, "old");
  ck_assert_int_eq(files_in_folder(), 1);
}
END_TEST

static const struct {
  const char *path, *words;
} REFUSED[] = {
    {"absent/out", "absent/out|No such file|make its folder first"},
    {"file/out", "file/out|Not a directory|make its folder first"},
    {".", "Is a directory|name another"},
    {"", "Is a directory|name another"},
};

START_TEST(refused)
{
  write_bytes("file", "x", 1);
  ck_assert_ptr_null(lathe_output_open(in_folder(REFUSED[_i].path), &err));
  assert_words(err.text, REFUSED[_i].words);
  ck_assert_int_eq(files_in_folder(), 1);
}
END_TEST

START_TEST(empty_name)
{
  ck_assert_ptr_null(lathe_output_open("", &err));
  assert_words(err.text, "cannot be written");
}
END_TEST

/* Protected files and folders; root, whom nothing is forbidden, steps down first. */
START_TEST(protected)
{
  const char *path = write_bytes("out", "old", 3);
  bool root = geteuid() == 0;
  ck_assert_int_eq(chmod(path, 0444), 0);
  ck_assert_int_eq(chmod(folder, 0777), 0);
  ck_assert_int_eq(root ? seteuid(65534) : 0, 0);
  ck_assert_ptr_null(lathe_output_open(path, &err)); /* though a rename would be allowed */
  assert_words(err.text, "Permission denied|change the permissions");
  ck_assert_int_eq(root ? seteuid(0) : 0, 0);
  ck_assert_int_eq(chmod(folder, 0555), 0);
  ck_assert_int_eq(root ? seteuid(65534) : 0, 0);
  ck_assert_ptr_null(lathe_output_open(in_folder("new"), &err));
  assert_words(err.text, "Permission denied|change the permissions");
  ck_assert_int_eq(root ? seteuid(0) : 0, 0);
  ck_assert_int_eq(chmod(folder, 0700), 0);
  assert_holds(path, "old");
}
END_TEST

int main(void)
{
  TCase *tests = tcase_create("output");
  tcase_add_test(tests, commits);
  tcase_add_test(tests, discards);
  tcase_add_test(tests, library_writes_by_name);
  tcase_add_test(tests, two_at_once);
  tcase_add_test(tests, follows_links);
  tcase_add_test(tests, pipes);
  tcase_add_test(tests, broken_pipe);
  tcase_add_loop_test(tests, no_room, 0, 2);
  tcase_add_loop_test(tests, refused, 0, (int)(sizeof REFUSED / sizeof *REFUSED));
  tcase_add_test(tests, empty_name);
  tcase_add_test(tests, protected);
  return run_case(tests, "output");
}
