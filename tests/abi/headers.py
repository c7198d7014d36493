# SPDX-License-Identifier: Apache-2.0
"""Reads include/mecha/*.h: functions, structs, constants and doc comments.

It knows the shape our headers have, not C in general.
"""
import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Parameter:
    name: str
    type: str


@dataclass
class Function:
    header: str
    name: str
    returns: str
    parameters: list
    comment: str

    def prototype(self):
        """The prototype without parameter names: renaming one breaks nobody."""
        types = ", ".join(p.type for p in self.parameters) or "void"
        return f"{self.returns} ({types})"


@dataclass
class Struct:
    header: str
    name: str
    fields: list
    frozen: bool


@dataclass
class Headers:
    functions: list = field(default_factory=list)
    members: list = field(default_factory=list)
    structs: list = field(default_factory=list)
    scalars: list = field(default_factory=list)
    constants: list = field(default_factory=list)


COMMENT = re.compile(r"/\*.*?\*/", re.S)
FUNCTION = re.compile(r"(/\*\*(?:(?!\*/).)*\*/)?\s*MECHA_API\s+([^;(]+?)(\w+)\(([^;]*)\);", re.S)
STRUCT = re.compile(r"(/\*\*(?:(?!\*/).)*\*/)\s*typedef struct (\w+) \{(.*?)\n\} (\w+);", re.S)
SCALAR = re.compile(r"^typedef (u?int\d+_t) (\w+);", re.M)
# A function in a table: `returns (*name)(arguments);` inside a struct.
MEMBER = re.compile(r"(/\*\*(?:(?!\*/).)*\*/)?\s*([\w* ]+?)\(\*(\w+)\)\(([^;]*)\);", re.S)
# Headers whose tables of functions are documented like functions.
TABLES = ("component.h", "component_pubsub.h", "component_store.h")
ENUM = re.compile(r"^enum \{(.*?)^\};", re.M | re.S)
DEFINE = re.compile(r"^#define (MECHA_\w+) (\(?\S.*)$", re.M)
NOT_CONSTANTS = ("MECHA_API", "MECHA_ARGS", "MECHA_PLUGIN_ENTRY")
# They change with each release, by design; layout.py checks that they agree with each other.
VERSIONS = ("MECHA_VERSION_MAJOR", "MECHA_VERSION_MINOR", "MECHA_VERSION_PATCH",
            "MECHA_API_VERSION")


def squeeze(text):
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"\s*\*\s*", " *", text).replace("* *", "**").strip()


def parameters_of(text):
    text = COMMENT.sub("", text).replace(
        "MECHA_ARGS", "mecha_runtime *rt, const mecha_call *call")
    found = []
    for part in text.split(","):
        part = squeeze(part)
        if part in ("", "void"):
            continue
        kind, name = re.fullmatch(r"(.*?)(\w+)", part).groups()
        found.append(Parameter(name, squeeze(kind)))
    return found


def fields_of(text):
    found = []
    for part in COMMENT.sub("", text).split(";"):
        part = part.strip()
        if not part:
            continue
        pointer = re.search(r"\(\*(\w+)\)\(", part)
        plain = re.search(r"(\w+)\s*(?:\[\d+\])?$", part)
        found.append((pointer or plain).group(1))
    return found


def members_of(header, struct, body):
    found = [Function(header, f"{struct}.{name}", squeeze(returns), parameters_of(arguments),
                      comment) for comment, returns, name, arguments in MEMBER.findall(body)]
    assert len(found) == COMMENT.sub("", body).count("(*"), f"{struct} was not understood"
    return found


def parse(folder):
    """Everything the headers in `folder` declare, in the order of their files' names."""
    headers = Headers()
    for path in sorted(Path(folder).glob("*.h")):
        text = path.read_text()
        for comment, returns, name, arguments in FUNCTION.findall(text):
            headers.functions.append(Function(
                path.name, name, squeeze(returns), parameters_of(arguments), comment))
        for comment, tag, body, name in STRUCT.findall(text):
            assert tag == name, f"{path.name}: struct {tag} is called {name}"
            headers.structs.append(Struct(path.name, name, fields_of(body), "Frozen" in comment))
            if path.name in TABLES:
                headers.members += members_of(path.name, name, body)
        headers.scalars += [name for _, name in SCALAR.findall(text)]
        bare = COMMENT.sub("", text)
        for body in ENUM.findall(bare):
            headers.constants += re.findall(r"\b(MECHA_\w+)\s*=", body)
        headers.constants += [name for name, _ in DEFINE.findall(bare)
                              if name not in NOT_CONSTANTS + VERSIONS]
    declared = sum(len(re.findall(r"^MECHA_API ", p.read_text(), re.M))
                   for p in Path(folder).glob("*.h"))
    assert declared == len(headers.functions), "a function of the headers was not understood"
    return headers
