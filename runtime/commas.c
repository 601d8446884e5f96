#include "commas.h"
#include <stdio.h>

const char *lathe_commas(char *text, double value)
{
  char digits[LATHE_COMMAS];
  int length = snprintf(digits, sizeof digits, "%.0f", value >= 0 && value < 1e15 ? value : 0);
  int out = 0;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0)
      text[out++] = ',';
    text[out++] = digits[i];
  }
  text[out] = '\0';
  return text;
}
