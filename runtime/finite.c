#include "finite.h"
#include "tensor_order.h"
#include "words.h"
#include <stdint.h>
#include <string.h>

#ifdef LATHE_FLOAT64
typedef uint64_t bits;
static const bits exponent = UINT64_C(0x7ff0000000000000);
#else
typedef uint32_t bits;
static const bits exponent = UINT32_C(0x7f800000);
#endif

/* What is not finite has all bits of the exponent set. In blocks, which the compiler turns into
 * vectors; comparisons of floating-point numbers it might take for granted. */
bool lathe_all_finite(const lathe_real *values, size_t count)
{
  enum { BLOCK = 32 };
  size_t i = 0;
  for (; i + BLOCK <= count; i += BLOCK) {
    bits block[BLOCK], found = 0;
    memcpy(block, values + i, sizeof block);
    for (int j = 0; j < BLOCK; j++)
      found |= (block[j] & exponent) == exponent;
    if (found)
      return false;
  }
  for (; i < count; i++) {
    bits one;
    memcpy(&one, values + i, sizeof one);
    if ((one & exponent) == exponent)
      return false;
  }
  return true;
}

bool lathe_expect_finite(const struct lathe_model *model, const char *what,
                         const lathe_real *values, int64_t first, int64_t n, int64_t each,
                         struct lathe_error *err)
{
  for (int64_t i = 0; i < n; i++)
    if (!lathe_all_finite(values + i * each, (size_t)each))
      return lathe_fail(err,
                        "%s of %s %lld is not a finite number: the weights are too large for "
                        "it, or damaged; train with a lower rate",
                        what, lathe_input_word(model), (long long)(first + i));
  return true;
}

/* The parameters first .. first+count-1, and the optimiser's state of these. */
static bool blocks_finite(const struct lathe_state *state, const struct lathe_model *model,
                          size_t first, size_t count)
{
  if (!lathe_all_finite(state->fixed + first, count))
    return false;
  for (int i = 0; i < LATHE_MOMENTS; i++)
    if (model->moments[i] != 0 &&
        !lathe_all_finite(state->fixed + model->moments[i] + first, count))
      return false;
  return true;
}

bool lathe_state_finite(const struct lathe_state *state, const struct lathe_model *model)
{
  if (!blocks_finite(state, model, 0, model->trained))
    return false;
  for (int i = 0; i < model->tensor_count; i++) {
    const struct lathe_tensor *tensor = &model->tensors[i];
    if (tensor->role == LATHE_BUFFER &&
        !lathe_all_finite(state->fixed + tensor->offset, (size_t)lathe_tensor_size(tensor)))
      return false;
  }
  return true;
}

bool lathe_share_finite(const struct lathe_state *state, const struct lathe_model *model,
                        int64_t step)
{
  size_t share = (model->trained + LATHE_FINITE_SHARES - 1) / LATHE_FINITE_SHARES;
  size_t first = share * (size_t)(step % LATHE_FINITE_SHARES);
  if (first >= model->trained)
    return true;
  size_t count = model->trained - first < share ? model->trained - first : share;
  return blocks_finite(state, model, first, count);
}
