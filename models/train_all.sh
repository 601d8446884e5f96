#!/bin/sh
# Trains the models of this folder as they are described, on data made up here, and prints a table of
# what they reach on examples that they have not seen. Called by `make train-models`:
#   models/train_all.sh BUILD OUT [MODEL]...
# digits_ten is trained on all ten digits, other digits_* on 1, 4 and 8, the rest on the data of
# their names (examples/README.md). The seeds are fixed: a machine prints the same table each time.
set -eu
build=$1
out=$2
shift 2
if [ $# -eq 0 ]; then
  for model in models/*.lathe; do
    model=${model##*/}
    set -- "$@" "${model%.lathe}"
  done
fi
mkdir -p "$out"

# Sets $train, $test and $few: the data of a model, made where they are not there yet.
make_data() {
  case $1 in
  digits_ten) stem=$out/data/mnist_0_1_2_3_4_5_6_7_8_9 few=val_recon ;;
  digits_*) stem=$out/data/mnist_1_4_8 few=val_recon ;;
  *) stem=$out/data/$1 few=few ;;
  esac
  if [ ! -f "${stem}_$few.npz" ]; then
    case $1 in
    digits_ten)
      "$build/examples/draw_digits" -o "$out/data" -d 0,1,2,3,4,5,6,7,8,9 --train 8000 --test 1000
      ;;
    digits_*) "$build/examples/draw_digits" -o "$out/data" --train 4000 --test 1000 ;;
    *) "$build/examples/draw_data" "$1" -o "$out/data" ;;
    esac >"$out/made.txt"
  fi
  train=${stem}_train.npz test=${stem}_test.npz few=${stem}_$few.npz
}

# figure NAME FORMAT: a number of $json, or a dash where it has none.
# shellcheck disable=SC2059 # formats are given
figure() {
  value=$(sed -n "s/.*\"$1\": *\(-\{0,1\}[0-9][0-9.e+-]*\).*/\1/p" "$json" | head -n 1)
  if [ -n "$value" ]; then printf "$2" "$value"; else printf '%s' '-'; fi
}

echo "| Model | MSE | SSIM | ELBO | Log-likelihood | Accuracy |"
echo "|---|---|---|---|---|---|"
for model in "$@"; do
  make_data "$model"
  run=$out/$model
  json=$out/$model.json
  "$build/models/$model" train --data "$train" --labelled "$few" --run "$run" --force --quiet
  "$build/models/$model" eval --run "$run" --data "$test" --json >"$json"
  printf '| %s | %s | %s | %s | %s | %s |\n' "$model" "$(figure mse %.4f)" "$(figure ssim %.3f)" \
    "$(figure elbo %.1f)" "$(figure log_likelihood %.2f)" "$(figure accuracy %.3f)"
done
