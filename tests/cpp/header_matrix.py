#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles each C++ header alone, in every language version, and expects no warning."""
import argparse
import concurrent.futures
import pathlib
import shutil
import subprocess
import sys

COMPILERS = ("g++", "clang++")
STANDARDS = ("c++17", "c++20")
MODES = ((), ("-fno-exceptions", "-fno-rtti"))
WARNINGS = ("-Wall", "-Wextra", "-pedantic", "-Wshadow", "-Werror")


def compile_header(include, header, compiler, standard, mode):
    command = [compiler, f"-std={standard}", *WARNINGS, *mode, "-I", str(include), "-fsyntax-only",
               "-x", "c++", "-"]
    run = subprocess.run(command, input=f"#include <mecha/{header}>\n", capture_output=True,
                         check=False, encoding="utf-8")
    return "" if run.returncode == 0 else f"{' '.join(command)} <mecha/{header}>\n{run.stderr}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--include", type=pathlib.Path, required=True)
    include = parser.parse_args().include
    headers = sorted(path.name for path in (include / "mecha").glob("*.hpp"))
    compilers = [compiler for compiler in COMPILERS if shutil.which(compiler)]
    jobs = [(include, header, compiler, standard, mode) for header in headers
            for compiler in compilers for standard in STANDARDS for mode in MODES]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        failures = [text for text in pool.map(lambda job: compile_header(*job), jobs) if text]
    for text in failures:
        print(text)
    print(f"{len(jobs)} compilations of {len(headers)} headers, {len(failures)} failed")
    return 1 if failures or not headers or not compilers else 0


if __name__ == "__main__":
    sys.exit(main())
