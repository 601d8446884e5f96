#!/bin/sh
# Installs the Debian packages that building and testing Lathe needs, or names those that are missing
# where it may not. Elsewhere than on Debian: a C11 compiler, GNU make, flex, bison, pkg-config, and
# the development files of OpenBLAS, cairo, libzip, jansson, libdeflate, zlib and Check. With the argument `tests`,
# also the tools that some tests use.
set -eu
packages="gcc libc6-dev make flex bison pkg-config libopenblas-dev libcairo2-dev libzip-dev libjansson-dev libdeflate-dev zlib1g-dev check fonts-dejavu-core"
optional="clang libclang-rt-14-dev clang-tidy cppcheck valgrind graphviz chromium" # tests skip, and say so, what they do not find

if ! command -v dpkg-query >/dev/null 2>&1; then
  for tool in cc flex bison pkg-config; do
    command -v "$tool" >/dev/null 2>&1 || missing="${missing-} $tool"
  done
  [ -z "${missing-}" ] || { echo "setup: not found:$missing; see the list at the top of .ci/setup.sh" >&2; exit 1; }
  exit 0
fi

# Sets $missing: those of the packages given that are not installed.
find_missing() {
  missing=
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
}

# shellcheck disable=SC2086 # lists of words
find_missing $packages
needed=$missing
# shellcheck disable=SC2086
[ "${1-}" = tests ] && find_missing $packages $optional
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  as_root=sudo
elif [ -z "$needed" ]; then
  exit 0
else
  echo "setup: these packages are missing:$missing" >&2
  echo "setup: install them as root: apt-get install$missing" >&2
  exit 1
fi
echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086 # lists of words
[ -z "$needed" ] || $as_root apt-get install -y -qq --no-install-recommends $needed >/dev/null
for package in $missing; do
  case " $needed " in *" $package "*) continue ;; esac
  $as_root apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
    echo "setup: $package cannot be installed; the tests that need it will be skipped"
done
