#include "child.h"
#include "verify_parts.h"
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts a program whose standard output is read from *out. Returns 0 or an errno. */
static int start(const char *const *argv, FILE **out)
{
  int ends[2];
  if (pipe(ends) != 0)
    return errno;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  int error = child_start(argv, &actions);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  *out = error == 0 ? fdopen(ends[0], "r") : NULL;
  if (*out == NULL)
    close(ends[0]);
  return error;
}

static void read_findings(struct findings *findings, FILE *out)
{
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, out) > 0)
    findings_add_line(findings, line);
  free(line);
  fclose(out);
}

bool run_check(struct findings *findings, const char *precision, const char *const *argv)
{
  struct mem *mem = findings->mem;
  const char *why = NULL;
  FILE *out = NULL;
  int error = start(argv, &out);
  if (error != 0) {
    why = mem_printf(mem, "%s cannot be run: %s", argv[0], strerror(error));
  } else {
    if (out != NULL)
      read_findings(findings, out);
    int status = child_wait();
    if (WIFSIGNALED(status))
      why = mem_printf(mem, "%s: ended by signal %d, %s", argv[1], WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0 || out == NULL)
      why = mem_printf(mem, "%s: could not be done", argv[1]);
  }
  if (why != NULL && !interrupted())
    findings_add(findings, (struct finding){.check = argv[1],
                                            .precision = precision,
                                            .item = "the check itself",
                                            .error = NAN,
                                            .detail = why});
  return why == NULL;
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
