#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles each C++ header alone, and all of them together with every compiler and in every way.
Expects no warning. A header takes a second, so what it lacks is looked for by one compiler."""
import argparse
import concurrent.futures
import itertools
import pathlib
import shutil
import subprocess
import sys

COMPILERS = ("g++", "clang++")
STANDARDS = ("c++17", "c++20")
MODES = ((), ("-fno-exceptions", "-fno-rtti"))
WARNINGS = ("-Wall", "-Wextra", "-pedantic", "-Wshadow", "-Werror")


def compile_headers(include, headers, compiler, standard, mode):
    command = [compiler, f"-std={standard}", *WARNINGS, *mode, "-I", str(include), "-fsyntax-only",
               "-x", "c++", "-"]
    source = "".join(f"#include <mecha/{header}>\n" for header in headers)
    run = subprocess.run(command, input=source, capture_output=True, check=False, encoding="utf-8")
    return "" if run.returncode == 0 else f"{' '.join(command)}\n{source}{run.stderr}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--include", type=pathlib.Path, required=True)
    include = parser.parse_args().include
    headers = sorted(path.name for path in (include / "mecha").glob("*.hpp"))
    compilers = [compiler for compiler in COMPILERS if shutil.which(compiler)]
    jobs = [(include, headers, *way) for way in itertools.product(compilers, STANDARDS, MODES)]
    jobs += [(include, [header], compilers[0], standard, MODES[1])
             for header in headers for standard in STANDARDS] if compilers else []
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        failures = [text for text in pool.map(lambda job: compile_headers(*job), jobs) if text]
    for text in failures:
        print(text)
    print(f"{len(jobs)} compilations of {len(headers)} headers, {len(failures)} failed")
    return 1 if failures or not headers or not compilers else 0


if __name__ == "__main__":
    sys.exit(main())
