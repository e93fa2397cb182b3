# Sourced by tests/run.sh and examples/quickstart.sh: finds out what is missing on this machine and installs it with apt.
# POSIX sh. Nothing is asked and nothing is installed that is already there; every package installed is named.
#
#   need PACKAGE COMMAND...    notes PACKAGE as missing unless COMMAND succeeds
#   install_missing            installs what was noted; fails, with the line to type, if it cannot

missing=
have() { command -v "$1" >/dev/null 2>&1; }
say() { printf '%s\n' "$*"; }
die() { say "$*" >&2; exit 1; }

need() {
  package=$1
  shift
  "$@" && return 0
  say "missing: $package"
  missing="$missing $package"
}

# has_header Eigen/Core: in the places where packages and package managers put headers.
has_header() {
  for prefix in /usr /usr/local "${CONDA_PREFIX:-/usr}" /opt/homebrew; do
    [ -e "$prefix/include/$1" ] && return 0
  done
  return 1
}
has_eigen() { has_header eigen3/Eigen/Core || has_header Eigen/Core; }
has_catch() { has_header catch2/catch.hpp || has_header catch2/catch_all.hpp; }
has_make_tool() { have ninja || have make; }
has_sha256() { have sha256sum || have shasum; }
has_downloader() { have curl || have wget; }

# gcc_is_new g++: at least version 12, the oldest that the library is tested with.
gcc_is_new() {
  have "$1" || return 1
  version=$("$1" -dumpversion 2>/dev/null) || return 1
  [ "${version%%.*}" -ge 12 ] 2>/dev/null
}

# Sets cxx to $CXX if that is given, else to a g++ of version 12 or later.
find_cxx() {
  cxx=${CXX:-}
  if [ -n "$cxx" ]; then
    have "$cxx" || die "CXX=$cxx: no such compiler; correct it, or leave CXX out to use g++"
    return 0
  fi
  for cxx in g++ g++-15 g++-14 g++-13 g++-12; do
    gcc_is_new "$cxx" && return 0
  done
  cxx=
  return 1
}

# need_cxx: the system's g++, or where that is too old the g++-12 beside it (Ubuntu 22.04 has it).
need_cxx() {
  if have g++; then need g++-12 find_cxx; else need g++ find_cxx; fi
}

# clang_compiles PROGRAM FLAGS...: a whole program, linked.
clang_compiles() {
  have clang++ || return 1
  probe=$(mktemp -d) || return 1
  printf '%s\n' "$1" >"$probe/probe.cpp"
  shift
  clang++ "$@" "$probe/probe.cpp" -o "$probe/probe" >/dev/null 2>&1
  status=$?
  rm -rf "$probe"
  return $status
}
# clang finds omp.h and the library only if libomp-dev of its own version is there.
clang_has_openmp() {
  clang_compiles '#include <omp.h>
#include <vector>
int main() { return omp_get_max_threads() < 1; }' -fopenmp
}
clang_has_sanitizers() { clang_compiles 'int main() {}' -fsanitize=address,undefined; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"  # nobody is there to type a password
  fi
}

install_missing() {
  [ -n "$missing" ] || return 0
  packages=$missing
  missing=
  by_hand="install by hand:  apt-get install$packages   (or what your system calls them)"
  if ! have apt-get; then
    say "this machine has no apt-get; $by_hand" >&2
    return 1
  fi
  if [ "$(id -u)" -ne 0 ] && ! have sudo; then
    say "not root, and there is no sudo; $by_hand" >&2
    return 1
  fi
  say "installing with apt-get:$packages"
  apt_log=$(mktemp) || return 1
  # An update that fails for one source may still have brought what is needed: the install decides.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >"$apt_log" 2>&1 || say "apt-get update failed; trying all the same"
  # shellcheck disable=SC2086  # one word per package
  if as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $packages >>"$apt_log" 2>&1; then
    for package in $packages; do say "installed: $package"; done
    rm -f "$apt_log"
    return 0
  fi
  tail -n 20 "$apt_log" >&2
  rm -f "$apt_log"
  say "apt-get could not install:$packages" >&2
  say "$by_hand" >&2
  return 1
}

# What every build needs. Two rounds: only once g++ is there can it be told whether it is too old.
prepare_build() {
  need_cxx
  need cmake have cmake
  need ninja-build has_make_tool
  need libeigen3-dev has_eigen
}
finish_build_tools() {
  install_missing || return 1
  need_cxx
  install_missing || return 1
  find_cxx || { say "no C++20 compiler: g++ 12 or later is needed, or set CXX" >&2; return 1; }
}

# How many compile jobs: CHAINRULE_JOBS, else the cores, at most 2 (one compile job may take 1 GB).
job_count() {
  jobs=$(nproc 2>/dev/null || echo 1)
  [ "$jobs" -le 2 ] || jobs=2
  echo "${CHAINRULE_JOBS:-$jobs}"
}

# configure SOURCE BUILD ARGUMENTS...: cmake, with ninja where it is there and ccache where it is there.
configure() {
  source_dir=$1 build_dir=$2
  shift 2
  cache=$build_dir/CMakeCache.txt
  if [ -f "$cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$source_dir" "$cache"; then
    say "$build_dir was made for another folder; starting it afresh"
    rm -rf "$build_dir"
  fi
  if [ ! -f "$cache" ] && have ninja; then set -- -G Ninja "$@"; fi
  if have ccache; then set -- -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"; fi
  cmake -S "$source_dir" -B "$build_dir" "$@"
}
