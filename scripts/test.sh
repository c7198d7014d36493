#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds Mecha and runs every test: all of them in the release preset, unit and conformance tests
# again under the address and thread sanitizers, then clang-tidy.
#   scripts/test.sh            everything
#   scripts/test.sh --quick    the release preset only
#   scripts/test.sh -R REGEX   only the CTest tests whose name matches
# The last line says `N passed, N failed`; the exit code is 0 only when something ran and nothing
# failed. JOBS (default 2) sets how many jobs run at a time.
set -uo pipefail
cd "$(dirname "$0")/.."
# Another clone, or another build folder, finds what this one compiled.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=true

jobs=${JOBS:-2}
is_quick=false
filter=()
passed=0
failed=0
started=$SECONDS

while [[ $# -gt 0 ]]; do
  case $1 in
    --quick) is_quick=true ;;
    -R)
      filter=(-R "${2:?-R needs a regular expression}")
      shift
      ;;
    *)
      echo "test: unknown argument '$1'; see the first lines of scripts/test.sh" >&2
      exit 2
      ;;
  esac
  shift
done

say() { echo "== $*"; }

finish() {
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 && $passed -gt 0 ]]
  exit
}

# step NAME LOG COMMAND...: runs quietly; on failure shows the end of the log and counts one.
step() {
  local name=$1 log=$2 start=$SECONDS
  shift 2
  mkdir -p "$(dirname "$log")"
  if "$@" >"$log" 2>&1; then
    say "$name: done in $((SECONDS - start)) s"
    return 0
  fi
  tail -n 60 "$log"
  say "$name: FAILED after $((SECONDS - start)) s; whole log in $log"
  failed=$((failed + 1))
  return 1
}

# The counts of one CTest run, from the report it wrote: "passed failed".
counts() {
  python3 - "$1" <<'PYTHON'
import sys
import xml.etree.ElementTree as tree

suite = tree.parse(sys.argv[1]).getroot()
number = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "disabled", "skipped")}
print(number["tests"] - sum(number[name] for name in ("failures", "disabled", "skipped")),
      number["failures"])
PYTHON
}

# run_tests PRESET CTEST-ARGUMENTS...
run_tests() {
  local preset=$1 report=$PWD/build/$1/tests.xml start=$SECONDS code=0 counted new_failed
  shift
  rm -f "$report"
  "${wrapper[@]}" ctest --test-dir "build/$preset" --output-on-failure -j "$jobs" \
    --output-junit "$report" ${filter[@]+"${filter[@]}"} "$@" || code=$?
  counted=$(counts "$report") || counted="0 1"
  new_failed=${counted#* }
  # CTest may fail without a failed test: it crashed, or a test program was not built.
  [[ $code -ne 0 && $new_failed -eq 0 ]] && new_failed=1
  passed=$((passed + ${counted% *}))
  failed=$((failed + new_failed))
  say "$preset: tests took $((SECONDS - start)) s: ${counted% *} passed, $new_failed failed"
}

# part PRESET CTEST-ARGUMENTS...: configure, build, test.
part() {
  local preset=$1
  shift
  step "$preset: configure" "build/$preset/configure.log" cmake --preset "$preset" || return
  say "$preset: building (log: build/$preset/build.log)"
  step "$preset: build" "build/$preset/build.log" \
    cmake --build "build/$preset" -j "$jobs" || return
  run_tests "$preset" "$@"
}

say "packages"
if ! scripts/setup.sh test; then
  failed=$((failed + 1))
  finish
fi

wrapper=(env)
part release
if ! $is_quick; then
  part asan -L 'unit|conformance'
  # g++ 12's thread sanitizer does not know the address layouts of newer kernels: turn the
  # randomness off where that is allowed.
  if setarch "$(uname -m)" -R true 2>/dev/null; then
    wrapper=(setarch "$(uname -m)" -R)
  fi
  part tsan -L 'unit|conformance'
  if [[ ${#filter[@]} -eq 0 ]] && step tidy build/tidy/log scripts/tidy --build build/release; then
    passed=$((passed + 1))
  fi
fi
say "all parts took $((SECONDS - started)) s"
finish
