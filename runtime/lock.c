#include "lock.h"
#include "run.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A whole file. Record locks (fcntl) rather than flock: POSIX has them, and so do network disks. */
static struct flock whole_file(void)
{
  return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static bool in_use(const char *folder, int fd, struct lathe_error *err)
{
  struct flock other = whole_file();
  char who[48] = "";
  if (fcntl(fd, F_GETLK, &other) == 0 && other.l_type != F_UNLCK && other.l_pid > 0)
    snprintf(who, sizeof who, " (process %ld)", (long)other.l_pid);
  return lathe_fail(err,
                    "another training%s is at work in %s: wait for it to end, or choose another "
                    "folder with --run",
                    who, folder);
}

static bool cannot_lock(const char *path, struct lathe_error *err)
{
  return lathe_fail(err, "%s cannot be locked: %s; choose another folder with --run", path,
                    strerror(errno));
}

/* Whether `path` still names the open file: the one who had it may just have removed it. */
static bool is_same(int fd, const char *path)
{
  struct stat opened, named;
  return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

bool lathe_lock_take(struct lathe_lock *lock, const char *folder, struct lathe_error *err)
{
  enum { TRIES = 100 };
  char path[LATHE_PATH];
  *lock = (struct lathe_lock){0};
  if (!lathe_run_path(folder, LATHE_RUN_LOCK, path, err))
    return false;
  for (int i = 0; i < TRIES; i++) {
    struct flock wanted = whole_file();
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
      return cannot_lock(path, err);
    if (fcntl(fd, F_SETLK, &wanted) != 0) {
      bool taken = errno == EACCES || errno == EAGAIN;
      bool good = taken ? in_use(folder, fd, err) : cannot_lock(path, err);
      close(fd);
      return good;
    }
    if (is_same(fd, path)) {
      *lock = (struct lathe_lock){.file = fd + 1, .path = strdup(path)};
      if (lock->path)
        return true;
      errno = ENOMEM;
      cannot_lock(path, err);
      unlink(path);
      lathe_lock_release(lock);
      return false;
    }
    close(fd);
  }
  return lathe_fail(err, "%s is made and removed again and again; choose another folder", path);
}

bool lathe_lock_check(const char *folder, struct lathe_error *err)
{
  char path[LATHE_PATH];
  struct flock other = whole_file();
  if (!lathe_run_path(folder, LATHE_RUN_LOCK, path, err))
    return false;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) /* there is none; or it cannot be locked, which is said when it must be */
    return true;
  bool free = fcntl(fd, F_GETLK, &other) != 0 || other.l_type == F_UNLCK;
  if (!free)
    in_use(folder, fd, err);
  close(fd);
  return free;
}

void lathe_lock_release(struct lathe_lock *lock)
{
  if (lock->file == 0)
    return;
  if (lock->path)
    unlink(lock->path); /* while it is held: whoever waits for it sees that it is gone */
  close(lock->file - 1);
  free(lock->path);
  *lock = (struct lathe_lock){0};
}
