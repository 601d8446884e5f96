#!/bin/sh
# clang-tidy over C files, with the checks of .clang-tidy, from the root of the repository:
#   tests/clean/tidy.sh BUILD CHECKS FILE...
# CHECKS are added to those ("" is none, -clang-analyzer-* leaves out what is slow). A process a file:
# of several in one, clang-tidy 14 takes va_start in all but the first for something else. Prints what it
# finds; 0 when that is nothing.
set -eu
build=$1
CHECKS=$2
shift 2
FLAGS="-std=c11 -D_POSIX_C_SOURCE=200809L -I. -Icompiler -I$build/gen -I$build/include $(pkg-config --cflags \
  cairo libzip jansson libdeflate zlib openblas)"
export CHECKS FLAGS
# shellcheck disable=SC2016 # for the inner shell
printf '%s\n' "$@" | xargs -P 2 -n 1 sh -c '
  said=$(clang-tidy --quiet --config-file=.clang-tidy --checks="$CHECKS" "$0" -- $FLAGS 2>/dev/null) && exit 0
  echo "$said"
  exit 1'
