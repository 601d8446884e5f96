#!/bin/sh
# The README's table of what the shipped models reach on real digits:
#   tests/bench/figures.sh BUILD OUT DATA [SEEDS]
# DATA holds mnist_1_4_8_{train,test,val_recon}.npz. Trains both models with their own settings for
# each seed (default "0 1 2"), scores every part, and prints the rows in Markdown. The test file is
# only scored: nothing is chosen by it. A finished run in OUT is not trained again.
set -eu
build=$1
out=$2
data=$3
seeds=${4-0 1 2}
mkdir -p "$out"

first() { # KEY FILE: the first number under that key of the JSON
  grep -o "\"$1\":[-0-9.e]*" "$2" | head -n 1 | cut -d: -f2
}

echo "| Model, seed | Part | Images | MSE | SSIM | Accuracy | Macro P | Macro R | Macro F1 |"
echo "|---|---|---|---|---|---|---|---|---|"
for model in digits_mlp digits_conv; do
  for seed in $seeds; do
    run=$out/$model-$seed
    if [ ! -f "$run/metrics.json" ]; then
      "$build/models/$model" train --data "$data/mnist_1_4_8_train.npz" \
        --labelled "$data/mnist_1_4_8_val_recon.npz" --run "$run" --seed "$seed" --force \
        >"$out/$model-$seed.log"
    fi
    for part in training validation test labelled; do
      case $part in
        training | validation) file=train which="--part $part" ;;
        test) file=test which= ;;
        labelled) file=val_recon which= ;;
      esac
      json=$out/$model-$seed-$part.json
      # shellcheck disable=SC2086 # an option and its value
      "$build/models/$model" eval --run "$run" --data "$data/mnist_1_4_8_$file.npz" $which --json >"$json"
      printf '| %s, %s | %s | %s | %.4f | %.4f | %.4f | %.4f | %.4f | %.4f |\n' "$model" "$seed" \
        "$part" "$(first images "$json")" "$(first mse "$json")" "$(first ssim "$json")" \
        "$(first accuracy "$json")" "$(first macro_precision "$json")" \
        "$(first macro_recall "$json")" "$(first macro_f1 "$json")"
    done
  done
done
