#include "test_layers.c"
