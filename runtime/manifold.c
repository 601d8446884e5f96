#include "manifold.h"
#include "allocate.h"
#include "picture.h"
#include "quantile.h"
#include <stdlib.h>

void lathe_manifold_latents(int n, double from, double to, lathe_real *latents)
{
  for (int row = 0; row < n; row++)
    for (int column = 0; column < n; column++) {
      lathe_real *latent = latents + 2 * (row * n + column);
      latent[0] = (lathe_real)lathe_normal_quantile(from + (to - from) * column / (n - 1));
      latent[1] = (lathe_real)lathe_normal_quantile(from + (to - from) * row / (n - 1));
    }
}

bool lathe_manifold_picture(struct lathe_session *session, const char *path, int n, double from,
                            double to, struct lathe_error *err)
{
  const struct lathe_model *model = session->model;
  int64_t count = (int64_t)n * n;
  lathe_real *latents = lathe_allocate(count, 2, sizeof *latents, "the grid's latents", err);
  lathe_real *images =
      lathe_allocate(count, model->input_size, sizeof *images, "the grid's images", err);
  bool good = latents && images;
  if (good) {
    lathe_manifold_latents(n, from, to, latents);
    lathe_decode_latents(session, count, latents, images);
    struct lathe_picture_format format = lathe_picture_format_of(model, images, count);
    good = lathe_picture_manifold(path, &format, images, n, from, to, err);
  }
  free(latents);
  free(images);
  return good;
}
