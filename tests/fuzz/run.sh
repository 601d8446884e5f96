#!/bin/sh
# Fuzzes the front end for so many seconds:
#   tests/fuzz/run.sh BUILD SECONDS
# Seeds are tests/good and tests/bad; what libFuzzer learns is kept in BUILD/fuzz/corpus, what makes
# the compiler crash, hang or leak in BUILD/fuzz/found. Without clang and its fuzzer it is skipped,
# and says so.
set -eu
build=$1
seconds=$2
dir=$build/fuzz
sanitize=address,undefined
mkdir -p "$dir/corpus" "$dir/found"

echo 'int LLVMFuzzerTestOneInput(const char *d, long n); int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }' >"$dir/probe.c"
if ! ${FUZZ_CC:=clang} -fsanitize=fuzzer,$sanitize -o "$dir/probe" "$dir/probe.c" 2>/dev/null; then
  echo "fuzz: skipped: $FUZZ_CC with libFuzzer is not installed (Debian: clang and libclang-rt-14-dev)"
  exit 0
fi

make B="$dir/objects" CC="$FUZZ_CC" OPT=-O1 SANITIZE="-fsanitize=fuzzer-no-link,$sanitize -fno-sanitize-recover=undefined" \
  "$dir/objects/libcompiler.a" >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
"$FUZZ_CC" -std=c11 -D_POSIX_C_SOURCE=200809L -I. -g -O1 -fsanitize=fuzzer,$sanitize -fno-sanitize-recover=undefined \
  -o "$dir/frontend" tests/fuzz/frontend.c "$dir/objects/libcompiler.a" $(pkg-config --libs jansson) -lm

# The language's words, from its own list.
"$build/lathe" help | awk '/^  [a-z]/ { print "\"" $1 "\"" }' | sort -u >"$dir/words"
if "$dir/frontend" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -dict="$dir/words" \
  -artifact_prefix="$dir/found/" -print_final_stats=1 "$dir/corpus" tests/good tests/bad >"$dir/log" 2>&1; then
  awk '/number_of_executed_units/ { print "fuzz: nothing found in " $2 " descriptions" }' "$dir/log"
else
  tail -n 40 "$dir/log"
  echo "fuzz: the description is in $dir/found"
  exit 1
fi
