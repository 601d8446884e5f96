/* For tests of what a program does when the system does not do what it is asked: runs a program of
 * which one allocation, or one system call of a kind, fails or is done by half. Allocations fail
 * in allocations.c, which is LD_PRELOADed; system calls are caught by ptrace, so that those inside
 * of the C library (fopen, fwrite) and of others are reached, too. */
#ifndef TESTS_FAULTS_INJECT_H
#define TESTS_FAULTS_INJECT_H

#include "../spawn.h"
#include "marker.h"
#include <elf.h>
#include <limits.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

enum { KIND_CALLS = 10, INJECT_SECONDS = 60 };

/* How a system call goes wrong: it is not made and fails; it is made and fails all the same; it is
 * made with half of the bytes. */
enum way { NOT_DONE, DONE_BUT, BY_HALF };

struct kind {
  const char *name;
  enum way way;
  int error;
  long calls[KIND_CALLS]; /* -1 at the end; none: allocations */
};

/* Calls that some architectures do not have. */
#ifdef SYS_open
#define OLD_CALLS SYS_open, SYS_rename, SYS_mkdir, SYS_unlink, SYS_rmdir, SYS_stat, SYS_access
#endif

static const long no_call = -1;

static const struct kind kinds[] = {
    {"allocation ENOMEM", NOT_DONE, ENOMEM, {-1}},
    {"open EMFILE", NOT_DONE, EMFILE, {SYS_openat, -1}},
    {"open EINTR", NOT_DONE, EINTR, {SYS_openat, -1}},
    {"read EIO", NOT_DONE, EIO, {SYS_read, SYS_pread64, -1}},
    {"read EINTR", NOT_DONE, EINTR, {SYS_read, SYS_pread64, -1}},
    {"read by half", BY_HALF, 0, {SYS_read, SYS_pread64, -1}},
    {"write ENOSPC", NOT_DONE, ENOSPC, {SYS_write, SYS_writev, SYS_pwrite64, -1}},
    {"write EIO", NOT_DONE, EIO, {SYS_write, SYS_writev, SYS_pwrite64, -1}},
    {"write EINTR", NOT_DONE, EINTR, {SYS_write, SYS_writev, SYS_pwrite64, -1}},
    {"write by half", BY_HALF, 0, {SYS_write, SYS_pwrite64, -1}},
    {"fsync EIO", NOT_DONE, EIO, {SYS_fsync, SYS_fdatasync, -1}},
    {"fsync EINTR", NOT_DONE, EINTR, {SYS_fsync, SYS_fdatasync, -1}},
    {"rename ENOSPC",
     NOT_DONE,
     ENOSPC,
     {SYS_renameat, SYS_renameat2,
#ifdef SYS_rename
      SYS_rename, SYS_link,
#endif
      SYS_linkat, -1}},
    {"close EIO", DONE_BUT, EIO, {SYS_close, -1}},
    {"close EINTR", DONE_BUT, EINTR, {SYS_close, -1}},
    {"stat EIO",
     NOT_DONE,
     EIO,
     {SYS_newfstatat, SYS_fstat, SYS_statx, SYS_faccessat, SYS_faccessat2,
#ifdef SYS_access
      SYS_access, SYS_stat, SYS_lstat,
#endif
      -1}},
    {"folder EIO",
     NOT_DONE,
     EIO,
     {SYS_mkdirat, SYS_getdents64, SYS_readlinkat, SYS_fchmod, SYS_fchmodat,
#ifdef SYS_mkdir
      SYS_mkdir, SYS_chmod, SYS_readlink,
#endif
      -1}},
    {"unlink EIO",
     NOT_DONE,
     EIO,
     {SYS_unlinkat,
#ifdef SYS_unlink
      SYS_unlink, SYS_rmdir,
#endif
      -1}},
    {"seek EIO", NOT_DONE, EIO, {SYS_lseek, SYS_ftruncate, -1}},
    {"lock ENOLCK", NOT_DONE, ENOLCK, {SYS_fcntl, -1}},
    {"memory ENOMEM", NOT_DONE, ENOMEM, {SYS_mmap, SYS_brk, SYS_mremap, SYS_mprotect, -1}},
    {"thread EAGAIN", NOT_DONE, EAGAIN, {SYS_clone, SYS_clone3, -1}},
    {"pipe EMFILE", NOT_DONE, EMFILE, {SYS_pipe2, SYS_dup3, -1}},
    {"wait EINTR", NOT_DONE, EINTR, {SYS_wait4, SYS_futex, -1}},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- One call of a stopped process ---- */

#if defined __x86_64__
enum { CAN_INJECT = true };

static inline void inject_registers(pid_t thread, struct user_regs_struct *registers, bool write)
{
  struct iovec all = {registers, sizeof *registers};
  ck_assert_int_eq(
      ptrace(write ? PTRACE_SETREGSET : PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &all), 0);
}

static inline void inject_skip(pid_t thread)
{
  struct user_regs_struct r;
  inject_registers(thread, &r, false);
  r.orig_rax = (unsigned long long)no_call;
  inject_registers(thread, &r, true);
}

static inline void inject_size(pid_t thread, unsigned long long size)
{
  struct user_regs_struct r;
  inject_registers(thread, &r, false);
  r.rdx = size;
  inject_registers(thread, &r, true);
}

static inline void inject_result(pid_t thread, long result)
{
  struct user_regs_struct r;
  inject_registers(thread, &r, false);
  r.rax = (unsigned long long)result;
  inject_registers(thread, &r, true);
}

#elif defined __aarch64__
enum { CAN_INJECT = true };

static inline void inject_registers(pid_t thread, struct user_regs_struct *registers, bool write)
{
  struct iovec all = {registers, sizeof *registers};
  ck_assert_int_eq(
      ptrace(write ? PTRACE_SETREGSET : PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &all), 0);
}

static inline void inject_skip(pid_t thread)
{
  int call = (int)no_call;
  struct iovec all = {&call, sizeof call};
  ck_assert_int_eq(ptrace(PTRACE_SETREGSET, thread, (void *)0x404 /* NT_ARM_SYSTEM_CALL */, &all),
                   0);
}

static inline void inject_size(pid_t thread, unsigned long long size)
{
  struct user_regs_struct r;
  inject_registers(thread, &r, false);
  r.regs[2] = size;
  inject_registers(thread, &r, true);
}

static inline void inject_result(pid_t thread, long result)
{
  struct user_regs_struct r;
  inject_registers(thread, &r, false);
  r.regs[0] = (unsigned long long)result;
  inject_registers(thread, &r, true);
}

#else
enum { CAN_INJECT = false };
static inline void inject_skip(pid_t thread)
{
  (void)thread;
}
static inline void inject_size(pid_t thread, unsigned long long size)
{
  (void)thread, (void)size;
}
static inline void inject_result(pid_t thread, long result)
{
  (void)thread, (void)result;
}
#endif

/* ---- A program ---- */

struct injected {
  struct said said;
  long count;     /* calls of the kind that there were */
  char site[512]; /* where it went wrong, in words for a person */
};

/* What the tracer knows of the run. */
struct tracing {
  const struct kind *kind;
  long at, count;
  bool begun;     /* the loader is done */
  pid_t spoiling; /* the thread whose call is being spoilt; 0: none */
  pid_t breaking; /* the thread that is within brk */
  bool spoils_brk;
  int64_t brk; /* what brk gave last: the end of the memory */
  char *site;
};

static inline bool is_of_kind(const struct kind *kind, unsigned long long call)
{
  for (int i = 0; kind->calls[i] >= 0; i++)
    if ((unsigned long long)kind->calls[i] == call)
      return true;
  return false;
}

/* The file that a call names, by its descriptor or its path; "" if it names none. */
static inline void file_of_call(pid_t thread, const uint64_t argument[2], char *file, size_t size)
{
  char place[64];
  memset(file, 0, size);
  for (int i = 0; i < 2 && file[0] != '/'; i++) {
    if (argument[i] < 4096) {
      snprintf(place, sizeof place, "/proc/%d/fd/%d", (int)thread, (int)argument[i]);
      file[readlink(place, file, size - 1) < 0 ? 0 : size - 1] = '\0';
    } else {
      snprintf(place, sizeof place, "/proc/%d/mem", (int)thread);
      int memory = open(place, O_RDONLY | O_CLOEXEC);
      bool read = memory >= 0 && pread(memory, file, size - 1, (off_t)argument[i]) > 0;
      file[read ? size - 1 : 0] = '\0';
      close(memory);
    }
  }
  if (file[0] != '/')
    file[0] = '\0';
}

/* A thread enters a system call, or leaves it. */
static inline void trace_call(struct tracing *t, pid_t thread)
{
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof info, &info) <= 0)
    return;
  if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
    /* brk never fails: it gives the end of the memory, moved or not. */
    if (thread == t->spoiling && t->kind->way != BY_HALF)
      inject_result(thread, t->spoils_brk ? (long)t->brk : -t->kind->error);
    else if (thread == t->breaking)
      t->brk = info.exit.rval;
    if (thread == t->breaking)
      t->breaking = 0;
    if (thread == t->spoiling)
      t->spoiling = 0;
    return;
  }
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
    return;
  if (info.entry.nr == SYS_brk)
    t->breaking = thread;
  if (info.entry.nr == SYS_close && info.entry.args[0] == FAULTS_MARKER)
    t->begun = true;
  else if (t->begun && is_of_kind(t->kind, info.entry.nr) && ++t->count == t->at) {
    char file[256];
    t->spoiling = thread;
    t->spoils_brk = info.entry.nr == SYS_brk;
    file_of_call(thread, info.entry.args, file, sizeof file);
    snprintf(t->site, 512, "system call %llu (%llu, %llx, %llu) %s",
             (unsigned long long)info.entry.nr, (unsigned long long)info.entry.args[0],
             (unsigned long long)info.entry.args[1], (unsigned long long)info.entry.args[2], file);
    if (t->kind->way == NOT_DONE)
      inject_skip(thread);
    else if (t->kind->way == BY_HALF)
      inject_size(thread, (info.entry.args[2] + 1) / 2);
  }
}

static inline void inject_alarm(int number)
{
  (void)number;
}

/* Waits for the traced child and its threads; the status that it ended with. */
static inline int trace_to_end(struct tracing *t, pid_t child)
{
  struct sigaction wake = {.sa_handler = inject_alarm}; /* waitpid returns */
  sigaction(SIGALRM, &wake, NULL);
  alarm(INJECT_SECONDS);
  int status = 0;
  for (bool told = false;;) {
    pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0) {
      ck_assert_int_eq(errno, EINTR);
      kill(child, SIGKILL);
      continue;
    }
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (thread == child)
        break;
      continue;
    }
    int number = WSTOPSIG(status);
    if (!told) {
      told = true;
      ptrace(PTRACE_SETOPTIONS, child, NULL,
             (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE |
                      PTRACE_O_TRACEEXEC));
    }
    if (number == (SIGTRAP | 0x80))
      trace_call(t, thread);
    bool own = number == (SIGTRAP | 0x80) || number == SIGTRAP || number == SIGSTOP;
    ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(long)(own ? 0 : number));
  }
  alarm(0);
  return status;
}

/* Runs a program in folder `where` whose call number `at` of a kind is spoilt (0: none). */
static inline struct injected inject(const char *where, const char *const *argv,
                                     const struct kind *kind, long at)
{
  struct injected result = {.site = ""};
  const char *out_name = in_folder("injected.out"), *err_name = in_folder("injected.err");
  const char *report = in_folder("injected.report"), *library = built("tests/allocations.so");
  bool allocations = kind->calls[0] < 0;
  char number[32];
  unlink(report);
  snprintf(number, sizeof number, "%ld", at);
  fflush(NULL);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    int out = open(out_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int err = open(err_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (allocations)
      setenv("FAULT_ALLOCATION", number, 1);
    setenv("FAULT_REPORT", report, 1);
    if (!allocations) {
      ptrace(PTRACE_TRACEME, 0, NULL, NULL);
      raise(SIGSTOP);
    }
    setenv("LD_PRELOAD", library, 1);
    spawn_child(where, argv, out, err);
  }
  struct tracing tracing = {.kind = kind, .at = at, .site = result.site};
  int status = trace_to_end(&tracing, child);
  result.said.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.said.out = read_file(out_name, NULL);
  result.said.err = read_file(err_name, NULL);
  result.count = tracing.count;
  if (allocations && exists(report)) {
    char *text = read_file(report, NULL);
    const char *total = strstr(text, " allocations\n");
    while (total != NULL && total > text && total[-1] != '\n')
      total--;
    result.count = total != NULL ? atol(total) : at;
    snprintf(result.site, sizeof result.site, "%.*s", (int)strcspn(text, "\n"), text);
    free(text);
  }
  return result;
}

#endif
