#!/bin/sh
# Makes all fixtures anew: tests/reference/make.sh FOLDER [PYTHON]. Without a PYTHON that has what
# requirements.txt names, a virtual environment with just that is made in FOLDER (a download of some
# gigabytes: PyTorch brings its code for graphics cards).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${2:-$1/bin/python}
if [ ! -x "$python" ]; then
  python3 -m venv "$1"
  "$python" -m pip install --quiet -r "$here/requirements.txt"
fi
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 # sums in one order
for part in files gmm metrics torch; do
  "$python" "$here/$part/make.py"
done
