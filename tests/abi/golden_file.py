# SPDX-License-Identifier: Apache-2.0
"""Compares lines with a golden file: what is promised stays, new lines must be recorded."""
from pathlib import Path


def settle(path, lines, breaks, update, may_break):
    """Writes or compares. `breaks(old, new)` lists what a program built before would trip over.

    Returns the exit status: 0 only when nothing broke and nothing is missing from the file.
    """
    path = Path(path)
    old = path.read_text().splitlines() if path.exists() else []
    broken = breaks(old, lines) if old else []
    for message in broken:
        print(f"{path.name}: breaks existing programs: {message}")
    if update and (may_break or not broken):
        path.write_text("\n".join(lines) + "\n")
        print(f"{path.name}: {len(lines)} lines written")
        return 0
    if broken:
        print("If that is meant (before 1.0), record it with --update --break and say so in the "
              "change log.")
        return 1
    if old != lines:
        for line in sorted(set(lines) - set(old)):
            print(f"{path.name}: new and not recorded: {line}")
        print("Nothing broke, but the golden file is behind: run the same command with --update.")
        return 1
    return 0


def add_options(parser):
    parser.add_argument("--update", action="store_true", help="record what was added")
    parser.add_argument("--break", dest="may_break", action="store_true",
                        help="with --update: record breaking changes too")
