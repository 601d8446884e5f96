#include "other_main.h"
#include "toolchain.h"
#include "verify_parts.h"
#include "write.h"
#include <string.h>

static const struct {
  const char *name;
  bool float64, plain;
  const char *cflags; /* plain loops are not meant to be fast, but the build is */
} variants[VARIANTS] = {
    [FAST64] = {"float64", true, false, ""},
    [PLAIN64] = {"float64-plain", true, true, "-O1"},
    [FAST32] = {"float32", false, false, ""},
    [PLAIN32] = {"float32-plain", false, true, "-O1"},
};

const char *variant_name(enum variant variant)
{
  return variants[variant].name;
}

static struct emitted *emit_variant(struct mem *mem, struct model *model)
{
  struct compilation *c = compile(mem, model, STAGE_NONE, stdout);
  return c != NULL ? emit_model(c) : NULL;
}

/* What differs between two emissions of the same variant. */
static void compare_emissions(struct findings *findings, const char *precision,
                              const struct emitted *first, const struct emitted *second)
{
  struct mem *mem = findings->mem;
  struct finding finding = {.check = "emission",
                            .precision = precision,
                            .item = mem_printf(mem, "%d files, byte for byte", first->count),
                            .detail = ""};
  for (int i = 0; i < first->count && finding.error == 0; i++) {
    const struct emitted_file *a = &first->files[i], *b = &second->files[i];
    if (second->count == first->count && a->length == b->length &&
        memcmp(a->text, b->text, a->length) == 0)
      continue;
    finding.error = 1;
    finding.item = a->name;
    finding.detail = "the second emission is another";
  }
  findings_add(findings, finding);
}

static bool build_variant(const struct model *model, enum variant variant, const char *folder,
                          const struct verify_options *options, struct findings *findings)
{
  struct mem *mem = mem_new(), *other = mem_new();
  struct model own = *model;
  own.float64 = variants[variant].float64;
  own.plain = variants[variant].plain;
  struct emitted *emitted = emit_variant(mem, &own), *again = emit_variant(other, &own);
  bool built = emitted != NULL && again != NULL;
  if (built) {
    compare_emissions(findings, variants[variant].name, emitted, again);
    const char *place = mem_printf(mem, "%s/%s", folder, variants[variant].name);
    emitted = emitted_with_main(mem, emitted, model->name, "self-check", "selfcheck.h",
                                "lathe_selfcheck_main");
    built = write_emitted(emitted, place);
    const struct build_options build = {
        .output = mem_printf(mem, "%s/selfcheck", place),
        .emit_dir = place,
        .cc = options->cc,
        .cflags = mem_printf(mem, "%s %s", variants[variant].cflags,
                             options->cflags != NULL ? options->cflags : ""),
    };
    built = built && build_binary(mem, &own, emitted, &build);
  }
  mem_free(mem);
  mem_free(other);
  return built;
}

bool variants_build(const struct model *model, const char *folder,
                    const struct verify_options *options, struct findings *findings)
{
  for (int i = 0; i < VARIANTS; i++)
    if (!build_variant(model, (enum variant)i, folder, options, findings))
      return false;
  return true;
}
