/* EM for the model's mixture: its workspace, and its emission. */
#ifndef EM_H
#define EM_H

#include "emit.h"

/* Doubles of statistics that em_step needs. */
int64_t em_workspace(const struct model *model);

/* NAME_em.c: em_step and responsibilities, specialised for components, dimensions and covariance.
 */
void emit_em(struct emitter *e);

#endif
