# SPDX-License-Identifier: Apache-2.0
"""Rules about single text files, whatever their language: length, lines, SPDX, markdown."""
import posixpath
import re

from style_offence import Offence

LINE_LIMIT = 100
CPP = (".cc", ".h", ".c", ".hpp")
SCRIPT = (".py", ".sh", ".cmake")
# Written in pieces, so that this file does not offend against its own rules.
TASK_WORDS = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X"))
MACHINE_FOLDERS = "|".join(("wo" + "rk", "ro" + "ot", "tmp/l" + "ab"))
OPEN_TASK = re.compile(rf"\b({TASK_WORDS})\b(\(#\d+\))?")
MERGE_MARK = re.compile(r"(<{7}|>{7}|={7}$)")
MACHINE_PATH = re.compile(rf"(?<![\w.~/-])/(?:{MACHINE_FOLDERS})(?=[/\s\"'`),;:]|$)")
LICENCE_LINE = "SPDX-" + "License-Identifier: Apache-2.0"
HEADING = re.compile(r"^(#{1,6}) \S")
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")


def is_cmake(path):
    return path.endswith("CMakeLists.txt") or path.endswith(".cmake")


def is_script(path, text):
    return path.endswith(SCRIPT) or text.startswith("#!")


def is_source(path, text):
    return path.endswith(CPP) or is_cmake(path) or is_script(path, text)


def length_limit(path):
    """(limit, what it is) for a source file."""
    if is_cmake(path):
        return 150, "CMake file"
    if path.startswith("include/") and path.endswith(".h"):
        return 500, "C header"
    name = posixpath.basename(path)
    if "_test." in name or path.startswith("tests/"):
        return 800, "test"
    return 600, "source file"


def check_length(path, lines):
    limit, kind = length_limit(path)
    if len(lines) <= limit:
        return []
    return [Offence(path, limit + 1, "file-length", f"{kind} of {len(lines)} lines, limit {limit}",
                    "split it by topic", number=len(lines))]


def check_source_lines(path, lines):
    offences = []
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_LIMIT:
            offences.append(Offence(path, number, "line-length",
                                    f"{len(line)} columns, limit {LINE_LIMIT}", "break the line"))
        if "\t" in line and not path.endswith("Makefile"):
            offences.append(Offence(path, number, "tab", "a tab character", "use spaces"))
    return offences


def check_any_lines(path, lines, is_markdown):
    offences = []
    for number, line in enumerate(lines, 1):
        if line.endswith("\r"):
            offences.append(Offence(path, number, "line-end", "a carriage return",
                                    "end lines with a bare newline"))
        elif line != line.rstrip() and not is_markdown:
            offences.append(Offence(path, number, "trailing-space", "white space at the line's end",
                                    "remove it"))
        task = OPEN_TASK.search(re.sub(r"`[^`]*`", "", line) if is_markdown else line)
        if task and not task.group(2):
            offences.append(Offence(path, number, "open-task", f"a bare {task.group(1)}",
                                    f"write {task.group(1)}(#N) with the issue's number"))
        if MERGE_MARK.match(line):
            offences.append(Offence(path, number, "merge-mark", "what a merge left behind",
                                    "choose one side"))
        if MACHINE_PATH.search(line):
            offences.append(Offence(path, number, "machine-path", "a path of one machine",
                                    "use a path relative to the repository"))
    return offences


def check_licence(path, lines):
    head = lines[1:2] if lines and lines[0].startswith("#!") else lines[:1]
    if head and LICENCE_LINE in head[0]:
        return []
    mark = "//" if path.endswith(CPP) else "#"
    return [Offence(path, 1, "licence", "the first line (after #!) does not name the licence",
                    f"write `{mark} {LICENCE_LINE}` there")]


def check_markdown(root, path, lines):
    offences, fence, level = [], "", 0
    if not lines or not lines[0].startswith("# "):
        offences.append(Offence(path, 1, "markdown", "does not begin with a title",
                                "start with one `# Title` line"))
    for number, line in enumerate(lines, 1):
        mark = re.match(r"\s*(```+|~~~+)", line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark.group(1)
            continue
        if fence:
            continue
        heading = HEADING.match(line)
        if heading:
            new_level = len(heading.group(1))
            offences += check_heading(path, number, new_level, level)
            level = new_level
        offences += check_links(root, path, number, line)
    if fence:
        offences.append(Offence(path, len(lines), "markdown", "a code block is not closed",
                                f"close it with {fence}"))
    return offences


def check_heading(path, number, level, previous):
    if level == 1 and previous:
        return [Offence(path, number, "markdown", "a second title", "use `##`")]
    if level > previous + 1:
        return [Offence(path, number, "markdown", f"heading level {previous} to {level}",
                        "do not skip a level")]
    return []


def check_links(root, path, number, line):
    offences = []
    for match in LINK.finditer(re.sub(r"`[^`]*`", "", line)):
        target = (match.group(1) or match.group(2)).split("#")[0]
        if not target or re.match(r"[a-z]+:", target):
            continue
        place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if not (root / place).exists():
            offences.append(Offence(path, number, "markdown", f"a link to {target}",
                                    "there is no such file; correct the path"))
    return offences


def is_data(path):
    """Data files are kept byte for byte, whatever they hold."""
    return path == "LICENSE" or path.endswith((".json", ".jsonl", ".sql", ".patch", ".svg")) or (
        re.search(r"(^|/)(testdata|golden|corpus|seeds|fixtures?)/", path) is not None)


def check(root, texts):
    offences = []
    for path, text in texts.items():
        if is_data(path):
            continue
        lines = text.split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        is_markdown = path.endswith(".md")
        offences += check_any_lines(path, lines, is_markdown)
        if text and not text.endswith("\n"):
            offences.append(Offence(path, len(lines), "line-end", "no newline at the end",
                                    "add one"))
        if is_markdown:
            offences += check_markdown(root, path, lines)
        if is_source(path, text):
            offences += check_length(path, lines) + check_licence(path, lines)
            offences += check_source_lines(path, lines)
    return offences
