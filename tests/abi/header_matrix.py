# SPDX-License-Identifier: Apache-2.0
"""Compiles every public C header alone: gcc and clang, C99 to C17, C++11 to C++20, pedantic,
without exceptions, with short enums. The C++ headers: tests/cpp/header_matrix.py."""
import argparse
import itertools
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WARNINGS = ["-fsyntax-only", "-pedantic", "-Wall", "-Wextra", "-Wstrict-prototypes", "-Werror"]
C_COMPILERS = ("gcc", "clang")
CXX_COMPILERS = ("g++", "clang++")


def commands(include):
    """(header, command) for every cell of the matrix."""
    folder = Path(include) / "mecha"
    for header in sorted(folder.glob("*.h")):
        for compiler, standard, extra in itertools.product(
                C_COMPILERS, ("c99", "c11", "c17"), ([], ["-fshort-enums"])):
            yield header, [compiler, "-x", "c", f"-std={standard}", *WARNINGS, *extra]
    flags = [f for f in WARNINGS if f != "-Wstrict-prototypes"]
    bare = ["-fno-exceptions", "-fno-rtti", "-fshort-enums"]
    for header in sorted(folder.glob("*.h")):
        for compiler, standard, extra in itertools.product(
                CXX_COMPILERS, ("c++11", "c++14", "c++17", "c++20"), ([], bare)):
            yield header, [compiler, "-x", "c++", f"-std={standard}", *flags, *extra]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--include", required=True)
    include = parser.parse_args().include
    cells = [(h, c) for h, c in commands(include) if shutil.which(c[0])]
    with tempfile.TemporaryDirectory() as folder:
        def run(cell):
            header, command = cell
            # Included by a file, not compiled itself: gcc warns about "#pragma once in main file".
            source = Path(folder) / f"{header.name}.source"
            if not source.exists():
                source.write_text(f"#include <mecha/{header.name}>\n")
            return header, command, subprocess.run(
                [*command, f"-I{include}", str(source)], capture_output=True, text=True)

        with ThreadPoolExecutor(2) as pool:
            failed = [r for r in pool.map(run, cells) if r[2].returncode != 0]
    for header, command, result in failed:
        print(f"{header.name} does not compile alone: {' '.join(command)}\n{result.stderr}")
    print(f"{len(cells)} combinations, {len(failed)} failed")
    sys.exit(1 if failed or not cells else 0)


if __name__ == "__main__":
    main()
