#include "emit_alone.h"
#include "emit_model.h"

void emit_alone_header(struct emitter *e, const struct compilation *c)
{
  emit_bind_int(e, "em_doubles", c->em_doubles);
  emit(
      e,
      "/* $model: a Gaussian mixture.\n"
      " *\n"
      " * Points are $input_shape, $input values each. A state (state.h) holds all memory that EM\n"
      " * needs: lathe_state_new makes one, or lathe_state_attach puts it into memory of yours,\n"
      " * lathe_arena_bytes long. No function here allocates. */\n"
      "#ifndef LATHE_EMITTED_${MODEL}_H\n"
      "#define LATHE_EMITTED_${MODEL}_H\n\n"
      "#include <lathe/model.h>\n\n"
      "enum {\n"
      "${MODEL}_INPUT = $input,\n"
      "${MODEL}_COMPONENTS = $components,\n"
      "${MODEL}_EM_DOUBLES = $em_doubles, /* memory of EM, in values of type double */\n"
      "};\n\n");
  emit_em_prototypes(e);
  emit(e, "/* The most probable component [n] of each of n points. posterior [n, $components] is "
          "filled on\n"
          " * the way. Returns as em_step does. */\n"
          "int ${model}_classify(const struct lathe_mixture *mixture, int64_t n, const $real "
          "*points,\n"
          "double *posterior, int *component);\n\n"
          "/* What the runtime needs to know of the model: sizes, settings, entry points. */\n"
          "extern const struct lathe_model ${model}_model;\n\n"
          "#endif\n");
}

void emit_alone_classify(struct emitter *e)
{
  emit(e, "int ${model}_classify(const struct lathe_mixture *mixture, int64_t n, const $real "
          "*points,\n"
          "double *posterior, int *component)\n"
          "{\n"
          "const int failed = ${model}_responsibilities(mixture, n, points, posterior, NULL);\n"
          "for (int64_t i = 0; i < n && failed == 0; i++) {\n"
          "const double *const p = posterior + i * ${MODEL}_COMPONENTS;\n"
          "int best = 0;\n"
          "for (int k = 1; k < ${MODEL}_COMPONENTS; k++)\n  best = p[k] > p[best] ? k : best;\n"
          "component[i] = best;\n"
          "}\n"
          "return failed;\n"
          "}\n");
}
