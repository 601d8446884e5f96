#!/bin/sh
# A virtual environment with what Lathe is measured beside: tests/bench/peers.sh FOLDER
# Made once, and again when requirements.txt changes. Where PyPI cannot be reached, says so; the
# benchmark then runs without the peers.
set -eu
folder=$1
wanted=$(dirname "$0")/requirements.txt
cmp -s "$wanted" "$folder/installed.txt" && exit 0
echo "bench: installing the peers into $folder"
if python3 -m venv "$folder" &&
  "$folder/bin/pip" install --quiet --disable-pip-version-check --retries 1 --timeout 20 -r "$wanted"; then
  cp "$wanted" "$folder/installed.txt"
else
  echo "bench: the peers cannot be installed (is PyPI within reach?); measuring without those that are missing" >&2
fi
