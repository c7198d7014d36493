#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that a language offers everything the C interface has.

  coverage.py LANGUAGE     cpp, python, go or rust

LANGUAGE's table (bindings/<language>/coverage.yaml; for C++ cpp.yaml beside this script) maps each
function, constant and field of the C headers to its public name in the language, or to "none: why"
where the language must not show it. A missing or unknown name fails, and so does a C name that the
binding's sources never use, and a public name that its public sources do not have.
"""
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "abi"))
import headers  # noqa: E402

HEADERS = ("types.h", "result.h", "runtime.h", "queue.h", "state.h", "secretstores.h", "pubsub.h",
           "serve.h")
# Names that are there for later; nothing can be done with them yet.
RESERVED = {"MECHA_CALL_DETACHED", "MECHA_CALL_ONE_WAY", "MECHA_EVENT_SPAN", "MECHA_QUEUE_SPANS",
            "MECHA_RESULT_FROM_PEER", "MECHA_RESULT_HELD", "MECHA_RESULT_REPLAYED",
            "MECHA_METADATA_TRAILERS", "MECHA_SERVE_BINDING", "MECHA_SERVE_CONFIG",
            "MECHA_SERVE_JOB", "MECHA_SERVE_METHOD", "MECHA_SERVE_ACTOR", "MECHA_SERVE_SNAPSHOT",
            "mecha_event.object", "mecha_result_info.code", "mecha_result_info.stream",
            "mecha_reply.status", "mecha_reply.code", "mecha_reply.data", "mecha_reply.headers",
            "mecha_reply.flags", "mecha_reply.object"}
PLAIN = {"mecha_view", "mecha_kv", "mecha_buf"}  # how texts and bytes travel, not an option
UNNAMED = re.compile(r"struct_size|reserved\d*|\w+_count|user|ctx")  # how a struct is made
# What uses the C names, and what a program of the language sees.
SOURCES = {
    "cpp": ("include/mecha", "*.hpp"),
    "python": ("bindings/python", "*.[chp]*"),
    "go": ("bindings/go", "*.[goch]*"),
    "rust": ("bindings/rust/mecha", "*.rs"),  # mecha-sys declares everything
}
PUBLIC = {
    "cpp": ("include/mecha", "*.hpp"),
    "python": ("bindings/python", "*.py*"),
    "go": ("bindings/go", "*.go"),
    "rust": ("bindings/rust/mecha", "*.rs"),
}


def c_names():
    """Three sets: functions, constants, fields (as struct.field)."""
    parsed = headers.parse(ROOT / "include" / "mecha")
    text = "".join((ROOT / "include" / "mecha" / name).read_text() for name in HEADERS)
    functions = {f.name for f in parsed.functions if f.header in HEADERS}
    words = set(re.findall(r"\bMECHA_\w+", text))
    constants = {name for name in parsed.constants if name in words}
    fields = {f"{struct.name}.{field}" for struct in parsed.structs
              if struct.header in HEADERS and struct.name not in PLAIN
              for field in struct.fields if not UNNAMED.fullmatch(field)}
    return {"functions": functions, "constants": constants - RESERVED, "fields": fields - RESERVED}


def words_in(place):
    """Every identifier in the files of a folder, tests and build output left out."""
    folder, pattern = place
    words = set()
    for path in sorted((ROOT / folder).rglob(pattern)):
        parts = path.relative_to(ROOT).parts
        is_ours = path.is_file() and not {"tests", "target", "build", "vendor"} & set(parts)
        if is_ours and not path.stem.endswith("_test"):
            words |= set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    return words


def check_entry(name, public, used, shown):
    """What is wrong with one line of the table, or None."""
    if public.startswith("none:"):
        return None if len(public) > len("none: ") else "says none without a reason"
    word = name.rpartition(".")[2]
    if word not in used:
        return f"the binding never uses {word}"
    missing = [part for part in re.findall(r"[A-Za-z_]\w*", public) if part not in shown]
    return f"{public}: there is no {missing[0]}" if missing else None


def check(language, table):
    used, shown = words_in(SOURCES[language]), words_in(PUBLIC[language])
    problems = []
    for kind, names in c_names().items():
        entries = table.get(kind) or {}
        problems += [f"{name}: missing among the {kind}" for name in sorted(names - set(entries))]
        for name, public in sorted(entries.items()):
            known = name in names or name in RESERVED
            problem = check_entry(name, str(public), used, shown) if known else "not in the headers"
            problems += [f"{name}: {problem}"] if problem and name not in RESERVED else []
    return problems


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in SOURCES:
        print(__doc__)
        return 2
    language = sys.argv[1]
    own = ROOT / "bindings" / language / "coverage.yaml"
    path = own if language != "cpp" else ROOT / "tests" / "bindings" / "cpp.yaml"
    problems = check(language, yaml.safe_load(path.read_text(encoding="utf-8")))
    for problem in problems:
        print(f"{path.relative_to(ROOT)}: {problem}")
    total = sum(map(len, c_names().values()))
    print(f"{language}: {total} names of the C headers, {len(problems)} gaps")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
