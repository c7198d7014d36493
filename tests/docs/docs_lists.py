# SPDX-License-Identifier: Apache-2.0
"""Lists in the pages are complete: what the code defines, the page that explains it names."""
import ast
import re

import pages


def style_rules():
    """The rule tags that .ci/style*.py print in brackets: the third argument of an Offence."""
    rules = set()
    for path in (pages.ROOT / ".ci").glob("style*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Offence":
                rules |= {each.value for each in node.args[2:3] if isinstance(each, ast.Constant)}
    return rules


def names(path, pattern):
    return set(re.findall(pattern, pages.read(path)))


def subfolders(folder):
    return {path.name for path in (pages.ROOT / folder).iterdir()
            if path.is_dir() and any(path.iterdir())}


def third_parties():
    found = names("cmake/MechaDependencies.cmake", r"find_package\(([\w-]+) ")
    return found | names("cmake/MechaDependencies.cmake", r"IMPORTED_TARGET (\w+)")


def status_names():
    enumeration = re.search(r"\{\s*MECHA_OK = .*?\};", pages.read("include/mecha/types.h"), re.S)
    return set(re.findall(r"\bMECHA_([A-Z_]+) = -?\d+", enumeration.group(0)))


def lists():
    """(page, what is listed, the names it must have, how a name is written there)."""
    yield ("docs/STYLE.md", "style rule", style_rules(), "`[{}]`")
    yield ("docs/ARCHITECTURE.md", "folder of src", subfolders("src"), "{}/")
    yield ("docs/ARCHITECTURE.md", "block", subfolders("components"), "{}/")
    yield ("docs/settings.md", "setting",
           names("src/runtime/runtime_settings.cc", r'^\s*\{"(\w+)", "') or
           names("src/runtime/runtime_settings.cc", r'\{"(\w+)", "'), "`{}`")
    yield ("docs/DEPENDENCIES.md", "dependency",
           third_parties() - {"PkgConfig", "Threads"}, "{}")
    yield ("docs/what_may_have_happened.md", "status", status_names(), "`{}`")
    yield ("docs/decisions/README.md", "decision", {
        path.name for path in (pages.ROOT / "docs/decisions").glob("[0-9]*.md")}, "({})")


def main():
    problems, count = [], 0
    for page, what, wanted, form in lists():
        text = pages.read(page).lower()
        count += len(wanted)
        problems += [f"{page}: does not name the {what} {form.format(name)}"
                     for name in sorted(wanted) if form.format(name).lower() not in text]
        problems += [] if wanted else [f"{page}: no {what} was found in the code"]
    used = set(re.findall(r"`\[([a-z-]+)\]`", pages.read("docs/STYLE.md")))
    problems += [f"docs/STYLE.md: no check prints [{rule}]" for rule in sorted(
        used - style_rules())]
    pages.finish(problems, f"{count} names")


if __name__ == "__main__":
    main()
