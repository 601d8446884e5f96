#!/bin/sh
# The main job from beginning to end, called by `make demo`:
#   examples/demo.sh BUILD OUT [DATA]
# Trains both shipped models on digits 1, 4 and 8, without labels but for 15 images, classifies,
# reconstructs and generates. DATA is a folder with mnist_1_4_8_{train,test,val_recon}.npz; without
# it the digits are drawn by examples/draw_digits.
set -eu
build=$1
out=$2
data=${3-}
mkdir -p "$out"

if [ -z "$data" ]; then
  data=$out/digits
  echo "== Drawing digits into $data"
  "$build/examples/draw_digits" -o "$data" --seed 1 --train 6000 --test 1500
fi
for part in train test val_recon; do
  [ -f "$data/mnist_1_4_8_$part.npz" ] || {
    echo "demo: $data/mnist_1_4_8_$part.npz is missing; DATA must be a folder that holds it" >&2
    exit 1
  }
done

job() { # MODEL EPOCHS: train, then everything that can be done with the run
  model=$build/models/$1
  run=$out/$1
  echo
  echo "== $1: training for $2 epochs, then EM"
  "$model" train --data "$data/mnist_1_4_8_train.npz" --labelled "$data/mnist_1_4_8_val_recon.npz" \
    --run "$run" --epochs "$2" --force
  echo
  echo "== $1: images it has never seen"
  "$model" eval --run "$run" --data "$data/mnist_1_4_8_test.npz" | tee "$run/test.txt"
  "$model" classify --run "$run" --data "$data/mnist_1_4_8_test.npz" -o "$run/labels.csv"
  "$model" reconstruct --run "$run" --data "$data/mnist_1_4_8_test.npz" -o "$run/reconstructed.npz"
  "$model" sample --run "$run" -n 64 -o "$run/generated.png"
  "$model" report --run "$run" --data "$data/mnist_1_4_8_test.npz" -o "$run/test.html"
}

job digits_mlp 40
job digits_conv 10

"$build/models/digits_mlp" compare "$out/digits_mlp" "$out/digits_conv" -o "$out/compared.html" --quiet

echo
echo "== What was reached on the test images"
for model in digits_mlp digits_conv; do
  echo "$model:"
  grep -E '^ *(MSE|accuracy)' "$out/$model/test.txt"
done
echo
echo "Pictures to look at:"
for model in digits_mlp digits_conv; do
  for picture in reconstructions samples clusters losses manifold; do
    [ ! -f "$out/$model/$picture.png" ] || echo "  $out/$model/$picture.png"
  done
done
echo "All of it in a browser: $out/digits_mlp/report.html, $out/digits_conv/report.html, $out/compared.html"
echo "Predicted labels: $out/digits_mlp/labels.csv, $out/digits_conv/labels.csv"
