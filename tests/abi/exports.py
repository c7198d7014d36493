# SPDX-License-Identifier: Apache-2.0
"""Checks that libmecha.so exports exactly the functions of the headers, each in the version node
and with the prototype that tests/abi/golden/exports.txt records."""
import argparse
import subprocess
import sys
from pathlib import Path

import golden_file
import headers


def exported(library):
    """Names with their version, as the dynamic linker sees them."""
    lines = subprocess.run(["nm", "-D", "--defined-only", "--with-symbol-versions", library],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    found = {}
    for line in lines:
        _, kind, symbol = line.split(maxsplit=2)
        name, _, version = symbol.partition("@")
        if kind == "A":  # the version nodes themselves
            continue
        found[name] = version.lstrip("@") or "no version"
    return found


def breaks(old, new):
    return [line for line in old if line not in new]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--headers", required=True)
    parser.add_argument("--library", required=True)
    golden_file.add_options(parser)
    options = parser.parse_args()
    functions = {f.name: f for f in headers.parse(options.headers).functions}
    symbols = exported(options.library)
    failed = False
    for name in sorted(functions.keys() - symbols.keys()):
        print(f"{functions[name].header}: {name} is declared but libmecha.so does not export it "
              "(is it in cmake/library/mecha.map?)")
        failed = True
    for name in sorted(symbols.keys() - functions.keys()):
        print(f"libmecha.so exports {name}, which no header declares")
        failed = True
    lines = [f"{name}@{symbols[name]} {functions[name].prototype()}"
             for name in sorted(functions.keys() & symbols.keys())]
    golden = Path(__file__).parent / "golden" / "exports.txt"
    status = golden_file.settle(golden, lines, breaks, options.update, options.may_break)
    sys.exit(1 if failed else status)


if __name__ == "__main__":
    main()
