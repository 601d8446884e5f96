/* For tests of what a program does when the system does not do what it is asked: runs a program of
 * which one allocation, or one system call of a kind, fails or is done by half. Allocations fail
 * in allocations.c, which is LD_PRELOADed; system calls are caught by ptrace, so that those inside
 * of the C library (fopen, fwrite) and of others are reached, too. What the program starts is left
 * alone. */
#ifndef TESTS_FAULTS_INJECT_H
#define TESTS_FAULTS_INJECT_H

#include "../spawn.h"
#include "kinds.h"
#include "marker.h"
#include <elf.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

enum { INJECT_SECONDS = 180, INJECT_SITE = 512 };

/* ---- One call of a stopped process ---- */

/* Where a call's third argument and its result are among the registers. */
#if defined __x86_64__
enum { CAN_INJECT = true };
#define SIZE_REGISTER rdx
#define RESULT_REGISTER rax
#elif defined __aarch64__
enum { CAN_INJECT = true };
#define SIZE_REGISTER regs[2]
#define RESULT_REGISTER regs[0]
#else
enum { CAN_INJECT = false };
#endif

#ifdef RESULT_REGISTER
static inline void inject_registers(pid_t thread, enum __ptrace_request way, int set, void *to,
                                    size_t size)
{
  struct iovec all = {to, size};
  ck_assert_int_eq(ptrace(way, thread, (void *)(long)set, &all), 0);
}

/* Puts a value into one of a thread's registers. */
#define INJECT(thread, member, value)                                                              \
  do {                                                                                             \
    struct user_regs_struct r;                                                                     \
    inject_registers(thread, PTRACE_GETREGSET, NT_PRSTATUS, &r, sizeof r);                         \
    r.member = (unsigned long long)(value);                                                        \
    inject_registers(thread, PTRACE_SETREGSET, NT_PRSTATUS, &r, sizeof r);                         \
  } while (0)

/* Puts another call in the place of the one that is entered: none. */
static inline void inject_skip(pid_t thread)
{
#ifdef __x86_64__
  INJECT(thread, orig_rax, -1);
#else
  int none = -1;
  inject_registers(thread, PTRACE_SETREGSET, 0x404 /* NT_ARM_SYSTEM_CALL */, &none, sizeof none);
#endif
}
#else
#define INJECT(thread, member, value) (void)thread
static inline void inject_skip(pid_t thread)
{
  (void)thread;
}
#endif

/* ---- A program ---- */

struct injected {
  struct said said;
  long count;             /* calls of the kind that there were */
  char site[INJECT_SITE]; /* where it went wrong, in words for a person */
};

/* What the tracer knows of the run. */
struct tracing {
  const struct kind *kind;
  long at, count;
  bool begun;     /* the loader is done */
  pid_t spoiling; /* the thread whose call is being spoilt; 0: none */
  uint64_t size;  /* its third argument, as it was */
  pid_t breaking; /* the thread that is within brk */
  bool spoils_brk;
  int64_t brk; /* what brk gave last: the end of the memory */
  char *site;
};

/* (A futex is woken, too: that is never interrupted, and a thread that is not woken waits for
 * ever.) */
static inline bool is_of_kind(const struct kind *kind, unsigned long long call,
                              const uint64_t *argument)
{
  int operation = call == SYS_futex ? (int)argument[1] & FUTEX_CMD_MASK : FUTEX_WAIT;
  if (operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET)
    return false;
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

static inline void spoil(struct tracing *t, pid_t thread, unsigned long long call,
                         const uint64_t *argument)
{
  char file[256];
  t->spoiling = thread;
  t->size = argument[2];
  t->spoils_brk = call == SYS_brk;
  file_of_call(thread, argument, file, sizeof file);
  snprintf(t->site, INJECT_SITE, "system call %llu (%llu, %llx, %llu) %s", call,
           (unsigned long long)argument[0], (unsigned long long)argument[1],
           (unsigned long long)argument[2], file);
  if (t->kind->way == NOT_DONE)
    inject_skip(thread);
  else if (t->kind->way == BY_HALF)
    INJECT(thread, SIZE_REGISTER, (argument[2] + 1) / 2);
}

static inline void enter_call(struct tracing *t, pid_t thread, unsigned long long call,
                              const uint64_t *argument)
{
  if (call == SYS_brk)
    t->breaking = thread;
  if (call == SYS_close && argument[0] == FAULTS_MARKER)
    t->begun = true;
  else if (t->begun && is_of_kind(t->kind, call, argument) && ++t->count == t->at)
    spoil(t, thread, call, argument);
}

/* brk never fails: it gives the end of the memory, moved or not. */
static inline void leave_call(struct tracing *t, pid_t thread, int64_t result)
{
  if (thread == t->spoiling && t->kind->way == BY_HALF)
    INJECT(thread, SIZE_REGISTER, t->size); /* which the program thinks is kept */
  else if (thread == t->spoiling)
    INJECT(thread, RESULT_REGISTER, t->spoils_brk ? (long)t->brk : -t->kind->error);
  else if (thread == t->breaking)
    t->brk = result;
  if (thread == t->breaking)
    t->breaking = 0;
  if (thread == t->spoiling)
    t->spoiling = 0;
}

/* At a call; returns whether its end is to be seen, too. */
static inline bool trace_call(struct tracing *t, pid_t thread)
{
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof info, &info) <= 0)
    return false;
  if (info.op == PTRACE_SYSCALL_INFO_SECCOMP)
    enter_call(t, thread, info.seccomp.nr, info.seccomp.args);
  else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
    leave_call(t, thread, info.exit.rval);
  return thread == t->spoiling || thread == t->breaking;
}

/* In the child: the kernel is to stop it at the calls of a kind, and where the loader is done, and
 * at no others; a stop takes longer than most calls. */
static inline void stop_at_calls(const struct kind *kind)
{
  enum { MOST = 40 };
  struct sock_filter filter[MOST];
  unsigned short n = 0;
#define FILTER(...) filter[n++] = (struct sock_filter)__VA_ARGS__
  FILTER(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
  for (int i = 0; kind->calls[i] >= 0 && n < MOST - 7; i++) {
    FILTER(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)kind->calls[i], 0, 1));
    FILTER(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  }
  FILTER(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close, 0, 3));
  FILTER(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)));
  FILTER(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FAULTS_MARKER, 0, 1));
  FILTER(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  FILTER(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
#undef FILTER
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &(struct sock_fprog){n, filter}) != 0)
    _exit(126);
}

static inline void inject_alarm(int number)
{
  (void)number;
}

static inline bool is_thread_of(pid_t child, pid_t thread)
{
  char place[64];
  snprintf(place, sizeof place, "/proc/%d/task/%d", (int)child, (int)thread);
  return thread == child || access(place, F_OK) == 0;
}

/* Lets a stopped thread go on. */
static inline void go_on(struct tracing *t, pid_t child, pid_t thread, int status)
{
  int number = WSTOPSIG(status);
  bool call = number == (SIGTRAP | 0x80) || status >> 16 == PTRACE_EVENT_SECCOMP;
  bool to_its_end = call && is_thread_of(child, thread) && trace_call(t, thread);
  bool own = number == (SIGTRAP | 0x80) || number == SIGTRAP || number == SIGSTOP;
  ptrace(to_its_end ? PTRACE_SYSCALL : PTRACE_CONT, thread, NULL, (void *)(long)(own ? 0 : number));
}

/* Waits for the traced child, its threads and what it has started, which a filter of calls without
 * a tracer would leave without these calls; the status that the child ended with. */
static inline int trace_to_end(struct tracing *t, pid_t child)
{
  static const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL |
                              PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                              PTRACE_O_TRACEEXEC;
  struct sigaction wake = {.sa_handler = inject_alarm}; /* waitpid returns */
  sigaction(SIGALRM, &wake, NULL);
  alarm(INJECT_SECONDS);
  int ended = 0;
  for (bool told = false;;) {
    int status;
    pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0 && errno == ECHILD)
      break;
    if (thread < 0) {
      ck_assert_int_eq(errno, EINTR);
      kill(-child, SIGKILL);
    } else if (WIFSTOPPED(status)) {
      if (!told)
        ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)options);
      told = true;
      go_on(t, child, thread, status);
    } else if (thread == child) {
      ended = status;
    }
  }
  alarm(0);
  return ended;
}

/* Runs a program in folder `where` whose call number `at` of a kind is spoilt (0: none). */
static inline struct injected inject(const char *where, const char *const *argv,
                                     const struct kind *kind, long at)
{
  struct injected result = {.site = ""};
  const char *out_name = in_folder("injected.out"), *err_name = in_folder("injected.err");
  const char *report = in_folder("injected.report"), *before = getenv("LD_PRELOAD");
  char number[32], libraries[2 * SPAWN_PATH];
  bool allocations = kind->calls == NULL;
  unlink(report);
  snprintf(number, sizeof number, "%ld", at);
  snprintf(libraries, sizeof libraries, "%s %s", built("tests/allocations.so"),
           before != NULL ? before : "");
  fflush(NULL);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it may not come to an end by itself */
    int out = open(out_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int err = open(err_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (allocations)
      setenv("FAULT_ALLOCATION", number, 1);
    setenv("FAULT_REPORT", report, 1);
    if (!allocations) {
      ptrace(PTRACE_TRACEME, 0, NULL, NULL);
      raise(SIGSTOP);
      stop_at_calls(kind);
    }
    setenv("LD_PRELOAD", libraries, 1);
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
