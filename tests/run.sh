#!/bin/sh
# Runs Check programs, as many at a time as there are processors (JOBS: that many), and adds up what
# they say:
#   tests/run.sh BUILD PROGRAM...
# Prints each program's line and, of failures, everything; the last line counts the checks.
set -u

# run.sh --one FOLDER PROGRAM: one program, whose counts are left in the folder.
if [ "$1" = --one ]; then
  name=$(basename "$3")
  log=$2/$name.log
  "./$3" >"$log" 2>&1
  status=$?
  # "97%: Checks: 30, Failures: 1, Errors: 0"
  line=$(grep -E '^[0-9]+%: Checks: ' "$log" | tail -n 1)
  checks=$(echo "$line" | sed -n 's/.*Checks: \([0-9]*\).*/\1/p')
  bad=$(echo "$line" | sed -n 's/.*Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 + \2/p')
  if [ -z "$checks" ]; then
    line="ended with status $status before its tests did"
    checks=1 bad=1
  fi
  # shellcheck disable=SC2004 # its value is a sum
  bad=$(($bad))
  [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
  {
    echo "$name: $line"
    if [ "$bad" -gt 0 ]; then cat "$log"; else grep -i '^skipped' "$log" | sed 's/^/  /'; fi
  } >"$2/$name.said"
  cat "$2/$name.said"
  echo "$((checks - bad)) $bad" >"$2/$name.count"
  exit 0
fi

export LATHE_BUILD="$1"
export CK_DEFAULT_TIMEOUT="${CK_DEFAULT_TIMEOUT:-60}" # Check's 4 seconds are few on a busy machine
shift
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
printf '%s\n' "$@" |
  xargs -n 1 -P "${JOBS:-$(getconf _NPROCESSORS_ONLN)}" sh "$0" --one "$folder"
cat "$folder"/*.count | awk -v programs=$# '
  { passed += $1; failed += $2 }
  END { failed += programs - NR # a program whose run was itself ended
        printf "%d passed, %d failed\n", passed, failed
        exit failed > 0 || passed == 0 }'
