/* The command line of digits_mlp: train, eval, classify, ... are the runtime's. */
#include "digits_mlp.h"

int main(int argc, char **argv)
{
  return lathe_main(argc, argv, &digits_mlp_model);
}
