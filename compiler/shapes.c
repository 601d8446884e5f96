#include "shapes_parts.h"

const char *origin_place(const struct layer_check *check)
{
  const struct source *source = check->diags->source;
  struct place place = source_place(source, check->from.span.begin);
  if (place.file == source_file(source, check->span.begin))
    return mem_printf(check->diags->mem, "line %d", place.line);
  return mem_printf(check->diags->mem, "%s:%d", place.file->path, place.line);
}

const char *received(const struct layer_check *check)
{
  struct mem *mem = check->diags->mem;
  return mem_printf(mem, "%s from `%s` (%s)", shape_text(mem, &check->layer->in), check->from.text,
                    origin_place(check));
}

bool note_origin(const struct layer_check *check)
{
  diag_note(check->diags, check->from.span, "%s comes from here",
            shape_text(check->diags->mem, &check->layer->in));
  return false;
}

static bool needs_vector(const struct layer_check *check)
{
  if (check->layer->in.rank == 1)
    return true;
  diag_report(check->diags, CODE_NEEDS_VECTOR, check->span, "%s needs a vector, but receives %s",
              check->layer->rule->name, received(check));
  note_origin(check);
  diag_help(check->diags, "put `flatten;` before it");
  return false;
}

bool shape_linear(struct layer_check *check)
{
  struct layer *layer = check->layer;
  double features = layer_value(layer, "features");
  if (!needs_vector(check))
    return false;
  layer->out = (struct shape){1, {(int64_t)features}};
  if (layer->shape.rank > 0)
    layer->out = layer->shape;
  check->parameters = ((double)layer->in.dim[0] + layer_value(layer, "bias")) * features;
  return true;
}

bool shape_batchnorm(struct layer_check *check)
{
  check->parameters = 2 * (double)check->layer->in.dim[0];
  return shape_same(check);
}

/* A value that is normalised by itself is always 0. */
static bool needs_several(struct layer_check *check, int64_t count, const char *what)
{
  if (count > 1)
    return true;
  diag_report(check->diags, CODE_LONE_VALUE, check->span,
              "%s normalises %s of one value, which makes it 0: it receives %s",
              check->layer->rule->name, what, received(check));
  return note_origin(check);
}

bool shape_layernorm(struct layer_check *check)
{
  check->parameters = 2 * (double)shape_size(&check->layer->in);
  return needs_several(check, shape_size(&check->layer->in), "an image") && shape_same(check);
}

bool shape_groupnorm(struct layer_check *check)
{
  const struct shape *in = &check->layer->in;
  int64_t groups = layer_int(check->layer, "groups"), channels = in->dim[0], nearest = groups;
  check->parameters = 2 * (double)channels;
  if (channels % groups == 0)
    return needs_several(check, shape_size(in) / groups, "groups") && shape_same(check);
  while (nearest > channels || channels % nearest != 0)
    nearest = nearest > channels ? channels : nearest - 1;
  diag_report(check->diags, CODE_UNEVEN_GROUPS, check->span,
              "%lld %s cannot be parted into %lld groups: groupnorm receives %s",
              (long long)channels, in->rank == 1 ? "features" : "channels", (long long)groups,
              received(check));
  note_origin(check);
  diag_help(check->diags, "the greatest number below it that divides them is %lld",
            (long long)nearest);
  return false;
}

/* What a layer's braces give does not fit to what they receive, or to what its shortcut gives. */
static bool report_joined(struct layer_check *check, const char *needed)
{
  struct mem *mem = check->diags->mem;
  const struct layer *layer = check->layer;
  const char *beside = shape_text(mem, &layer->beside);
  diag_report(check->diags, CODE_JOINED_SHAPES, check->span,
              layer->shortcut < 0
                  ? "the layers in `%s` receive %s and give %s, but %s"
                  : "the shortcut in `%s` gives %s, and the other layers give %s, but %s",
              layer->rule->name, beside, shape_text(mem, &layer->in), needed);
  diag_note(check->diags, check->beside.span, "%s comes from here", beside);
  return note_origin(check);
}

bool shape_residual(struct layer_check *check)
{
  if (!shape_equal(&check->layer->in, &check->layer->beside))
    return report_joined(check, "only equal shapes can be added");
  return shape_same(check);
}

bool shape_concat(struct layer_check *check)
{
  struct layer *layer = check->layer;
  struct shape fits = layer->in;
  fits.dim[0] = layer->beside.dim[0];
  if (layer->in.rank != layer->beside.rank)
    return report_joined(check, "what has other dimensions cannot be put behind it");
  if (!shape_equal(&fits, &layer->beside))
    return report_joined(check, layer->in.rank == 2 ? "must keep the length"
                                                    : "must keep height and width");
  layer->out = layer->in;
  layer->out.dim[0] += layer->beside.dim[0];
  return true;
}

bool shape_same(struct layer_check *check)
{
  check->layer->out = check->layer->in;
  return true;
}

bool shape_flatten(struct layer_check *check)
{
  check->layer->out = (struct shape){1, {shape_size(&check->layer->in)}};
  return true;
}

/* The dimension that makes the shape one of so many values, changed as little as can be. */
static void suggest_reshape(const struct layer_check *check, int64_t values)
{
  const struct shape *shape = &check->layer->shape;
  struct shape best = {0};
  double least = 0;
  for (int i = shape->rank - 1; i >= 0; i--) {
    struct shape tried = *shape;
    int64_t others = shape_size(shape) / shape->dim[i];
    if (values % others != 0)
      continue;
    tried.dim[i] = values / others;
    double change = tried.dim[i] > shape->dim[i] ? (double)tried.dim[i] / (double)shape->dim[i]
                                                 : (double)shape->dim[i] / (double)tried.dim[i];
    if (best.rank == 0 || change < least) {
      best = tried;
      least = change;
    }
  }
  if (best.rank > 0)
    diag_help(check->diags, "`reshape %s` has %lld values", shape_text(check->diags->mem, &best),
              (long long)values);
}

bool shape_reshape(struct layer_check *check)
{
  struct layer *layer = check->layer;
  int64_t needed = shape_size(&layer->shape), given = shape_size(&layer->in);
  layer->out = layer->shape;
  if (needed == given)
    return true;
  diag_report(check->diags, CODE_RESHAPE_SIZE, check->span,
              "reshape to %s needs %lld values, but receives %lld from `%s` (%s)",
              shape_text(check->diags->mem, &layer->shape), (long long)needed, (long long)given,
              check->from.text, origin_place(check));
  note_origin(check);
  suggest_reshape(check, given);
  return false;
}

bool shape_gaussian(struct layer_check *check)
{
  struct layer *layer = check->layer;
  layer->out = (struct shape){1, {check->latent}};
  check->parameters = 2 * ((double)shape_size(&layer->in) + 1) * (double)check->latent;
  return true;
}

bool shape_code(struct layer_check *check)
{
  struct layer *layer = check->layer;
  layer->out = (struct shape){1, {check->latent}};
  check->parameters = ((double)shape_size(&layer->in) + 1) * (double)check->latent;
  return true;
}
