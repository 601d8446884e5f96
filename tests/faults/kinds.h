/* What can go wrong: the kinds of faults, and the system calls that each may meet. */
#ifndef TESTS_FAULTS_KINDS_H
#define TESTS_FAULTS_KINDS_H

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

/* Architectures as new as 64-bit ARM have none of the calls that take a path and no folder. */
#ifdef SYS_rename
#define OLD(...) __VA_ARGS__,
#else
#define OLD(...)
#endif

#define CALLS(name, ...) static const long name[] = {__VA_ARGS__, -1}
CALLS(open_calls, OLD(SYS_open, SYS_creat) SYS_openat);
CALLS(read_calls, SYS_read, SYS_pread64);
CALLS(write_calls, SYS_write, SYS_writev, SYS_pwrite64);
CALLS(sized_write_calls, SYS_write, SYS_pwrite64);
CALLS(sync_calls, SYS_fsync, SYS_fdatasync);
CALLS(rename_calls, OLD(SYS_rename, SYS_link) SYS_renameat, SYS_renameat2, SYS_linkat);
CALLS(close_calls, SYS_close);
CALLS(stat_calls, OLD(SYS_stat, SYS_lstat, SYS_access) SYS_newfstatat, SYS_fstat, SYS_statx,
      SYS_faccessat, SYS_faccessat2);
CALLS(folder_calls, OLD(SYS_mkdir, SYS_chmod, SYS_readlink) SYS_mkdirat, SYS_getdents64,
      SYS_readlinkat, SYS_fchmod, SYS_fchmodat);
CALLS(unlink_calls, OLD(SYS_unlink, SYS_rmdir) SYS_unlinkat);
CALLS(seek_calls, SYS_lseek, SYS_ftruncate);
CALLS(lock_calls, SYS_fcntl);
CALLS(memory_calls, SYS_mmap, SYS_brk, SYS_mremap, SYS_mprotect);
CALLS(thread_calls, SYS_clone, SYS_clone3);
CALLS(pipe_calls, SYS_pipe2, SYS_dup3);
CALLS(wait_calls, SYS_wait4, SYS_futex);

/* How a system call goes wrong: it is not made and fails; it is made and fails all the same; it is
 * made with half of the bytes. */
enum way { NOT_DONE, DONE_BUT, BY_HALF };

static const struct kind {
  const char *name;
  enum way way;
  int error;
  const long *calls; /* -1 at the end; NULL: allocations */
} kinds[] = {
    {"allocation ENOMEM", NOT_DONE, ENOMEM, NULL},
    {"open EMFILE", NOT_DONE, EMFILE, open_calls},
    {"open EINTR", NOT_DONE, EINTR, open_calls},
    {"read EIO", NOT_DONE, EIO, read_calls},
    {"read EINTR", NOT_DONE, EINTR, read_calls},
    {"read by half", BY_HALF, 0, read_calls},
    {"write ENOSPC", NOT_DONE, ENOSPC, write_calls},
    {"write EIO", NOT_DONE, EIO, write_calls},
    {"write EINTR", NOT_DONE, EINTR, write_calls},
    {"write by half", BY_HALF, 0, sized_write_calls},
    {"fsync EIO", NOT_DONE, EIO, sync_calls},
    {"fsync EINTR", NOT_DONE, EINTR, sync_calls},
    {"rename ENOSPC", NOT_DONE, ENOSPC, rename_calls},
    {"close EIO", DONE_BUT, EIO, close_calls},
    {"close EINTR", DONE_BUT, EINTR, close_calls},
    {"stat EIO", NOT_DONE, EIO, stat_calls},
    {"folder EIO", NOT_DONE, EIO, folder_calls},
    {"unlink EIO", NOT_DONE, EIO, unlink_calls},
    {"seek EIO", NOT_DONE, EIO, seek_calls},
    {"lock ENOLCK", NOT_DONE, ENOLCK, lock_calls},
    {"memory ENOMEM", NOT_DONE, ENOMEM, memory_calls},
    {"thread EAGAIN", NOT_DONE, EAGAIN, thread_calls},
    {"pipe EMFILE", NOT_DONE, EMFILE, pipe_calls},
    {"wait EINTR", NOT_DONE, EINTR, wait_calls},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

#endif
