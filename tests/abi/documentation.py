# SPDX-License-Identifier: Apache-2.0
"""Checks that every public function, and every function in the tables of plug-ins, says, in this
order: what it does, each parameter, what it returns, whether it blocks, on which threads it may be
called, and since when."""
import argparse
import re
import sys

import headers

OWNERSHIP = re.compile(r"\b(borrowed|taken|given)\b")
ORDER = {"@param": 1, "@return": 2, "@blocks": 3, "@thread": 4, "@since": 5}


def parts(comment):
    """The description, then (tag, text) for each tag; lines of one part are joined."""
    text = re.sub(r"^\s*\* ?", "", comment.strip()[3:-2], flags=re.M)
    pieces = re.split(r"^(@\w+)", text, flags=re.M)
    tags = [(tag, " ".join(body.split())) for tag, body in zip(pieces[1::2], pieces[2::2])]
    return pieces[0].strip(), tags


def parameter_errors(function, tags):
    texts = [body for tag, body in tags if tag == "@param"]
    named = [body.split(maxsplit=1)[0] if body else "" for body in texts]
    expected = [p.name for p in function.parameters]
    if named != expected:
        yield f"documents the parameters {named}, has {expected}"
        return
    for parameter, body in zip(function.parameters, texts):
        words = body.split(maxsplit=1)
        if len(words) < 2:
            yield f"says nothing of {parameter.name}"
        # mecha_call explains itself in types.h, and "how to wait" is what it is.
        # `self` of a table is the plug-in's own.
        elif "*" in parameter.type and (parameter.type, parameter.name) not in (
                ("const mecha_call *", "call"), ("void *", "self")):
            if not OWNERSHIP.search(words[1]):
                yield f"does not say whether {parameter.name} is borrowed, taken or given"


def errors(function):
    if not function.comment:
        yield "has no comment"
        return
    description, tags = parts(function.comment)
    if not description.endswith("."):
        yield "does not begin with a sentence of what it does"
    unknown = [tag for tag, _ in tags if tag not in ORDER]
    if unknown:
        yield f"has unknown parts {unknown}"
        return
    places = [ORDER[tag] for tag, _ in tags]
    if places != sorted(places):
        yield f"has its parts out of order: {[tag for tag, _ in tags]}"
    needed = {"@blocks", "@thread", "@since"}
    if function.returns != "void":
        needed.add("@return")
    for tag in sorted(needed):
        count = [t for t, _ in tags].count(tag)
        if count != 1:
            yield f"has {count} times {tag} instead of once"
    yield from (f"has an empty {tag}" for tag, body in tags if not body)
    yield from parameter_errors(function, tags)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--headers", required=True)
    declared = headers.parse(parser.parse_args().headers)
    functions = declared.functions + declared.members
    found = [f"{f.header}: {f.name} {message}" for f in functions for message in errors(f)]
    print("\n".join(found))
    sys.exit(1 if found or not functions else 0)


if __name__ == "__main__":
    main()
