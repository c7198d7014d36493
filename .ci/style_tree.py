# SPDX-License-Identifier: Apache-2.0
"""Rules about names and folders, and about Python functions."""
import ast
import collections
import posixpath
import re

from style_offence import Offence

FORBIDDEN = {"core", "common", "util", "utils", "helper", "helpers", "base", "misc", "manager",
             "managers", "impl", "stuff"}
ABBREVIATIONS = {"cfg", "ctx", "conf", "mgr", "msg", "req", "cmd", "conn", "stmt", "param",
                 "params", "ptr", "tmp", "cnt", "idx", "num", "srv", "svc", "str", "addr"}
SOURCES = (".cc", ".c", ".h", ".hpp")
PYTHON_BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try)
FOLDER_LIMIT = 25
CODE_FOLDERS = ("src/", "components/", "include/", "tests/", "bench/", "examples/", "tools/")


def words_of(name):
    """The lower-case words of a snake_case or CamelCase name."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+", name)]


def name_offence(path, line, kind, name, is_public=False):
    """The offence of a forbidden or shortened `name`, or None."""
    for word in words_of(name):
        if word in FORBIDDEN:
            return Offence(path, line, "name", f'{kind} {name} says "{word}"',
                           "name it after what it holds")
        if word in ABBREVIATIONS and not is_public:
            return Offence(path, line, "name", f'{kind} {name} abbreviates "{word}"',
                           "write the word (glossary: id, http, tls, url, db, io)")
    return None


def check_path(path):
    offences = []
    folder, name = posixpath.split(path)
    stem = name.split(".")[0]
    for kind, part in [("folder", part) for part in folder.split("/")] + [("file", stem)]:
        offence = name_offence(path, 1, kind, part)
        offences += [offence] if offence else []
    if path.endswith(SOURCES) and not re.fullmatch(r"[a-z][a-z0-9_]*", stem):
        offences.append(Offence(path, 1, "name", f"file name {name} is not snake_case",
                                "rename it after its main class"))
    return offences


def check_folders(paths):
    """A folder's sources: x.h with x.cc or x.hpp counts once, tests do not count."""
    folders = collections.defaultdict(set)
    for path in paths:
        folder, name = posixpath.split(path)
        if path.endswith(SOURCES) and not re.search(r"_test\.\w+$", name):
            folders[folder].add(name.split(".")[0])
    return [Offence(folder, 1, "folder-size", f"{len(names)} sources, limit {FOLDER_LIMIT}",
                    "split the folder by topic", number=len(names))
            for folder, names in folders.items() if len(names) > FOLDER_LIMIT]


def check_blocks(paths):
    """A block has one name: components/<block> stands beside src/<block>. What components use
    stands in shared/ and tls/."""
    blocks = {path.split("/")[1] for path in paths if re.match(r"components/\w+/\w+/", path)}
    folders = {path.split("/")[1] for path in paths if re.match(r"src/\w+/", path)}
    return [Offence(f"components/{block}", 1, "block-name", f"no block src/{block}",
                    "use the block's one name (the Dapr type prefix)")
            for block in sorted(blocks - folders - {"shared", "tls"}) if folders]


def nesting(node, depth=0):
    """The deepest block inside `node`; an elif chain is one level, a nested function its own."""
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
            continue
        is_elif = isinstance(node, ast.If) and node.orelse == [child] and isinstance(child, ast.If)
        step = 1 if isinstance(child, PYTHON_BLOCKS) and not is_elif else 0
        deepest = max(deepest, nesting(child, depth + step))
    return deepest


def check_python(path, text):
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return [Offence(path, error.lineno or 1, "python", "does not parse", str(error.msg))]
    offences = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            lines = node.end_lineno - node.lineno
            count = len(node.args.args) + len(node.args.kwonlyargs)
            count -= 1 if node.args.args and node.args.args[0].arg == "self" else 0
            offences += size_offences(path, node.lineno, node.name, lines, count)
            offences += nesting_offence(path, node.lineno, node.name, nesting(node))
    return offences


def size_offences(path, line, name, lines, parameters):
    """The offences of a function of any language; used for C++ too."""
    offences, place = [], f"{path}#{name}"
    if lines > 60:
        offences.append(Offence(path, line, "function-length",
                                f"{name} has {lines} lines, limit 60",
                                "move its steps into functions of their own", place, lines))
    if parameters > 5:
        offences.append(Offence(path, line, "parameters", f"{name} takes {parameters}, limit 5",
                                "pass a struct", place, parameters))
    return offences


def nesting_offence(path, line, name, depth):
    if depth <= 4:
        return []
    return [Offence(path, line, "nesting", f"{name} nests {depth} blocks, limit 4",
                    "return early or move the inner part out", f"{path}#{name}", depth)]


def check(texts):
    offences = check_folders(texts) + check_blocks(texts)
    for path, text in texts.items():
        if path.startswith(CODE_FOLDERS):
            offences += check_path(path)
        if path.endswith(".py"):
            offences += check_python(path, text)
    return offences
