#include "test_dataset.c"
