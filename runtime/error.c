#include "error.h"
#include <stdarg.h>
#include <stdio.h>

bool lathe_fail(struct lathe_error *err, const char *format, ...)
{
  if (err) {
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
  }
  return false;
}

void lathe_error_tidy(struct lathe_error *err)
{
  for (char *c = err->text; *c; c++)
    if ((unsigned char)*c < ' ')
      *c = ' ';
}
