# SPDX-License-Identifier: Apache-2.0
"""Rules about C and C++ code: functions, names, exceptions, banned calls, coroutines."""
import dataclasses
import posixpath
import re
import statistics

import cpp_scan
import style_tree
from style_offence import Offence

PRODUCT = ("src/", "components/", "include/")
BANNED_CALLS = ("printf fprintf vprintf puts fputs putchar perror getenv secure_getenv setlocale "
                "setenv putenv unsetenv atexit exit _exit quick_exit abort system popen signal "
                "sigaction stod stof stold strtod strtof strtold atof strtok rand srand").split()
BANNED_CALL = re.compile(r"(->|\.|\w+\s*::|::)?\s*\b(" + "|".join(BANNED_CALLS) + r")\s*\(")
BANNED_NAME = re.compile(
    r"\bstd::(cout|cerr|clog|wcout|wcerr)\b"
    r"|\b(absl::(?!AnyInvocable\b|FunctionRef\b)\w+)"
    r"|#\s*include\s*[<\"](iostream|absl/(?!functional/)[^\">]*"
    r"|status_macros\.h)[>\"]")
# What stands before a call's name when it is a declaration or a call through a class.
KEYWORDS = {"return", "co_return", "else", "do", "case", "throw"}
SAFE_AWAIT = re.compile(
    r"(?:co_return\s+|(?:const\s+)?[\w:]+(?:<[\w:<>,\s*&]*>)?[\s*&]+\w+\s*=\s*)?"
    r"co_await\s+(?P<call>[\w:.>-]+(?:<[\w:<>,\s*]*>)?\s*\([^{}\[\]?]*\))"
    r"|CO_(?:ASSIGN_OR_RETURN|RETURN_IF_ERROR)\s*\((?:[^{}\[\]?,]*,)?\s*co_await\s+[^{}\[\]?]*\)")


@dataclasses.dataclass
class Source:
    """One C or C++ file as it was read."""
    path: str
    text: str
    reader: cpp_scan.Reader

    @property
    def is_test(self):
        return self.path.startswith("tests/") or "_test." in self.path

    @property
    def is_product(self):
        return self.path.startswith(PRODUCT) and not self.is_test

    def line(self, position):
        return self.reader.code.count("\n", 0, position) + 1


def read_sources(texts):
    return [Source(path, text, cpp_scan.Reader(text)) for path, text in texts.items()
            if path.endswith(style_tree.SOURCES)]


def check_functions(source):
    offences = []
    for function in source.reader.functions:
        count = len(cpp_scan.split_parameters(function.parameters))
        if function.name.startswith("mecha_"):
            count = 0  # the C face: its signatures are the ABI, and no struct of ours
        offences += style_tree.size_offences(source.path, function.line, function.name,
                                             function.lines, count)
        offences += style_tree.nesting_offence(source.path, function.line, function.name,
                                               function.nesting)
    if len(source.reader.scopes) != 1:
        offences.append(Offence(source.path, 1, "braces", "the braces do not balance",
                                "keep each brace pair inside one preprocessor branch"))
    return offences


def check_types(source):
    offences = []
    for kind in source.reader.types:
        offence = style_tree.name_offence(source.path, kind.line, kind.keyword, kind.name,
                                          source.path.startswith("include/"))
        offences += [offence] if offence else []
    return offences


def check_main_class(source):
    """A header that defines classes declares something that it is named after."""
    classes = [kind.name for kind in source.reader.types
               if kind.keyword == "class" and not kind.is_nested]
    if not source.path.endswith(".h") or not source.is_product or not classes:
        return []
    words = posixpath.basename(source.path)[:-2].split("_")
    stem, last = "".join(words), words[-1].removesuffix("s")
    names = set(re.findall(r"\b[A-Z]\w+", source.reader.source))
    # redis_reply_reader.h may hold ReplyReader; state_rows.h may hold ReadRow with a class for it.
    if any(name.lower() in stem for name in classes) or any(last in name.lower() for name in names):
        return []
    return [Offence(source.path, 1, "main-class", f"defines {', '.join(classes)}, not its own name",
                    "name the file after its main class")]


def check_first_comment(source):
    """Line 2 of a header begins the comment that says what it is."""
    lines = source.text.split("\n")
    if not source.path.endswith((".h", ".hpp")) or not source.is_product:
        return []
    if len(lines) > 1 and lines[1].startswith(("//", "/*")):
        return []
    return [Offence(source.path, 2, "first-comment", "no comment under the licence line",
                    "say what the file is, then what it is not")]


def check_exceptions(source):
    if not source.is_product:
        return []
    match = re.search(r"\b(try|catch|throw)\b(?!\s*\(\s*\)\s*;)", source.reader.source)
    if not match:
        return []
    return [Offence(source.path, source.line(match.start()), "try-catch", f"uses {match.group(1)}",
                    "return Status; a library that throws is wrapped in one listed file",
                    source.path)]


def check_banned(source):
    if not source.is_product:
        return []
    offences = []
    code = source.reader.code
    for match in BANNED_CALL.finditer(code):
        front = (match.group(1) or "").replace(" ", "")
        if front not in ("", "::", "std::") or is_declaration(code, match.start()):
            continue
        offences.append(banned(source, match.start(), match.group(2)))
    names = cpp_scan.LITERAL_OR_COMMENT.sub(
        lambda match: match.group(0) if match.group(0)[0] == '"' else cpp_scan.blank(match),
        source.text)
    for match in BANNED_NAME.finditer(names):
        name = next(group for group in match.groups() if group)
        offences.append(banned(source, match.start(), name))
    return offences


def is_declaration(code, position):
    """True when a type name stands before the name at `position`: `int exit(`."""
    before = re.search(r"(\w+)[\s*&]+$", code[max(0, position - 80):position])
    return before is not None and before.group(1) not in KEYWORDS and (
        not before.group(1).isdigit())


def banned(source, position, name):
    return Offence(source.path, source.line(position), "banned-call", f"uses {name}",
                   "a guest in the host's process does not (docs/STYLE.md)",
                   f"{source.path} {name}")


def check_coroutines(source):
    offences = []
    code = source.reader.source
    for function in source.reader.functions:
        if not function.is_coroutine:
            continue
        if function.is_lambda and function.captures:
            offences.append(await_offence(source, function.line, "a capturing lambda as coroutine"))
        if "&" in function.parameters:
            offences.append(await_offence(source, function.line, "a coroutine takes a reference"))
    for match in re.finditer(r"\bco_await\b", code):
        start = max(code.rfind(char, 0, match.start()) for char in ";{}") + 1
        end = code.find(";", match.start())
        statement = " ".join(code[start:end].split())
        is_macro = statement.startswith("CO_")
        if statement.count("(") != statement.count(")") or not SAFE_AWAIT.fullmatch(statement) or (
                statement.count("co_await") != 1 and not is_macro):
            offences.append(await_offence(source, source.line(match.start()),
                                          "a co_await shape that g++ 12 may miscompile"))
    return offences


def await_offence(source, line, what):
    return Offence(source.path, line, "co-await", what,
                   "write `T x = co_await f(names);` with arguments by value (docs/STYLE.md)")


def check_documented(source):
    """Every exported C function has a comment right above it."""
    if not source.path.startswith("include/") or not source.path.endswith(".h"):
        return []
    lines = source.text.split("\n")
    offences = []
    for number, line in enumerate(lines[1:], 2):
        above = lines[number - 2].rstrip()
        if re.match(r"MECHA_API\b", line) and not (above.endswith("*/") or above.startswith("//")):
            offences.append(Offence(source.path, number, "documented", "an undocumented function",
                                    "say above it what it does, its threads, ownership, errors"))
    return offences


def check_test_names(source):
    """Test names are sentences: at least three words."""
    offences = []
    for match in re.finditer(r'\bTEST_CASE\s*\(\s*"((?:[^"\\]|\\.)*)"', source.text):
        if len(match.group(1).split()) < 3:
            offences.append(Offence(source.path, source.line(match.start()), "test-name",
                                    f'test "{match.group(1)}" is not a sentence',
                                    "say what holds, in words"))
    return offences


def check_catch_include(source):
    """One header hides which major version of Catch2 the platform has."""
    match = re.search(r"#\s*include\s*<catch2/", source.text)
    if not match or source.path.startswith("tests/support/"):
        return []
    return [Offence(source.path, source.line(match.start()), "catch-include",
                    "includes Catch2 itself", 'include "support/catch.h"')]


CHECKS = (check_functions, check_types, check_main_class, check_first_comment, check_exceptions,
          check_banned, check_coroutines, check_documented, check_test_names, check_catch_include)


def check(sources):
    return [offence for source in sources for rule in CHECKS for offence in rule(source)]


def report(sources):
    """Prints the aims that are not limits: medians and the largest."""
    product = [source for source in sources if source.is_product and source.path.startswith("src/")]
    lengths = sorted((source.text.count("\n"), source.path) for source in product)
    functions = sorted((function.lines, source.path, function.name) for source in product
                       for function in source.reader.functions if not function.is_lambda)
    if not lengths or not functions:
        return
    print(f"src: {len(lengths)} files, median {statistics.median(n for n, _ in lengths)} lines "
          f"(aim 110); largest: {lengths[-3:]}")
    print(f"src: {len(functions)} functions, {sum(n > 20 for n, _, _ in functions)} over 20 lines "
          f"(the aim); largest: {functions[-3:]}")
