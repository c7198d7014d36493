#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds and checks the Go module; CMakeLists.txt sets the environment.

  check.py ... build     the programs, into WORK/bin
  check.py ... vet       gofmt and go vet
  check.py ... test      the tests, with the race detector and every check of what cgo is given
  check.py ... docs      the reference, into WORK/reference.txt; every public name has a comment
  check.py ... package   a program in a module of its own, which gets this one from a module proxy
                         and the library from a folder: shared and static
  check.py ... sqlite    the warning of a second SQLite, by a program with mattn/go-sqlite3
  check.py ... orders    examples/orders: a worker is killed, and C++ checks what is stored
"""
import argparse
import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ORDERS = HERE.parents[1] / "examples" / "orders" / "go"
MODES = ("build", "vet", "test", "docs", "package", "sqlite", "orders")
VERSION = "v0.1.0"
SQLITE = "github.com/mattn/go-sqlite3@v1.14.22"


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


def docs(options):
    reference = subprocess.run([options.go, "doc", "-all", "."], cwd=HERE, capture_output=True,
                               text=True, check=True).stdout
    (options.work / "reference.txt").write_text(reference)
    bare = []
    previous = ""
    for path in sorted(HERE.glob("*.go")):
        for line in path.read_text().splitlines():
            is_public = re.match(r"(func|type|const|var) (\((\w+ )?\*?[A-Z]\w*\) )?[A-Z]", line)
            if is_public and not previous.startswith("//") and not path.stem.endswith("_test"):
                bare.append(f"{path.name}: {line}")
            previous = line
    if bare or "func OpenAndStart" not in reference:
        sys.exit("without a comment:\n" + "\n".join(bare))


def make_proxy(folder):
    """A module proxy of files with one version of this module."""
    versions = folder / "mecha.dev" / "mecha" / "@v"
    versions.mkdir(parents=True)
    (versions / "list").write_text(f"{VERSION}\n")
    (versions / f"{VERSION}.info").write_text(f'{{"Version": "{VERSION}"}}')
    shutil.copy(HERE / "go.mod", versions / f"{VERSION}.mod")
    with zipfile.ZipFile(versions / f"{VERSION}.zip", "w") as archive:
        for path in sorted(HERE.iterdir()):
            if path.suffix in (".go", ".c", ".h", ".mod"):
                archive.write(path, f"mecha.dev/mecha@{VERSION}/{path.name}")


def make_prefix(build, prefix):
    """What an installation has of what cgo needs."""
    library = build / "cmake" / "library"
    text = (library / "mecha.pc").read_text()
    folder = prefix / re.search(r"^libdir=\${prefix}/(.*)$", text, re.M).group(1)
    (folder / "pkgconfig").mkdir(parents=True)
    for name in ("libmecha.so", "libmecha.so.0", "libmecha.a"):
        shutil.copy(library / name, folder)
    for name in ("mecha.pc", "mecha-static.pc"):
        shutil.copy(library / name, folder / "pkgconfig")
    shutil.copytree(HERE.parents[1] / "include", prefix / "include")
    return folder


def expect_output(program, wanted, folder, **environment):
    result = subprocess.run([program], cwd=folder, capture_output=True, text=True,
                            env={**os.environ, **environment})
    if result.returncode != 0 or wanted not in result.stdout:
        sys.exit(f"{program} ended with {result.returncode}: {result.stdout}{result.stderr}")


def package(options):
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        make_proxy(scratch / "proxy")
        libraries = make_prefix(options.build, scratch / "prefix")
        modules = scratch / "modules"
        environment = {"GOPROXY": f"file://{scratch}/proxy", "GOSUMDB": "off", "CGO_LDFLAGS": "",
                       "GOFLAGS": "-mod=mod -modcacherw", "GOMODCACHE": str(modules),
                       "PKG_CONFIG_PATH": str(libraries / "pkgconfig")}
        consumer = scratch / "consumer"
        consumer.mkdir()
        start = re.search(r"## Start\n\n```go\n(.*?)```", (HERE / "README.md").read_text(), re.S)
        (consumer / "main.go").write_text(start.group(1))
        (consumer / "go.mod").write_text("module example.org/consumer\n\ngo 1.22\n")
        run(options.go, "get", f"mecha.dev/mecha@{VERSION}", cwd=consumer, **environment)
        run(options.go, "build", "-o", "shared", ".", cwd=consumer, **environment)
        run(options.go, "build", "-tags", "mecha_static", "-o", "static", ".", cwd=consumer,
            **environment)
        expect_output(consumer / "shared", "hello true <nil>", consumer,
                      LD_LIBRARY_PATH=str(libraries))
        expect_output(consumer / "static", "hello true <nil>", consumer, LD_LIBRARY_PATH="")
        loaded = subprocess.run(["ldd", consumer / "static"], capture_output=True, text=True).stdout
        if "libmecha" in loaded:
            sys.exit(f"the static program loads\n{loaded}")


def sqlite(options):
    """A program with an SQLite of its own, from the Go module proxy."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(HERE / "sqlite" / "program.go.txt", folder / "main.go")
        (folder / "go.mod").write_text(
            "module example.org/sqlite\n\ngo 1.22\n\nrequire mecha.dev/mecha v0.0.0\n\n"
            f"replace mecha.dev/mecha => {HERE}\n")
        fetched = subprocess.run([options.go, "get", SQLITE], cwd=folder, capture_output=True,
                                 text=True)
        if fetched.returncode != 0:
            print(f"skipped: {SQLITE} cannot be fetched from the module proxy: {fetched.stderr}")
            sys.exit(77)
        run(options.go, "build", "-mod=mod", "-o", "program", ".", cwd=folder, CGO_CFLAGS="-O0")
        expect_output(folder / "program", "two SQLite libraries, the program itself and ", folder)


class Worker:
    """A running `orders worker`."""

    def __init__(self, command):
        self.process = subprocess.Popen([*command[:1], "worker", *command[1:]],
                                        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
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
    parser.add_argument("mode", choices=MODES)
    options = parser.parse_args()
    globals()[options.mode](options)


if __name__ == "__main__":
    main()
