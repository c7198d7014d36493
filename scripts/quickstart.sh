#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to a running program: installs what is missing, builds the library and the
# examples without tests, and runs examples/orders on SQLite: publisher and workers in one process,
# then several workers of which some are killed. Options go to the first of the two.
set -euo pipefail
cd "$(dirname "$0")/.."
# Another clone, or another build folder, finds what this one compiled.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=true

build=build/quickstart
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
mkdir -p "$build"

echo "quickstart: 1/3 packages"
scripts/setup.sh build

# Runs a command with its output in a log; shows the end of the log when it fails.
quietly() {
  local log=$1
  shift
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "quickstart: failed: $* (whole log: $log)" >&2
    exit 1
  fi
}

echo "quickstart: 2/3 building into $build (a minute or two the first time)"
quietly "$build/configure.log" cmake --preset release -B "$build" \
  -DMECHA_BUILD_TESTS=OFF -DMECHA_BUILD_BENCH=OFF
quietly "$build/build.log" cmake --build "$build" -j "$jobs"

data=$build/data
rm -rf "$data"
mkdir -p "$data"
echo "quickstart: 3/3 running examples/orders on SQLite (data in $data)"
program=$build/examples/orders/orders
"$program" --resources examples/orders/sqlite --data "$data" "$@" examples/orders/orders.jsonl
echo "quickstart: once more with three workers, killing one of them ten times"
mkdir -p "$data/workers"
examples/orders/kill_workers.py --kills 10 "$program" \
  --resources examples/orders/sqlite --data "$data/workers"
echo "quickstart: done. The same program on Redis, without a rebuild:"
echo "  $program --resources examples/orders/redis examples/orders/orders.jsonl"
