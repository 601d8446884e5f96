/* What is legal, but surely not meant, of layers: each by itself, and one behind the other. */
#include "check_parts.h"
#include "geometry.h"

/* Whether a layer adds a number to each channel that the batch normalisation behind it takes away
 * with their mean, and nobody has said `bias on`. What `linear` makes an image has more numbers
 * than that. */
static bool adds_in_vain(const struct layer *layer)
{
  int bias = rule_attribute(layer->rule, "bias");
  bool each_value = layer->rule->kind == LAYER_LINEAR && layer->out.rank > 1;
  return bias >= 0 && layer->value[bias] != 0 && (layer->said >> bias & 1) == 0 && !each_value;
}

/* Windows with gaps between them. One pixel of each so many is often meant: a projection beside a
 * convolution of that stride. */
static void warn_windows(struct checker *checker, const struct layer *layer, struct span span)
{
  bool reads = layer->in.rank > 1 && rule_attribute(layer->rule, "stride") >= 0;
  for (int dim = 1; reads && dim < layer->in.rank; dim++) {
    struct window_axis axis = layer_axis(layer, dim);
    bool grows = layer_transposes(layer);
    int across = (axis.kernel - 1) * axis.dilation + 1;
    int64_t windows = grows ? layer->in.dim[dim] : layer->out.dim[dim];
    if (axis.stride <= across || windows < 2 || (axis.kernel == 1 && !grows))
      continue;
    diag_report(checker->diags, CODE_GAPS, span,
                "windows of %d %s%s are %d apart: what lies between them %s", across,
                layer->in.rank == 2 ? "value" : "pixel", across == 1 ? "" : "s", axis.stride,
                grows ? "gets the bias and nothing else" : "is never read");
    return;
  }
}

/* One layer after another: what the second makes of the first. */
static void warn_layer(struct checker *checker, const struct layer *layer,
                       const struct layer *before, struct span span)
{
  int kind = layer->rule->kind;
  bool vector = layer->in.rank == 1;
  if (layer_reshapes(layer) && shape_equal(&layer->in, &layer->out))
    diag_report(checker->diags, CODE_IDLE_LAYER, span, "`%s` receives %s and gives the same",
                layer->text, shape_text(checker->mem, &layer->in));
  if (before != NULL && kind == LAYER_RELU && before->rule->kind == LAYER_RELU)
    diag_report(checker->diags, CODE_IDLE_LAYER, span, "`relu` behind `relu` changes nothing");
  if (before != NULL && kind == LAYER_LINEAR && before->rule->kind == LAYER_LINEAR)
    diag_report(checker->diags, CODE_LINEAR_CHAIN, span,
                "two linear layers with nothing between them are one linear layer");
  if (kind != LAYER_BATCHNORM)
    return;
  if (before != NULL && adds_in_vain(before)) {
    diag_report(checker->diags, CODE_IDLE_BIAS, before->node->head,
                "the bias of `%s` does nothing: `batchnorm` takes the mean of each %s away again",
                before->rule->name, vector ? "feature" : "channel");
    diag_note(checker->diags, span, "the batch normalisation is here");
    diag_help(checker->diags, "write `%s, bias off`, or `bias on` to keep it",
              quoted(checker, before->node->head));
  }
  if (checker->model->training.batch == 1 && vector)
    diag_report(checker->diags, CODE_LONE_BATCHNORM, span,
                "with a batch of one, `batchnorm` of a vector gives nothing but 0");
  if (layer_value(layer, "momentum") == 0)
    diag_report(checker->diags, CODE_STILL_BATCHNORM, span,
                "with momentum 0 the running mean and variance never move");
}

/* What begins a layer's braces is also added to what the layer behind them receives. */
void warnings_of_layers(struct checker *checker, const struct section *section)
{
  for (int i = 0; i < section->count; i++) {
    const struct layer *layer = &section->layers[i];
    bool behind = i > 0 && !layer->joined;
    warn_layer(checker, layer, behind ? &section->layers[i - 1] : NULL, layer->node->head);
    warn_windows(checker, layer, layer->node->head);
  }
}
