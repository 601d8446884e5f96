#!/bin/sh
# Plants one fault after the other in a copy of the tree and runs the tests that should find it:
#   tests/mutants/run.sh BUILD [NAME...]
# All mutants of the lists beside this script, or those of the lists, or with the beginnings of names,
# that are given. BUILD is the folder that is not copied. README.md says how the lists are written and
# what the output means. A run that is cut off leaves its verdicts in BUILD/mutants.log, and the next
# one of the same sources goes on from there.
#   tests/mutants/run.sh --check
# Plants nothing: checks that each fault could be planted, and that the tests it names are there.
set -u
export LATHE_BUILD=build
unset MAKEFLAGS MAKELEVEL MFLAGS B # those of a make that runs this
lists=$(cd "$(dirname "$0")" && pwd)

# What is wrong with the lists, a line each.
check_lists() {
  cat "$lists"/*.txt | awk '
    function text_of(file, line) {
      if (!(file in texts)) {
        texts[file] = ""
        while ((getline line < file) > 0)
          texts[file] = texts[file] line "\n"
      }
      return texts[file]
    }
    function complain(words) { print name ": " words; bad = 1 }
    function check(at, i, programs) {
      if (name == "")
        return
      count++
      if (names[name]++)
        complain("another fault has this name")
      at = index(text_of(file), old)
      if (file == "" || old == "" || at == 0 || index(substr(text_of(file), at + 1), old) > 0)
        complain("its text is not in " file " exactly once")
      else if (old == new)
        complain("it changes nothing")
      if (split(tests, programs, " ") == 0)
        complain("it names no test")
      for (i in programs)
        if (text_of("tests/" programs[i] ".c") == "")
          complain("there is no tests/" programs[i] ".c")
    }
    /^== / { check(); name = $2; sub(/:$/, "", name); file = tests = old = new = old_end = new_end = "" }
    /^[a-z_]+\/[^ ]*: / { file = $1; sub(/:$/, "", file); tests = $0; sub(/^[^ ]* /, "", tests) }
    /^-/ { old = old old_end substr($0, 2); old_end = "\n" }
    /^\+/ { new = new new_end substr($0, 2); new_end = "\n" }
    END { check()
          if (!bad) print count + 0 " faults can be planted"
          exit bad || !count }'
}

if [ "$1" = --check ]; then
  check_lists
  exit
fi
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

# List, name, file, tests (with blanks between) and the reason why it may survive: with tabs between.
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

# plant NAME FILE: prints FILE with the mutant's text replaced, which must be there exactly once.
plant() {
  cat "$lists"/*.txt | awk -v name="$1" '
    FNR == NR { if (/^== /) mine = $2 == name ":"
                if (mine && /^-/) { old = old old_end substr($0, 2); old_end = "\n" }
                if (mine && /^\+/) { new = new new_end substr($0, 2); new_end = "\n" }
                next }
    { text = text $0 "\n" }
    END { at = index(text, old)
          if (old == "" || at == 0 || index(substr(text, at + 1), old) > 0) exit 1
          printf "%s%s%s", substr(text, 1, at - 1), new, substr(text, at + length(old)) }' - "$2"
}

# Builds everything and these test programs; what went wrong is in the log.
build() {
  for program in "$@"; do
    shift
    set -- "$@" "build/tests/$program"
  done
  make -k -j2 all "$@" >"$log" 2>&1
}

# Runs a test program, until it fails somewhere: what it says there is then in $said.
passes() {
  said=
  : >"$log.tap"
  CK_TAP_LOG_FILE_NAME="$log.tap" timeout 600 "build/tests/$1" >"$log" 2>&1 &
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

# judge NAME FILE TESTS REASON: sets $verdict, and $words that explain it.
judge() {
  if ! plant "$1" "$2" >"$work/mutant"; then
    verdict=FAULTY words="its text is not in $2 exactly once"
    return
  fi
  cp "$2" "$work/original"
  cp "$work/mutant" "$2"
  verdict=SURVIVED words=$3
  # shellcheck disable=SC2086 # a list of words
  if build $3; then
    for program in $3; do
      passes "$program" && continue
      verdict=caught words="$program: $said"
      break
    done
    [ "$verdict$4" = SURVIVED ] || [ "$verdict" = caught ] || verdict=explained words=$4
  else
    verdict=FAULTY words="does not build: $(grep -m 1 'rror' "$log")"
  fi
  cp "$work/original" "$2"
}

# Verdict, list and name of the mutants judged so far, below a line for the sources they are of.
mkdir -p "$excluded"
verdicts=$(cd "$excluded" && pwd)/mutants.log
sources=$(find Makefile .ci compiler runtime models tests examples generated -type f | LC_ALL=C sort |
  xargs cksum | cksum)
if [ "$(head -n 1 "$verdicts" 2>/dev/null)" != "$sources" ]; then
  echo "$sources" >"$verdicts"
fi

list_mutants "$@" >"$work/wanted"
repeated=$(cut -f 2 "$work/wanted" | sort | uniq -d)
if [ ! -s "$work/wanted" ] || [ -n "$repeated" ]; then
  echo "${repeated:+several mutants are called }${repeated:-no mutant is called $*}"
  exit 2
fi
awk -F '\t' 'FNR == NR { judged[$3]; next } !($2 in judged)' "$verdicts" "$work/wanted" >"$work/rows"
judged=$(($(wc -l <"$work/wanted") - $(wc -l <"$work/rows")))
[ "$judged" -eq 0 ] || echo "goes on after $judged mutants that a run before this one has judged"
programs=$(cut -f 4 "$work/rows" | tr ' ' '\n' | sort -u)

mkdir "$tree"
tar -cf - --exclude=./.git --exclude="./$excluded" . | tar -xf - -C "$tree"
cd "$tree" || exit 1
sed -i "s|\"/tmp/lathe[-_a-z]*XXXXXX\"|\"$work/XXXXXX\"|" tests/*.[ch]
# shellcheck disable=SC2086 # a list of words
if ! build $programs || ! make shipped examples >>"$log" 2>&1; then
  cat "$log"
  echo "the tree does not build"
  exit 1
fi
for program in $programs; do
  if ! passes "$program"; then
    echo "$program fails without any mutant: $said"
    exit 1
  fi
done

tab=$(printf '\t')
while IFS="$tab" read -r list name file tests reason <&3; do
  judge "$name" "$file" "$tests" "$reason"
  printf '%-9s %-34s %s\n' "$verdict" "$name" "$words"
  printf '%s\t%s\t%s\n' "$verdict" "$list" "$name" >>"$verdicts"
done 3<"$work/rows"

# What became of each list's mutants, and of all; fails when one survived or could not be planted,
# which are named again.
echo
awk -F '\t' '
  function score(name) {
    printf "%-11s %3d mutants: %d caught, %d explained, %d survived, %d faulty\n", name, all[name],
      count[name, "caught"], count[name, "explained"], count[name, "SURVIVED"], count[name, "FAULTY"]
  }
  FNR == NR { verdict[$3] = $1; next }
  { if (!all[$1]++) lists[++n] = $1
    count[$1, verdict[$2]]++; all["all"]++; count["all", verdict[$2]]++
    if (verdict[$2] ~ /^[A-Z]/) printf "%-11s %s\n", verdict[$2], $2 }
  END { for (i = 1; i <= n; i++) score(lists[i])
        score("all")
        exit count["all", "SURVIVED"] + count["all", "FAULTY"] > 0 }' "$verdicts" "$work/wanted"
status=$?
rm -f "$verdicts"
exit "$status"
