#include "other_main.h"
#include "text.h"
#include <string.h>

struct emitted *emitted_with_main(struct mem *mem, const struct emitted *emitted, const char *name,
                                  const char *title, const char *header, const char *function)
{
  struct emitted *all = mem_alloc(mem, sizeof *all);
  *all = *emitted;
  const char *main = mem_printf(mem, "%s_main.c", name);
  for (int i = 0; i < all->count; i++) {
    if (strcmp(all->files[i].name, main) != 0)
      continue;
    struct text text = {.mem = mem};
    text_printf(&text,
                "/* The %s of %s, in the place of its command line. */\n"
                "#include \"%s.h\"\n"
                "#include <lathe/%s>\n\n"
                "int main(int argc, char **argv)\n"
                "{\n"
                "  return %s(argc, argv, &%s_model);\n"
                "}\n",
                title, name, name, header, function, name);
    all->files[i].text = text.data;
    all->files[i].length = text.length;
  }
  return all;
}
