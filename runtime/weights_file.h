/* A file of weights: train's own, or a PyTorch state_dict. */
#ifndef LATHE_WEIGHTS_FILE_H
#define LATHE_WEIGHTS_FILE_H

#include "error.h"
#include "model.h"
#include "tensors.h"
#include <stdbool.h>

/* Reads a .safetensors file as lathe_tensors_read does, and refuses one that says that it belongs
 * to another model. One that says nothing (from PyTorch) is taken. */
bool lathe_weights_read(struct lathe_tensors *tensors, const char *path,
                        const struct lathe_model *model, struct lathe_error *err);

#endif
