#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds and checks the Go module; CMakeLists.txt sets the environment.

  check.py ... build     the programs, into WORK/bin
  check.py ... vet       gofmt and go vet
  check.py ... test      the tests, with the race detector and with every check of what cgo is given
"""
import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ORDERS = HERE.parents[1] / "examples" / "orders" / "go"


def run(*command, cwd=HERE, **environment):
    print("+", *command, flush=True)
    result = subprocess.run([str(part) for part in command], cwd=cwd,
                            env={**os.environ, **environment})
    if result.returncode != 0:
        sys.exit(result.returncode)


def build(options):
    programs = options.work / "bin"
    run(options.go, "build", "-o", f"{programs}/", "./golden", "./bench")


def vet(options):
    text = subprocess.run([Path(options.go).resolve().with_name("gofmt"), "-l", HERE],
                          capture_output=True, text=True, check=True).stdout
    if text:
        sys.exit(f"gofmt would change these; run gofmt -w on them:\n{text}")
    run(options.go, "vet", "./...")


def test(options):
    # checkptr comes with -race; cgocheck2 looks at every write of a Go pointer into C's memory.
    run(options.go, "test", "-race", "-timeout", "300s", "./...", GOEXPERIMENT="cgocheck2",
        GODEBUG="cgocheck=1")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--go", required=True)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("mode", choices=("build", "vet", "test"))
    options = parser.parse_args()
    globals()[options.mode](options)


if __name__ == "__main__":
    main()
