#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the rules of docs/STYLE.md that clang-format and clang-tidy do not.

  style.py              checks the whole tree; exit 1 and one line per offence
  style.py --report     prints the medians and the largest files and functions too
  style.py --self-test  builds a small bad tree and expects every rule to speak

Three lists hold what may stay for now, and may only shrink: an entry that is no longer needed is
an offence itself. `.ci/style.ratchet` ("rule place number"), `.ci/try_catch.allow` (files) and
`.ci/banned_calls.allow` ("file name").
"""
import pathlib
import subprocess
import sys
import time

import style_cpp
import style_text
import style_tree
from style_offence import Offence

OWN = pathlib.Path(__file__).resolve().parent
SKIPPED = {"build", ".git", ".cache", "__pycache__"}


def tree_files(root):
    """Tracked and new files of the tree, without what git ignores."""
    git = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                         capture_output=True, check=False)
    if git.returncode == 0 and (root / ".git").exists():
        names = set(git.stdout.decode().split("\0")) - {""}
    else:
        names = {str(path.relative_to(root)) for path in root.rglob("*")}
    paths = (pathlib.PurePosixPath(name) for name in sorted(names))
    return [path for path in paths
            if not SKIPPED & set(path.parts) and (root / path).is_file()
            and not (root / path).is_symlink()]


def read_tree(root):
    """Path -> text of every text file."""
    texts = {}
    for path in tree_files(root):
        content = (root / path).read_bytes()
        if b"\0" in content[:8192]:
            continue
        texts[str(path)] = content.decode("utf-8", errors="replace")
    return texts


def read_list(root, name):
    """The lines of `.ci/<name>` as lists of words, without comment lines."""
    path = root / ".ci" / name
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.split() for line in lines if line.strip() and not line.startswith("#")]


def apply_allow_lists(root, offences):
    """Drops what the allow lists permit; adds an offence for every entry without use."""
    for name, rule in (("try_catch.allow", "try-catch"), ("banned_calls.allow", "banned-call")):
        allowed = {" ".join(words) for words in read_list(root, name)}
        used = {offence.key for offence in offences if offence.rule == rule}
        offences = [offence for offence in offences
                    if offence.rule != rule or offence.key not in allowed]
        offences += [Offence(f".ci/{name}", 1, "allow-list", f'"{entry}" is no longer needed',
                             "remove that line") for entry in sorted(allowed - used)]
    return offences


def apply_ratchet(root, offences):
    """Drops offences up to the listed number; a number that could be lower is an offence."""
    listed = {(words[0], words[1]): int(words[2]) for words in read_list(root, "style.ratchet")}
    found = {}
    for offence in offences:
        place = (offence.rule, offence.key or offence.path)
        number = offence.number or found.get(place, 0) + 1
        found[place] = max(found.get(place, 0), number)
    kept = [offence for offence in offences
            if found[(offence.rule, offence.key or offence.path)]
            > listed.get((offence.rule, offence.key or offence.path), 0)]
    for (rule, place), number in sorted(listed.items()):
        actual = found.get((rule, place), 0)
        if actual < number:
            what = f"lower the number to {actual}" if actual else "remove that line"
            kept.append(Offence(".ci/style.ratchet", 1, "ratchet",
                                f"{rule} {place} {number}: now {actual}", what))
    return kept


def check(root):
    texts = read_tree(root)
    sources = style_cpp.read_sources(texts)
    offences = style_text.check(root, texts) + style_tree.check(texts)
    offences += style_cpp.check(sources)
    return texts, sources, apply_ratchet(root, apply_allow_lists(root, offences))


def main(arguments):
    if "--self-test" in arguments:
        import style_self_test
        return style_self_test.run(check)
    root = OWN.parent
    started = time.monotonic()
    texts, sources, offences = check(root)
    for offence in sorted(offences, key=lambda each: (each.path, each.line)):
        print(offence)
    if "--report" in arguments:
        style_cpp.report(sources)
    print(f"style: {len(texts)} files, {len(offences)} offences, "
          f"{time.monotonic() - started:.1f} s")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
