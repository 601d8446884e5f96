/* The commands of a model's binary. To add one: a row of commands.def and a file cmd_NAME.c. */
#ifndef LATHE_COMMAND_H
#define LATHE_COMMAND_H

#include "error.h"
#include "model.h"
#include "options.h"

/* Exit statuses; the last two as a shell gives them for programs that a signal ended. */
enum lathe_status {
  LATHE_DONE = 0,
  LATHE_FAILED = 1,
  LATHE_USAGE = 2,
  LATHE_INTERRUPTED = 130, /* stopped by SIGINT, and can be resumed */
  LATHE_TERMINATED = 143,  /* by SIGTERM */
};

/* What a command is called with. */
struct lathe_call {
  const struct lathe_model *model;
  const char *program; /* the binary's name, for messages */
  struct lathe_options options;
};

/* Does the command's work. Unless it returns LATHE_DONE, *err says why. */
typedef enum lathe_status lathe_command(const struct lathe_call *call, struct lathe_error *err);

#define COMMAND(name, ...) lathe_command lathe_command_##name;
#include "commands.def"
#undef COMMAND

/* The status of a step that can fail for reasons other than the way it was called. */
enum lathe_status lathe_status_of(bool done);

/* Fails as wrong usage: formats the message and returns LATHE_USAGE. */
enum lathe_status lathe_usage(struct lathe_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says on standard output, unless --quiet was given, what was written; nothing when the output is
 * no ordinary file (/dev/stdout), so that the two do not mix. */
void lathe_note(const struct lathe_call *call, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fails now when `path` could not be written later; leaves no trace. */
bool lathe_check_output(const char *path, struct lathe_error *err);

#endif
