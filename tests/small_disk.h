/* For tests of full disks: a small one (tmpfs), mounted for the test alone, in name spaces of its
 * own, so that nothing of it is left whatever happens. */
#ifndef TESTS_SMALL_DISK_H
#define TESTS_SMALL_DISK_H

#include "spawn.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

enum {
  DISK_BLOCK = 4096,
  DISK_BLOCKS = 16384,
  DISK_FILES = 4096
}; /* while there is room: 64 MiB */

/* Whether a file of /proc takes a text. */
static inline bool tell_kernel(const char *path, const char *text)
{
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool told = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  if (fd >= 0)
    close(fd);
  return told;
}

/* A name space of mounts of its own: root's, or that of a name space of users, in which this user
 * may mount. */
static inline bool own_mounts(void)
{
  if (unshare(CLONE_NEWNS) == 0)
    return true;
  char users[64], groups[64];
  snprintf(users, sizeof users, "%d %d 1", (int)getuid(), (int)getuid());
  snprintf(groups, sizeof groups, "%d %d 1", (int)getgid(), (int)getgid());
  return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && tell_kernel("/proc/self/setgroups", "deny") &&
         tell_kernel("/proc/self/uid_map", users) && tell_kernel("/proc/self/gid_map", groups);
}

/* Whether disks can be mounted, that others do not see. To be called before anything is made. */
static inline bool can_mount_privately(void)
{
  return own_mounts() && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
         mount("lathe-test", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") == 0 &&
         umount("/tmp") == 0;
}

/* The same; says so when not. */
static inline bool can_mount(void)
{
  bool can = can_mount_privately();
  if (!can)
    printf(
        "Skipped: no disk can be mounted here, neither as root nor in a name space of users: %s\n",
        strerror(errno));
  return can;
}

/* Mounts it on the folder of all folders. */
static inline void mount_disk(void)
{
  char options[96];
  snprintf(options, sizeof options, "size=%d,nr_inodes=%d,mode=755", DISK_BLOCKS * DISK_BLOCK,
           DISK_FILES);
  ck_assert_msg(mount("lathe-test", all_folders, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0,
                "%s: %s", all_folders, strerror(errno));
}

/* Leaves so many blocks and files free on it; -1: as many as there were. */
static inline void leave_room(long blocks, long files)
{
  struct statvfs status;
  char options[96];
  ck_assert_int_eq(statvfs(all_folders, &status), 0);
  ck_assert_uint_eq(status.f_frsize, DISK_BLOCK);
  unsigned long used = status.f_blocks - status.f_bfree, names = status.f_files - status.f_ffree;
  snprintf(options, sizeof options, "size=%lu,nr_inodes=%lu",
           DISK_BLOCK * (blocks < 0 ? DISK_BLOCKS : used + (unsigned long)blocks),
           files < 0 ? DISK_FILES : names + (unsigned long)files);
  ck_assert_msg(
      mount("lathe-test", all_folders, "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV, options) == 0,
      "%s: %s: %s", all_folders, options, strerror(errno));
}

#endif
