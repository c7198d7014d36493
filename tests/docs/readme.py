# SPDX-License-Identifier: Apache-2.0
"""README.md and the page on plug-ins show code that is compiled and run: a block under
`<!-- from: FILE -->` is a run of consecutive lines of FILE, and every C, C++ and YAML block has
such a line above it. Every command `./scripts/...` can be executed."""
import os
import re

import pages

MUST_NAME_SOURCE = ("c", "cpp", "yaml")
BLOCK = re.compile(r"(?:<!-- from: (\S+) -->\n+)?```(\w*)\n(.*?)\n```", re.S)


def check_block(source, language, code):
    if source is None:
        return (f"a {language} block without `<!-- from: FILE -->` above it: "
                f"{code.splitlines()[0]}") if language in MUST_NAME_SOURCE else None
    if not (pages.ROOT / source).is_file():
        return f"{source}: there is no such file"
    if f"\n{code}\n" not in "\n" + pages.read(source):
        return f"{source}: the block is not a part of it; copy the lines from there"
    return None


def main():
    text = pages.read("README.md")
    blocks = BLOCK.findall(text) + BLOCK.findall(pages.read("docs/write_a_plugin.md"))
    problems = [check_block(source or None, language, code) for source, language, code in blocks]
    languages = {language for _, language, _ in blocks}
    problems += [f"no {language} example" for language in ("c", "cpp") if language not in languages]
    scripts = set(re.findall(r"\./(scripts/[\w.]+)", text))
    problems += [f"./{name} cannot be executed" for name in sorted(scripts)
                 if not os.access(pages.ROOT / name, os.X_OK)]
    pages.finish([problem for problem in problems if problem],
                 f"{len(blocks)} blocks, {len(scripts)} scripts")


if __name__ == "__main__":
    main()
