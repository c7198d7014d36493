#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds and checks the Go module; CMakeLists.txt sets the environment.

  check.py ... build     the programs, into WORK/bin
  check.py ... vet       gofmt and go vet
  check.py ... test      the tests, with the race detector and with every check of what cgo is given
  check.py ... orders    examples/orders: a worker is killed, and C++ checks what is stored in the end
"""
import argparse
import os
import subprocess
import sys
import tempfile
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
    run(options.go, "build", "-o", programs / "orders", ".", cwd=ORDERS)


def vet(options):
    text = subprocess.run([Path(options.go).resolve().with_name("gofmt"), "-l", HERE, ORDERS],
                          capture_output=True, text=True, check=True).stdout
    if text:
        sys.exit(f"gofmt would change these; run gofmt -w on them:\n{text}")
    run(options.go, "vet", "./...")
    run(options.go, "vet", "./...", cwd=ORDERS)


def test(options):
    # checkptr comes with -race; cgocheck2 looks at every write of a Go pointer into C's memory.
    run(options.go, "test", "-race", "-timeout", "300s", "./...", GOEXPERIMENT="cgocheck2",
        GODEBUG="cgocheck=1")


class Worker:
    """A running `orders worker`."""

    def __init__(self, command):
        self.process = subprocess.Popen([*command[:1], "worker", *command[1:]],
                                        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = self.process.stderr.readline()
        if "is ready" not in ready:
            sys.exit(f"the worker said: {ready}{self.process.stderr.read()}")

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def stop(self):
        self.process.terminate()
        output, errors = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            sys.exit(f"the worker ended with {self.process.returncode}: {output}{errors}")
        return output


def orders(options):
    ours = options.work / "bin" / "orders"
    theirs = options.build / "examples" / "orders" / "orders"
    lines = ORDERS.parent / "orders.jsonl"
    if not theirs.exists():
        sys.exit(f"{theirs} is not built")
    with tempfile.TemporaryDirectory() as data:
        places = ["--resources", str(ORDERS.parent / "sqlite"), "--data", data]
        workers = [Worker([ours, *places]) for _ in range(2)]
        run(ours, "publish", *places, lines)
        workers[0].kill()  # in the middle, or after it: nothing is lost or counted twice
        run(theirs, *places, "--wait", "60", "--verify", lines)
        print(workers[1].stop())
        totals = subprocess.run([ours, "totals", *places], capture_output=True, text=True,
                                check=True).stdout
        if totals.splitlines()[-1].split() != ["120", "customers", "5000", "506648.18"]:
            sys.exit(f"other totals:\n{totals}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--go", required=True)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("mode", choices=("build", "vet", "test", "orders"))
    options = parser.parse_args()
    globals()[options.mode](options)


if __name__ == "__main__":
    main()
