/* The parts of `lathe verify`: building the variants, running their checks, showing the findings.
 */
#ifndef VERIFY_PARTS_H
#define VERIFY_PARTS_H

#include "verify.h"

/* ---- Findings (verify_findings.c) ---- */

/* As the self-check prints them (runtime/selfcheck_parts.h), and the layer that they are about. */
struct finding {
  const char *check, *precision, *item, *detail;
  double error, tolerance, ulp; /* an error of NaN: there was nothing to measure */
  const struct layer *layer;    /* NULL: none */
};

struct findings {
  struct mem *mem;
  const struct model *model;
  struct finding *items;
  int count, capacity;
  int printed;
};

bool finding_good(const struct finding *finding);

/* Adds a finding, whose strings must last, or keeps the worse one where there is one of the same
 * check, precision and item. */
void findings_add(struct findings *findings, struct finding finding);

/* The same from a line that a self-check printed; false when it is none. */
bool findings_add_line(struct findings *findings, const char *line);

/* The layer that a value or tensor belongs to, by its name; NULL when there is none. */
const struct layer *finding_layer(const struct model *model, const char *item);

/* ---- The report (verify_report.c) ---- */

/* Prints the findings that have not been printed yet: rows of the table, or JSON lines. */
void report_findings(FILE *out, struct findings *findings, bool json);

/* The last line; and on `errors`, a line for each finding that is not good. Returns whether all
 * are. */
bool report_end(FILE *out, FILE *errors, const struct findings *findings, bool json);

/* ---- The variants (verify_variants.c) ---- */

enum variant { FAST64, PLAIN64, FAST32, PLAIN32, VARIANTS };

/* "float64", "float64-plain", ... */
const char *variant_name(enum variant variant);

/* Compiles and emits each variant twice, adds what was found, and builds its self-check as
 * FOLDER/NAME/selfcheck. False, having said why, when one cannot be built. */
bool variants_build(const struct model *model, const char *folder,
                    const struct verify_options *options, struct findings *findings);

/* ---- Running them (verify_run.c) ---- */

/* Runs a self-check: argv[0] is the program, argv[1] the check. Adds the findings it prints. False
 * when it does not end well; a finding then says so. */
bool run_check(struct findings *findings, const char *precision, const char *const *argv);

#endif
