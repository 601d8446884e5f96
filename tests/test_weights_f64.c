#include "test_weights.c"
