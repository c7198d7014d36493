# SPDX-License-Identifier: Apache-2.0
"""Every relative link of a page leads to a file, and to a heading where it names one. Every path of
this tree that a page mentions exists: `src/result/status.h`, `src/call/clock.{h,cc}`, `src/*`.

Not looked at: placeholders in <angle brackets>, NNNN, and names of the reader's own (my-store).
"""
import glob
import posixpath
import re

import pages

LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
PATH = re.compile(r"(?<![\w./<>{}-])((?:src|components|include|examples|tests|bench|docs|scripts|"
                  r"tools|cmake|\.ci)/[\w./{},*<>-]*[\w/}*>])")
PLACEHOLDER = re.compile(r"[<>]|NNNN|\bmy[-_]")


def anchors(page):
    """The anchors that GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", pages.without_code_blocks(pages.read(page)), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check_link(page, target):
    name, _, anchor = target.partition("#")
    if re.match(r"[a-z]+:", target):
        return None
    place = posixpath.normpath(posixpath.join(page.parent.as_posix(), name)) if name else str(page)
    if not (pages.ROOT / place).exists():
        return f"{page}: a link to {target}, which does not exist"
    if anchor and place.endswith(".md") and anchor not in anchors(place):
        return f"{page}: a link to {target}, which has no such heading"
    return None


def expand(path):
    """`a.{h,cc}` as two paths."""
    braces = re.search(r"\{([^{}]*)\}", path)
    if not braces:
        return [path]
    return [each for word in braces.group(1).split(",")
            for each in expand(path[:braces.start()] + word + path[braces.end():])]


def check_path(page, path):
    missing = [each for each in expand(path) if not glob.glob(str(pages.ROOT / each))]
    return f"{page}: names {', '.join(missing)}, which does not exist" if missing else None


def main():
    problems, links, paths = [], 0, 0
    for page in pages.pages():
        text = pages.read(page)
        for target in LINK.findall(re.sub(r"`[^`\n]*`", "", pages.without_code_blocks(text))):
            links += 1
            problems.append(check_link(page, target))
        for path in PATH.findall(text):
            if not PLACEHOLDER.search(path):
                paths += 1
                problems.append(check_path(page, path))
    pages.finish([problem for problem in problems if problem],
                 f"{len(pages.pages())} pages, {links} links, {paths} paths")


if __name__ == "__main__":
    main()
