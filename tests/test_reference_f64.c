#include "test_reference.c"
