#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds and checks the Rust crates; CMakeLists.txt sets the environment.

  check.py ... build     the programs: golden, bench and examples/orders
  check.py ... suite     the tests, and the programs of the README
  check.py ... lint      cargo fmt and cargo clippy, without a warning
  check.py ... docs      the reference, without a warning
  check.py ... package   the crates as they would be published, built from their packages
  check.py ... static    a program that has the library inside
  check.py ... oldest    builds with Debian's own rustc, the oldest one promised
  check.py ... second    a program with a second SQLite, which is warned; fetches crates once
  check.py ... orders    examples/orders: a worker is killed; C++ checks what is stored in the end

Exit code 77: a tool is missing, and it says which.
"""
import argparse
import atexit
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ORDERS = HERE.parents[1] / "examples" / "orders" / "rust"
PROGRAMS = (HERE / "golden", HERE / "bench", ORDERS)
SKIPPED = 77
DEBIAN = Path("/usr/bin")
IN_MEMORY = """\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: store}
spec: {type: state.in-memory, version: v1}
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: messages}
spec: {type: pubsub.in-memory, version: v1}
"""


def run(*command, cwd=HERE, **environment):
    print("+", *command, flush=True)
    result = subprocess.run([str(part) for part in command], cwd=cwd,
                            env={**os.environ, **environment}, check=False)
    if result.returncode != 0:
        sys.exit(result.returncode)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def version_of(tool):
    """(1, 63) of a cargo or rustc."""
    text = subprocess.run([str(tool), "--version"], capture_output=True, text=True, check=True)
    return tuple(map(int, re.search(r"(\d+)\.(\d+)", text.stdout).groups()))


def has(options, command):
    return subprocess.run([options.cargo, command, "--version"], capture_output=True,
                          check=False).returncode == 0


def build(options):
    for program in PROGRAMS:
        run(options.cargo, "build", "--release", "--locked", cwd=program)


def suite(options):
    run(options.cargo, "test", "--locked", "--workspace")


def lint(options):
    if not has(options, "clippy"):
        skip("cargo clippy is not there (Debian: rust-clippy)")
    for folder in (HERE, *PROGRAMS):
        run(options.cargo, "clippy", "--locked", "--all-targets", "--", "-D", "warnings",
            cwd=folder)
        if has(options, "fmt"):
            run(options.cargo, "fmt", "--all", "--check", cwd=folder)


def docs(options):
    flags = os.environ.get("RUSTDOCFLAGS", "") + " -D warnings"
    run(options.cargo, "doc", "--locked", "--no-deps", "--workspace", RUSTDOCFLAGS=flags)


def package(options):
    if version_of(options.cargo) < (1, 90):
        skip("cargo 1.90 is the first that packages crates which need each other")
    run(options.cargo, "package", "--locked", "--workspace", "--allow-dirty")


def static(options):
    archive = Path(options.library) / "libmecha.a"
    if not archive.exists():
        skip(f"{archive} is not built (target mecha_archive)")
    target = Path(os.environ["CARGO_TARGET_DIR"]) / "static"
    run(options.cargo, "build", "--locked", "--features", "mecha/static", cwd=HERE / "golden",
        CARGO_TARGET_DIR=str(target))
    program = target / "debug" / "golden"
    linked = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True)
    if "libmecha" in linked.stdout:
        sys.exit(f"the program wants libmecha all the same:\n{linked.stdout}")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "resources.yaml").write_text(IN_MEMORY, encoding="utf-8")
        run(program, "errors", folder)


def oldest(options):
    if not (DEBIAN / "cargo").exists() or version_of(DEBIAN / "rustc") != (1, 63):
        skip("Debian 12's cargo and rustc 1.63 are not there")
    target = os.environ["CARGO_TARGET_DIR"] + "-oldest"
    run(DEBIAN / "cargo", "build", "--locked", "--workspace", RUSTC=str(DEBIAN / "rustc"),
        RUSTC_WRAPPER="", CARGO_TARGET_DIR=target)


def second(options):
    program = HERE / "second_sqlite"
    fetched = subprocess.run([options.cargo, "fetch", "--locked"], cwd=program, check=False,
                             env={**os.environ, "CARGO_NET_OFFLINE": "false"})
    if fetched.returncode != 0:
        skip("the crates of second_sqlite cannot be fetched")
    run(options.cargo, "build", "--locked", cwd=program)
    with tempfile.TemporaryDirectory() as folder:
        run(Path(os.environ["CARGO_TARGET_DIR"]) / "debug" / "second_sqlite", f"{folder}/state.db")


class Worker:
    """A running `orders worker`."""

    def __init__(self, program, places):
        self.process = subprocess.Popen([str(program), "worker", *places], stderr=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)  # however this ends; nothing where it has ended
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
    ours = Path(os.environ["CARGO_TARGET_DIR"]) / "release" / "orders"
    theirs = options.build / "examples" / "orders" / "orders"
    lines = ORDERS.parent / "orders.jsonl"
    if not theirs.exists():
        sys.exit(f"{theirs} is not built")
    with tempfile.TemporaryDirectory() as data:
        places = ["--resources", str(ORDERS.parent / "sqlite"), "--data", data]
        workers = [Worker(ours, places) for _ in range(2)]
        run(ours, "publish", *places, lines)
        workers[0].kill()  # in the middle, or after it: nothing is lost or counted twice
        run(theirs, *places, "--wait", "300", "--verify", lines)
        print(workers[1].stop())
        totals = subprocess.run([str(ours), "totals", *places], capture_output=True, text=True,
                                check=True).stdout
        if totals.splitlines()[-1].split() != ["120", "customers", "5000", "506648.18"]:
            sys.exit(f"other totals:\n{totals}")
        nobody, writer = os.pipe()
        os.close(nobody)
        unread = subprocess.run([str(ours), "totals", *places], stdout=writer, check=False,
                                stderr=subprocess.PIPE, text=True)
        os.close(writer)
        if (unread.returncode, unread.stderr) != (0, ""):
            sys.exit(f"totals that nobody reads: {unread}")


MODES = {each.__name__: each
         for each in (build, suite, lint, docs, package, static, oldest, second, orders)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cargo", required=True)
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("--library", required=True, help="the folder of libmecha.so")
    parser.add_argument("mode", choices=sorted(MODES))
    options = parser.parse_args()
    MODES[options.mode](options)


if __name__ == "__main__":
    main()
