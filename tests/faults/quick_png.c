/* LD_PRELOADed into programs that faults are tried on: packs pictures less well, in a fraction of
 * the time, which is most of what a training of a small model takes. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <png.h>
#include <string.h>
#include <zlib.h>

/* The library's function of that name. ISO C has no way to make one of an address. */
#define THE(name)                                                                                  \
  __extension__ __typeof__(&name) the_##name;                                                      \
  void *address_of_##name = dlsym(RTLD_NEXT, #name);                                               \
  memcpy(&the_##name, &address_of_##name, sizeof the_##name)

png_structp png_create_write_struct(png_const_charp version, png_voidp closure, png_error_ptr error,
                                    png_error_ptr warning)
{
  THE(png_create_write_struct);
  THE(png_set_filter);
  THE(png_set_compression_level);
  png_structp png = the_png_create_write_struct(version, closure, error, warning);
  if (png != NULL) {
    the_png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    the_png_set_compression_level(png, Z_BEST_SPEED);
  }
  return png;
}
