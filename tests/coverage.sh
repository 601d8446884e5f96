#!/bin/sh
# tests/coverage.sh BUILD: what the tests have run of the sources, from what a build with
# `--coverage` and its programs have left in BUILD (`make coverage`): a line a file, the worst first,
# and a table of the parts. What no program has run counts as such. The runtime is compiled twice; a
# line counts as run when either has run it. Branches are the ways that conditions can go.
set -eu
build=$1
find "$build/compiler" "$build/gen" "$build/f32" "$build/f64" -name '*.gcno' 2>/dev/null |
  while read -r notes; do
    gcov -t -b "$notes" 2>/dev/null
  done |
  awk '
    # "  count:  line:text"; "branch  0 taken 63% (fallthrough)"
    /^ *-: *0:Source:/ {
      file = $0
      sub(/.*Source:/, "", file)
      sub(/^.*\/(compiler|runtime)\//, "&", file)
      if (match(file, /(compiler|runtime)\/[^ ]*$/)) file = substr(file, RSTART)
      mine = file ~ /^(compiler|runtime)\/[a-z0-9_\/]*\.(c|h|l|y)$/
      next
    }
    !mine { next }
    /^ *[0-9#=-][0-9#=*-]*: *[0-9]+:/ {
      split($0, part, ":")
      count = part[1]
      gsub(/[ *]/, "", count)
      at = file SUBSEP (part[2] + 0)
      way = 0
      if (count == "-" || part[2] + 0 == 0) next
      lines[at] = 1
      if (count !~ /^[#=]/ && count + 0 > 0) run[at] = 1
      next
    }
    /^branch/ && !/\(throw\)/ {
      ways[at SUBSEP way] = 1
      if ($0 !~ /never executed/ && $4 != "0" && $4 != "0%") taken[at SUBSEP way] = 1
      way++
    }
    END {
      for (key in lines) { split(key, p, SUBSEP); all[p[1]]++; if (key in run) done[p[1]]++ }
      for (key in ways) { split(key, p, SUBSEP); branches[p[1]]++; if (key in taken) went[p[1]]++ }
      for (f in all)
        printf "%.1f %d %d %d %d %s\n", 100 * done[f] / all[f], done[f], all[f], went[f], branches[f], f
    }' | sort -n > "$build/coverage.txt"

awk '
  function share(a, b) { return b > 0 ? sprintf("%.1f %%", 100 * a / b) : "-" }
  function add(part) {
    d[part] += $2; l[part] += $3; w[part] += $4; b[part] += $5
  }
  {
    printf "%6s %% of %4d lines  %7s of %4d branches  %s\n", $1, $3, share($4, $5), $5, $6
    add("all")
    add($6 ~ /^runtime/ ? "runtime" : "compiler")
    if ($6 ~ /lexer|parser|scan[a-z_]*\.c|parse\.c/) add("grammar")
    if ($6 ~ /^compiler\/(check|rules|shapes|evaluate|expand|forms|block|scope|flatten)/) add("checker")
  }
  END {
    print "\n| Part | Lines | Branches |\n|---|---|---|"
    count = split("all compiler grammar checker runtime", order, " ")
    for (i = 1; i <= count; i++) {
      p = order[i]
      printf "| %s | %s of %d | %s of %d |\n", p, share(d[p], l[p]), l[p], share(w[p], b[p]), b[p]
    }
  }' "$build/coverage.txt"
