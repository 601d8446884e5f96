#include "test_optimisers.c"
