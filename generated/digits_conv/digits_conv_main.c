/* The command line of digits_conv: train, eval, classify, ... are the runtime's. */
#include "digits_conv.h"

int main(int argc, char **argv)
{
  return lathe_main(argc, argv, &digits_conv_model);
}
