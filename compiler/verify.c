#include "verify.h"
#include "child.h"
#include "verify_parts.h"
#include "work_folder.h"
#include <unistd.h>

/* Images in a call: few; more than one task of a kernel takes, unevenly; and one. */
static const int BATCHES[] = {3, 17, 1};

/* For finite differences: two sizes, small because every entry takes four steps. */
static const int PROBED[] = {3, 5};

struct verification {
  struct mem *mem;
  const char *folder;
  bool keep;
  struct findings *findings;
};

static const char *program(const struct verification *v, enum variant variant)
{
  return mem_printf(v->mem, "%s/%s/selfcheck", v->folder, variant_name(variant));
}

/* The four variants on the same n images, and what differs between them. */
static void compare_variants(const struct verification *v, int n)
{
  struct mem *mem = v->mem;
  const char *images = mem_printf(mem, "%d", n), *files[VARIANTS];
  const char *moved = mem_printf(mem, "%s/moved-batch-%d.safetensors", v->folder, n);
  bool recorded = true;
  for (int i = 0; i < VARIANTS; i++) {
    const char *name = variant_name((enum variant)i), *own = program(v, (enum variant)i);
    files[i] = mem_printf(mem, "%s/%s-batch-%d.safetensors", v->folder, name, n);
    const char *const record[] = {own, "record", files[i], images, NULL};
    recorded = run_check(v->findings, name, record) && recorded;
  }
  const char *const disturb[] = {program(v, PLAIN64), "disturb", moved, images, NULL};
  const char *const compare[] = {program(v, FAST64), "compare",      files[FAST64], files[PLAIN64],
                                 files[FAST32],      files[PLAIN32], moved,         NULL};
  if (recorded && run_check(v->findings, variant_name(PLAIN64), disturb))
    run_check(v->findings, variant_name(FAST64), compare);
  for (int i = 0; i < VARIANTS && !v->keep; i++)
    unlink(files[i]);
  if (!v->keep)
    unlink(moved);
}

/* One check of the fast code in both precisions. */
static void check_both(const struct verification *v, const char *check)
{
  run_check(v->findings, "float64", (const char *const[]){program(v, FAST64), check, NULL});
  run_check(v->findings, "float32", (const char *const[]){program(v, FAST32), check, NULL});
}

/* What a mixture alone has not. */
static void check_layers(const struct verification *v, const struct verify_options *options,
                         FILE *out)
{
  for (size_t i = 0; i < sizeof BATCHES / sizeof *BATCHES; i++)
    compare_variants(v, BATCHES[i]);
  report_findings(out, v->findings, options->json);

  for (size_t i = 0; i < sizeof PROBED / sizeof *PROBED; i++)
    run_check(v->findings, "float64",
              (const char *const[]){program(v, FAST64), "gradients",
                                    mem_printf(v->mem, "%d", PROBED[i]), NULL});
  report_findings(out, v->findings, options->json);
}

static bool verify_in(struct mem *mem, const char *folder, const struct model *model,
                      const struct verify_options *options, FILE *out)
{
  struct findings findings = {.mem = mem, .model = model};
  const struct verification v = {mem, folder, options->keep != NULL, &findings};
  if (!variants_build(model, folder, options, &findings))
    return false;
  report_findings(out, &findings, options->json);

  if (model->kind != LATHE_ALONE)
    check_layers(&v, options, out);

  static const char *const others[] = {"optimiser", "em", "bits"};
  for (size_t i = model->kind == LATHE_ALONE; i < sizeof others / sizeof *others; i++) {
    check_both(&v, others[i]);
    report_findings(out, &findings, options->json);
  }
  return !interrupted() && report_end(out, stderr, &findings, options->json);
}

bool verify(struct mem *mem, const struct model *model, const struct verify_options *options,
            FILE *out)
{
  const char *folder = work_folder(mem, "verify", options->keep);
  if (folder == NULL)
    return false;
  bool good = verify_in(mem, folder, model, options, out);
  if (options->keep == NULL)
    remove_tree(mem, folder);
  return good;
}
