# SPDX-License-Identifier: Apache-2.0
"""What the tests of the pages share: which files are pages, and how their lines are read."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pages():
    """Every markdown page of the tree, as paths from its root."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"),
             *ROOT.glob("bench/**/*.md"), *ROOT.glob("tests/**/*.md")]
    return sorted(path.relative_to(ROOT) for path in found)


def read(page):
    return (ROOT / page).read_text()


def without_code_blocks(text):
    """The same lines, those of fenced blocks empty."""
    lines, is_code = [], False
    for line in text.split("\n"):
        is_fence = re.match(r"\s*(```|~~~)", line) is not None
        lines.append("" if is_code or is_fence else line)
        is_code ^= is_fence
    return "\n".join(lines)


def finish(problems, summary):
    """Prints one line per problem and ends the test."""
    for problem in problems:
        print(problem)
    print(f"{summary}, {len(problems)} problems")
    sys.exit(1 if problems else 0)
