#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the checks of the Go module.

  check.py --go GO vet      gofmt and go vet
  check.py --go GO test     the tests, with the race detector and with every check of what cgo is given

Exit code 77: there is no Go, or one before 1.22; what is said names it.
"""
import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FLOOR = (1, 22)
SKIPPED = 77


def skip(reason):
    print(f"skipped: {reason}. Install Go 1.22 or newer, from https://go.dev/dl or your distribution")
    sys.exit(SKIPPED)


def check_go(go):
    if not go or go.endswith("NOTFOUND"):
        skip("there is no go on the PATH")
    text = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True).stdout.strip()
    found = re.match(r"(?:go|devel go)(\d+)\.(\d+)", text)
    if not found or tuple(map(int, found.groups())) < FLOOR:
        skip(f"{go} is {text or 'of an unknown version'}")


def run(*command, **environment):
    print("+", *command, flush=True)
    result = subprocess.run(command, cwd=HERE, env={**os.environ, **environment})
    if result.returncode != 0:
        sys.exit(result.returncode)


def vet(go):
    gofmt = Path(go).resolve().with_name("gofmt")
    if gofmt.exists():
        text = subprocess.run([gofmt, "-l", HERE], capture_output=True, text=True, check=True).stdout
        if text:
            sys.exit(f"gofmt would change these; run gofmt -w on them:\n{text}")
    run(go, "vet", "./...")


def test(go):
    # checkptr comes with -race; cgocheck2 looks at every write of a Go pointer into C's memory.
    run(go, "test", "-race", "-timeout", "300s", "./...", GOEXPERIMENT="cgocheck2",
        GODEBUG="cgocheck=1")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--go", required=True)
    parser.add_argument("mode", choices=("vet", "test"))
    options = parser.parse_args()
    check_go(options.go)
    {"vet": vet, "test": test}[options.mode](options.go)


if __name__ == "__main__":
    main()
