#include "child.h"
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

extern char **environ;

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t caught; /* the first signal; 0: none */
static volatile sig_atomic_t child;  /* also the number of its process group; 0: none */

/* A compiler runs programs of its own: all of the group are told. */
static void pass_on(int number)
{
  if (child > 0)
    kill(-child, number == SIGPIPE ? SIGTERM : number);
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
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t started;
  int error = posix_spawnp(&started, argv[0], actions, &attributes, (char *const *)argv, environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0)
    return error;
  child = started;
  if (interrupted()) /* since it was started */
    pass_on(caught);
  return 0;
}

int child_wait(void)
{
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  child = 0;
  return status;
}
