#!/bin/sh
# Fuzzes the front end and every reader of files for so many seconds in all, half of them the front end:
#   tests/fuzz/run.sh BUILD SECONDS [TARGET...]
# With targets named, these alone, the seconds shared among them. Seeds are tests/good and tests/bad,
# the files of tests/reference and a run of tiny.lathe; what libFuzzer learns is kept in
# BUILD/fuzz/TARGET, what makes a program crash, hang, leak or take more memory than its input
# accounts for in BUILD/fuzz/found. Without clang and its fuzzer it is skipped, and says so.
set -eu
build=$1
seconds=$2
shift 2
dir=$build/fuzz
sanitize=address,undefined
readers="images labels table weights checkpoint record metrics history"
mkdir -p "$dir/found" "$dir/seeds"

echo 'int LLVMFuzzerTestOneInput(const char *d, long n); int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }' >"$dir/probe.c"
if ! ${FUZZ_CC:=clang} -fsanitize=fuzzer,$sanitize -o "$dir/probe" "$dir/probe.c" 2>/dev/null; then
  echo "fuzz: skipped: $FUZZ_CC with libFuzzer is not installed (Debian: clang and libclang-rt-14-dev)"
  exit 0
fi

make B="$dir/objects" CC="$FUZZ_CC" OPT=-O1 SANITIZE="-fsanitize=fuzzer-no-link,$sanitize -fno-sanitize-recover=undefined" \
  "$dir/objects/libcompiler.a" "$dir/objects/liblathe-f32.a" "$dir/objects/include/lathe" >"$dir/log" 2>&1 ||
  { cat "$dir/log"; exit 1; }
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -I. -g -O1 -fsanitize=fuzzer,$sanitize -fno-sanitize-recover=undefined"
packages="cairo libzip jansson libdeflate zlib openblas"
"$build/lathe" emit tests/fuzz/tiny.lathe -o "$dir/tiny" --quiet
rm -f "$dir/tiny/tiny_main.c" # the fuzzer has its own
# shellcheck disable=SC2046,SC2086 # lists of words
"$FUZZ_CC" $flags -o "$dir/frontend" tests/fuzz/frontend.c "$dir/objects/libcompiler.a" $(pkg-config --libs jansson) -lm
# shellcheck disable=SC2046,SC2086
"$FUZZ_CC" $flags -I"$dir/objects/include" -I"$dir/tiny" $(pkg-config --cflags $packages) -o "$dir/readers" tests/fuzz/readers.c \
  "$dir"/tiny/*.c "$dir/objects/liblathe-f32.a" $(pkg-config --libs $packages) -lm -lpthread

# A run, for what is in its folder; and the language's words, from its own list.
if ! [ -f "$dir/run/run.json" ] || [ -n "$(find "$build/lathe" -newer "$dir/run/run.json")" ]; then
  "$build/lathe" build tests/fuzz/tiny.lathe -o "$dir/trainer" --cflags -O1 --quiet
  "$dir/trainer" train --data tests/reference/files/stored.npz --run "$dir/run" --force --quiet --threads 1
fi
"$build/lathe" help | awk '/^  [a-z]/ { print "\"" $1 "\"" }' | sort -u >"$dir/frontend.words"
cat >"$dir/readers.words" <<'END'
"PK\x03\x04"
"PK\x01\x02"
"PK\x05\x06"
"PK\x06\x06"
"\x93NUMPY\x01\x00"
"'descr':"
"'fortran_order':"
"'shape':"
"<f4"
"<i8"
"|u1"
"\x1f\x8b\x08"
"\x00\x00\x08\x03"
"\"dtype\":"
"\"data_offsets\":["
"\"F32\""
"\"I64\""
"__metadata__"
"nan"
"1e999"
"-1"
",y\x0a"
"\xef\xbb\xbf"
"\x22,\x22"
"\x0d\x0a"
"1e-7;"
"9223372036854775807"
END

# What a target is seeded with, copied to one folder.
seeds_of() {
  rm -rf "$dir/seeds/$1"
  mkdir -p "$dir/seeds/$1" "$dir/$1.corpus"
  case $1 in
  frontend) # a name may be in both folders
    for seed in tests/good/*.lathe tests/bad/*.lathe; do
      cp "$seed" "$dir/seeds/$1/$(echo "${seed#tests/}" | tr / -)"
    done
    ;;
  images | labels) cp tests/reference/files/*.np[yz] tests/reference/files/*.idx tests/reference/files/*.gz "$dir/seeds/$1" ;;
  table) cp tests/reference/files/*.csv "$dir/seeds/$1" ;;
  weights) cp tests/reference/files/*.safetensors "$dir/run/weights.safetensors" "$dir"/run/checkpoints/* "$dir/seeds/$1" ;;
  checkpoint) cp "$dir"/run/checkpoints/* "$dir/seeds/$1" ;;
  record) cp "$dir/run/run.json" "$dir/seeds/$1" ;;
  metrics) cp "$dir/run/metrics.json" "$dir/seeds/$1" ;;
  history) cp "$dir"/run/*.csv "$dir/seeds/$1" ;;
  esac
  [ ! -d "tests/fuzz/seeds/$1" ] || cp "tests/fuzz/seeds/$1"/* "$dir/seeds/$1"
}

# One target for so many seconds; a line on what came of it. One block of memory may be no larger than
# what 16 KiB can unpack to.
fuzz() {
  seeds_of "$1"
  case $1 in
  frontend) program=frontend words=frontend limits="-max_len=4096 -rss_limit_mb=2048" ;;
  *) program=readers words=readers limits="-max_len=16384 -rss_limit_mb=512 -malloc_limit_mb=48" ;;
  esac
  [ "$program" = "$1" ] || cp "$dir/$program" "$dir/$1" # which goes by its name
  # shellcheck disable=SC2086 # a list of words
  if FUZZ_RECORD="$dir/run/run.json" "$dir/$1" -max_total_time="$2" -timeout=10 $limits -dict="$dir/$words.words" \
    -artifact_prefix="$dir/found/$1-" -print_final_stats=1 "$dir/$1.corpus" "$dir/seeds/$1" >"$dir/$1.log" 2>&1; then
    awk -v what="$1" '/number_of_executed_units/ { print "fuzz: " what ": nothing found in " $2 " executions" }' "$dir/$1.log"
  else
    tail -n 40 "$dir/$1.log"
    echo "fuzz: $1: the input is in $dir/found"
    return 1
  fi
}

if [ $# -gt 0 ]; then
  share=$((seconds / $#))
  for target in "$@"; do fuzz "$target" $((share > 0 ? share : 1)); done
else
  fuzz frontend $((seconds / 2))
  share=$((seconds / 16))
  for target in $readers; do fuzz "$target" $((share > 0 ? share : 1)); done
fi
