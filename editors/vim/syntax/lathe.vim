" Vim syntax of Lathe's descriptions; made by `lathe support vim`.
if exists('b:current_syntax')
  finish
endif

syntax iskeyword @,48-57,_,+
syntax keyword latheForm let repeat block include defaults lathe
syntax keyword latheSection model encoder decoder loss mixture train
syntax keyword latheLayer linear conv1d conv2d conv_transpose1d conv_transpose2d max_pool avg_pool global_avg_pool upsample batchnorm layernorm groupnorm relu leaky_relu elu selu gelu silu softplus tanh sigmoid dropout residual concat shortcut flatten reshape code
syntax keyword latheSetting precision input normalise latent memory_limit bernoulli gaussian categorical kl components covariance init floor tolerance iterations restarts adam adamw sgd rmsprop clip constant step exponential cosine plateau warmup early_stopping augment batch epochs split seed
syntax keyword latheAttribute range per mean deviation logvar for variance start decode cycles ramp unit free_bits beta1 beta2 eps weight_decay momentum nesterov alpha centered by gamma minimum over patience threshold cooldown gain shift noise flip bias algorithm kernel stride pad dilation groups output_pad slope
syntax keyword latheChoice float32 float64 standard minmax given none channel value all training inference learned learned_each predicted mode steps full diag tied spherical labelled kmeans++ random norm on off auto blas blocks dots direct winograd nearest bilinear
syntax match latheNumber '\<\d[0-9.]*\%([eE][-+]\=\d\+\)\=[KMG]\=\>\|\.\d\+'
syntax match latheComment '#.*$' contains=@Spell
syntax region latheString start='"' end='"' oneline

highlight default link latheForm PreProc
highlight default link latheSection Structure
highlight default link latheLayer Function
highlight default link latheSetting Statement
highlight default link latheAttribute Identifier
highlight default link latheChoice Constant
highlight default link latheNumber Number
highlight default link latheComment Comment
highlight default link latheString String

setlocal commentstring=#\ %s
let b:current_syntax = 'lathe'
