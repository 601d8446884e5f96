#!/bin/sh
# Builds emitted C as a stranger would, with every warning an error:
#   tests/clean/build.sh "CC FLAGS" FOLDER ARCHIVE OUTPUT
# FOLDER holds the emitted files, ARCHIVE is the runtime; both lie where LATHE_BUILD says, or anywhere.
set -eu
packages="cairo libzip jansson libdeflate zlib openblas"
# shellcheck disable=SC2046,SC2086 # lists of words
exec $1 -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I"${LATHE_BUILD:-build}/include" \
  $(pkg-config --cflags $packages) "$2"/*.c "$3" $(pkg-config --libs $packages) -lm -lpthread -o "$4"
