#!/bin/sh
# Builds and runs the tests: all of them with g++, the core ones again with clang and its address and undefined-behaviour
# sanitizers, those of the kernels once more as clang optimises them. Installs what is missing first. The last line is
# the sum: "N passed, N failed, N skipped".
set -u

usage() {
  cat <<'TEXT'
sh tests/run.sh [--quick | --all] [--no-install]
  --quick        only the g++ build
  --all          also the tests that take long, and the core ones with clang's optimiser and with g++'s sanitizers
  --no-install   fail rather than install packages
Builds in build/tests, build/asan, build/clang and, with --all, build/clang-core and build/gcc-asan.
CHAINRULE_JOBS=4   compile and test jobs (default: the cores, at most 2)
CXX=g++-13         the compiler in the place of g++ (at least version 12)
TEXT
}

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
. "$root/.ci/packages.sh"

quick=no long=no install=yes
for argument in "$@"; do
  case $argument in
    --quick) quick=yes ;;
    --all) long=yes ;;
    --no-install) install=no ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; die "unknown argument: $argument" ;;
  esac
done

if [ $install = no ]; then
  install_missing() {
    [ -z "$missing" ] || { say "--no-install is given" >&2; return 1; }
  }
fi
prepare_build
need catch2 has_catch
need libstb-dev has_header stb/stb_image.h
need nlohmann-json3-dev has_header nlohmann/json.hpp
if [ $quick = no ]; then
  need clang have clang++
  need clang-format have clang-format
  need libomp-dev clang_has_openmp
  need libclang-rt-dev clang_has_sanitizers
fi
finish_build_tools || die "tests/run.sh: cannot build without these packages"

jobs=$(job_count)
passed=0 failed=0 skipped=0 builds=0
report=

# count PATTERN FILE: lines that match
count() { grep -c "$1" "$2" 2>/dev/null || :; }

# run_tests NAME FOLDER CMAKE-ARGUMENTS...: one build and its tests, added to the sums
run_tests() {
  name=$1 build=$root/build/$2
  shift 2
  builds=$((builds + 1))
  begin=$(date +%s)
  say ""
  say "== $name: building in ${build#"$root/"}"
  if ! { configure "$root" "$build" -DCHAINRULE_BUILD_TESTS=ON "$@" && cmake --build "$build" -j "$jobs"; }; then
    say "== $name: does not build"
    failed=$((failed + 1))
    report="$report$name: does not build
"
    return
  fi
  built=$(date +%s)
  say "== $name: testing"
  results=$build/ctest-results.xml
  rm -f "$results"
  set -- --output-on-failure --no-tests=error --timeout 900 -j "$jobs" --output-junit "$results"
  [ $long = yes ] || set -- "$@" -LE '^long$'
  (cd "$build" && ctest "$@")
  status=$?
  ended=$(date +%s)
  # What tests have to tell although they passed: how many parity cases ran, which ops have CUDA kernels.
  sed -n 's/^REPORT: /   /p' "$build/Testing/Temporary/LastTest.log" 2>/dev/null

  # ctest's word for each test: run (it passed), fail, disabled, notrun (skipped for the reason SKIP_..., else it could not run: failed)
  all=$(count '<testcase ' "$results")
  ok=$(count '<testcase .*status="run"' "$results")
  skip=$(count '<skipped message="SKIP_\|<testcase .*status="disabled"' "$results")
  bad=$((${all:-0} - ${ok:-0} - ${skip:-0}))
  if [ $status -ne 0 ] && [ $bad -eq 0 ]; then bad=1; fi  # no test at all, or ctest itself failed
  passed=$((passed + ${ok:-0})) failed=$((failed + bad)) skipped=$((skipped + ${skip:-0}))
  report="$report$name: ${ok:-0} passed, $bad failed, ${skip:-0} skipped (built in $((built - begin)) s, run in $((ended - built)) s)
"
}

# Two test programs with two threads each share the cores: a thread that waits must not spin.
OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
export OMP_WAIT_POLICY

run_tests "g++" tests -DCMAKE_BUILD_TYPE=Release -DCHAINRULE_TEST_SET=all -DCMAKE_CXX_COMPILER="$cxx"
if [ $quick = no ]; then
  # UBSan must fail a test, not only print.
  UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
  export UBSAN_OPTIONS
  # -O0: sanitized code runs several times slower than at -O1, but compiles in less than half of the time, which is what
  # counts here. clang: its sanitized code compiles in two thirds of g++'s time.
  sanitized='-DCMAKE_BUILD_TYPE=RelWithDebInfo -DCHAINRULE_SANITIZE=ON -DCHAINRULE_TEST_SET=core'
  run_some() { run_tests "$@" -DCHAINRULE_BUILD_EXAMPLES=OFF; }
  run_some "clang++ with sanitizers, core" asan $sanitized '-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O0 -g1' -DCMAKE_CXX_COMPILER=clang++
  run_some "clang++, kernels" clang -DCMAKE_BUILD_TYPE=Release -DCHAINRULE_TEST_SET=kernels -DCMAKE_CXX_COMPILER=clang++
  if [ $long = yes ]; then
    run_some "clang++, core" clang-core -DCMAKE_BUILD_TYPE=Release -DCHAINRULE_TEST_SET=core -DCMAKE_CXX_COMPILER=clang++
    run_some "g++ with sanitizers, core" gcc-asan $sanitized '-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O0 -g1' -DCMAKE_CXX_COMPILER="$cxx"
  fi
fi

say ""
printf '%s' "$report"
say "$((passed + failed)) tests ran in $builds build(s)"
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
