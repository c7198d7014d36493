# SPDX-License-Identifier: Apache-2.0
"""Runs a host program and fails when it fails, or when anything was written to standard output or
standard error. A Catch2 program (--catch) reports into a file, which is shown on failure."""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catch", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.txt"
        report.touch()
        command = options.command + (["-o", str(report)] if options.catch else [])
        result = subprocess.run(command, capture_output=True, text=True, errors="replace")
        if result.returncode != 0:
            print(report.read_text(), result.stdout, result.stderr, sep="\n")
            print(f"{command[0]} ended with status {result.returncode}")
            sys.exit(1)
    if result.stdout or result.stderr:
        print(f"{command[0]} or the library in it printed something:")
        print(result.stdout, result.stderr, sep="\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
