#include "weights_file.h"
#include "safetensors.h"
#include <string.h>

bool lathe_weights_read(struct lathe_tensors *tensors, const char *path,
                        const struct lathe_model *model, struct lathe_error *err)
{
  if (!lathe_tensors_read(tensors, path, err))
    return false;
  const char *fingerprint = lathe_tensors_metadata(tensors, "fingerprint");
  const char *name = lathe_tensors_metadata(tensors, "model");
  if (!fingerprint || strcmp(fingerprint, model->fingerprint) == 0)
    return true;
  lathe_fail(err,
             "%s holds weights of model %s (fingerprint %s), and this is model %s (fingerprint "
             "%s): use the binary that trained it",
             path, name ? name : "?", fingerprint, model->name, model->fingerprint);
  lathe_tensors_free(tensors);
  return false;
}
