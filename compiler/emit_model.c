#include "emit_model.h"
#include "em.h"
#include "emit.h"
#include "emit_descriptor.h"
#include "emit_header.h"
#include "emit_optimiser.h"
#include "emit_passes.h"

static struct emitter *begin(const struct compilation *c)
{
  struct emitter *e = emitter_new(c->mem, c->model);
  emit_bind_int(e, "input", shape_size(&c->model->input));
  emit_bind(e, "input_shape", "%s", shape_text(c->mem, &c->model->input));
  emit_bind_int(e, "latent", c->model->latent);
  emit_bind_int(e, "components", c->model->mixing.components);
  emit_bind(e, "header", c->model->kind == LATHE_ALONE ? "%s.h" : "%s_internal.h", c->model->name);
  return e;
}

static void emit_main(struct emitter *e)
{
  emit(e, "/* The command line of $model: train, eval, classify, ... are the runtime's. */\n"
          "#include \"${model}.h\"\n\n"
          "int main(int argc, char **argv)\n"
          "{\n"
          "return lathe_main(argc, argv, &${model}_model);\n"
          "}\n");
}

static void add_file(struct emitted *all, struct emitter *e, const char *suffix)
{
  all->files[all->count++] = (struct emitted_file){
      .name = mem_printf(e->mem, "%s%s", e->model->name, suffix),
      .text = e->out.data,
      .length = e->out.length,
  };
}

/* A mixture alone: EM, and what the runtime needs. */
static void emit_alone(struct emitted *all, const struct compilation *c)
{
  struct emitter *e = begin(c);
  emit_alone_header(e, c);
  add_file(all, e, ".h");

  e = begin(c);
  emit_em(e);
  add_file(all, e, "_em.c");

  e = begin(c);
  emit_descriptor(e, c, false);
  add_file(all, e, "_model.c");

  e = begin(c);
  emit_main(e);
  add_file(all, e, "_main.c");
}

struct emitted *emit_model(const struct compilation *c)
{
  struct emitted *all = mem_alloc(c->mem, sizeof *all);
  if (c->model->kind == LATHE_ALONE) {
    emit_alone(all, c);
    return all;
  }
  struct emitter *e = begin(c);
  emit_header(e, c);
  add_file(all, e, ".h");

  /* The internal header first: it names the places that the programs' code refers to. */
  e = begin(c);
  emit_internal_header(e, c);
  add_file(all, e, "_internal.h");

  e = begin(c);
  bool blas = emit_forward(e, c);
  add_file(all, e, "_forward.c");

  e = begin(c);
  blas = emit_backward(e, c) || blas;
  add_file(all, e, "_backward.c");

  e = begin(c);
  emit_optimiser(e, c);
  add_file(all, e, "_train.c");

  e = begin(c);
  emit_em(e);
  add_file(all, e, "_em.c");

  e = begin(c);
  emit_descriptor(e, c, blas);
  add_file(all, e, "_model.c");

  e = begin(c);
  emit_main(e);
  add_file(all, e, "_main.c");
  return all;
}
