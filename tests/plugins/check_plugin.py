# SPDX-License-Identifier: Apache-2.0
"""Runs mecha-check-plugin and checks its verdict.

  check_plugin.py PASS|FAIL WORDS PROGRAM ARGUMENT...

The last line must begin with the verdict and match WORDS (a regular expression), and the exit code
must say the same.
"""
import re
import subprocess
import sys


def main(verdict, words, *command):
    result = subprocess.run(command, capture_output=True, text=True)
    lines = result.stdout.splitlines()
    last = lines[-1] if lines else ""
    wanted = {"PASS": 0, "FAIL": 1}[verdict]
    print(result.stdout[-20000:], result.stderr, sep="\n")
    if result.returncode != wanted or not last.startswith(verdict) or not re.search(words, last):
        sys.exit(f"exit code {result.returncode}, last line: {last!r}; wanted {wanted}, {verdict} "
                 f"and {words!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
