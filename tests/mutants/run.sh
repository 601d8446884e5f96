#!/bin/sh
# Plants one fault after the other in a copy of the tree and runs the tests that should catch it:
#   tests/mutants/run.sh BUILD [NAME...]
# All mutants of the lists beside this script, or those of the lists, or with the beginnings of names,
# that are given. BUILD is the folder that is not copied. README.md says how the lists are written and what the output means.
set -u
export LATHE_BUILD=build
unset MAKEFLAGS MAKELEVEL MFLAGS B # those of a make that runs this
lists=$(cd "$(dirname "$0")" && pwd)
excluded=$1
shift

# Everything happens below one folder of a short name, which takes the place of /tmp/lathe-... in
# the tests' own code: what failing tests leave behind goes with it.
work=$(mktemp -d /tmp/lathe-XXXXXX) || exit 1
chmod 755 "$work" # tests step down from root
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
tree=$work/tree
log=$work/log

# list, name, file, tests (separated by blanks), reason why it may survive: separated by tabs.
list_mutants() {
  awk '/^== / { name = $2; sub(/:$/, "", name) }
       /^[a-z_]+\/[^ ]*: / { file = $1; sub(/:$/, "", file); tests = $0; sub(/^[^ ]* /, "", tests)
                             list = FILENAME; sub(/.*\//, "", list); sub(/\.txt$/, "", list)
                             rows[++n] = list "\t" name "\t" file "\t" tests "\t" }
       /^\? / { rows[n] = rows[n] substr($0, 3) }
       END { for (i = 1; i <= n; i++) print rows[i] }' "$lists"/*.txt |
    awk -F '\t' -v wanted="$*" '
       BEGIN { all = split(wanted, names, " ") == 0 }
       { mine = all
         for (i in names) mine = mine || $1 == names[i] || index($2, names[i]) == 1 }
       mine'
}

# plant NAME FILE: FILE with the mutant's text, which must be there exactly once, replaced.
plant() {
  cat "$lists"/*.txt | awk -v name="$1" '
    FNR == NR { if (/^== /) mine = $2 == name ":"
                if (mine && /^-/) old = old separator_old substr($0, 2)
                if (mine && /^-/) separator_old = "\n"
                if (mine && /^\+/) new = new separator_new substr($0, 2)
                if (mine && /^\+/) separator_new = "\n"
                next }
    { text = text $0 "\n" }
    END { at = index(text, old)
          if (old == "" || at == 0 || index(substr(text, at + 1), old) > 0) exit 1
          printf "%s%s%s", substr(text, 1, at - 1), new, substr(text, at + length(old)) }' - "$2"
}

# Runs a test program until its first failure, whose line of the log is then in $said.
passes() {
  said=
  : >"$log.tap"
  CK_TAP_LOG_FILE_NAME="$log.tap" timeout 300 "build/tests/$1" >"$log" 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>>"$log"; do
    grep -q '^not ok' "$log.tap" && kill "$pid" 2>>"$log"
    sleep 0.1
  done
  wait "$pid" 2>>"$log" && return 0
  said=$(sed -n 's/^not ok [0-9]* - [^:]*:[^:]*:\([^:]*:\)/\1/p' "$log.tap" | head -n 1 | cut -c 1-100)
  : "${said:=ended before it could tell}"
  return 1
}

list_mutants "$@" >"$work/rows"
programs=$(cut -f 4 "$work/rows" | tr ' ' '\n' | sort -u)
if [ -z "$programs" ]; then
  echo "no mutant's name begins with: $*"
  exit 2
fi
repeated=$(cut -f 2 "$work/rows" | sort | uniq -d)
if [ -n "$repeated" ]; then
  echo "several mutants are called: $repeated"
  exit 2
fi

mkdir "$tree"
tar -cf - --exclude=./.git --exclude="./$excluded" . | tar -xf - -C "$tree"
cd "$tree" || exit 1
sed -i "s|\"/tmp/lathe[-_a-z]*XXXXXX\"|\"$work/XXXXXX\"|" tests/*.[ch]
targets=$(for program in $programs; do echo "build/tests/$program"; done)
# shellcheck disable=SC2086 # a list of words
if ! make -k -j2 all models $targets >"$log" 2>&1; then
  echo "the tree does not build:"
  cat "$log"
  exit 1
fi
for program in $programs; do
  if ! passes "$program"; then
    echo "$program fails without any mutant: $said"
    exit 1
  fi
done

tab=$(printf '\t')
caught=0
survived=0
explained=0
faulty=0
report() {
  printf '%-9s %-34s %s\n' "$1" "$name" "$2"
}
while IFS="$tab" read -r list name file tests reason <&3; do
  cp "$file" "$work/original"
  if ! plant "$name" "$file" >"$work/mutant"; then
    faulty=$((faulty + 1))
    report FAULTY "its text is not in $file exactly once"
    continue
  fi
  cp "$work/mutant" "$file"
  targets=$(for program in $tests; do echo "build/tests/$program"; done)
  # shellcheck disable=SC2086 # a list of words
  if ! make -j2 all $targets >"$log" 2>&1; then
    faulty=$((faulty + 1))
    report FAULTY "does not build: $(grep -m 1 'rror' "$log")"
  else
    by=
    for program in $tests; do
      if ! passes "$program"; then
        by=$program
        break
      fi
    done
    if [ -n "$by" ]; then
      caught=$((caught + 1))
      report caught "$by: $said"
    elif [ -n "$reason" ]; then
      explained=$((explained + 1))
      report explained "$reason"
    else
      survived=$((survived + 1))
      report SURVIVED "$tests"
    fi
  fi
  cp "$work/original" "$file"
done 3<"$work/rows"

total=$((caught + survived + explained + faulty))
echo "$total mutants: $caught caught, $explained explained, $survived survived, $faulty faulty"
[ "$survived" -eq 0 ] && [ "$faulty" -eq 0 ]
