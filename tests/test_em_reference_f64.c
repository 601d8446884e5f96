#include "test_em_reference.c"
