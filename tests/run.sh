#!/bin/sh
# Runs Check programs one after the other and adds up what they say:
#   tests/run.sh BUILD PROGRAM...
# Prints each program's line and, of failures, everything; the last line counts the checks.
set -u
build=$1
shift
export LATHE_BUILD="$build"
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for program in "$@"; do
  "./$program" >"$log" 2>&1
  status=$?
  # "97%: Checks: 30, Failures: 1, Errors: 0"
  line=$(grep -E '^[0-9]+%: Checks: ' "$log" | tail -n 1)
  checks=$(echo "$line" | sed -n 's/.*Checks: \([0-9]*\).*/\1/p')
  bad=$(echo "$line" | sed -n 's/.*Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 + \2/p')
  if [ -z "$checks" ]; then
    echo "$(basename "$program"): ended with status $status before its tests did"
    cat "$log"
    failed=$((failed + 1))
    continue
  fi
  bad=$(($bad))
  [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
  passed=$((passed + checks - bad))
  failed=$((failed + bad))
  echo "$(basename "$program"): $line"
  if [ "$bad" -gt 0 ]; then
    cat "$log"
  else
    grep -i '^skipped' "$log" | sed 's/^/  /'
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
