#include "child.h"
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t caught; /* the first signal; 0: none */
/* Their process groups have the same numbers; 0: a free place. */
static volatile sig_atomic_t children[CHILDREN_MOST];

/* A compiler runs programs of its own: all of the group are told. */
static void pass_on(int number)
{
  for (int i = 0; i < CHILDREN_MOST; i++)
    if (children[i] > 0)
      kill(-children[i], number == SIGPIPE ? SIGTERM : number);
}

static void note(int number)
{
  int kept = errno;
  if (caught == 0)
    caught = number;
  pass_on(number);
  errno = kept;
}

void interrupts_catch(void)
{
  for (int i = 0; i < SIGNALS; i++) {
    struct sigaction old, new = {.sa_handler = note}; /* without SA_RESTART: reads end */
    sigemptyset(&new.sa_mask);
    if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
      sigaction(signals[i], &new, NULL);
  }
}

bool interrupted(void)
{
  return caught != 0;
}

void interrupts_end(void)
{
  if (caught == 0)
    return;
  signal(caught, SIG_DFL);
  raise(caught);
}

int child_start(const char *const *argv, const posix_spawn_file_actions_t *actions)
{
  if (interrupted())
    return EINTR;
  int place = 0;
  while (place < CHILDREN_MOST && children[place] != 0)
    place++;
  if (place == CHILDREN_MOST)
    return EAGAIN;
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t started;
  int error = posix_spawnp(&started, argv[0], actions, &attributes, (char *const *)argv, environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0)
    return error;
  children[place] = started;
  if (interrupted()) /* since it was started */
    pass_on(caught);
  return 0;
}

int child_start_read(const char *const *argv, FILE **out)
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

/* Frees the place of a child; false when it is none that was started here. */
static bool forget(pid_t ended)
{
  for (int i = 0; i < CHILDREN_MOST; i++)
    if (children[i] == ended) {
      children[i] = 0;
      return true;
    }
  return false;
}

/* Others' children, which a shell leaves to a program that takes its place, end here, too. */
int child_wait(void)
{
  int status = 0;
  pid_t ended;
  do
    ended = waitpid(-1, &status, 0);
  while (ended < 0 ? errno == EINTR : !forget(ended));
  return status;
}
