# SPDX-License-Identifier: Apache-2.0
"""Checks sizes, alignments and offsets of every public struct and the value of every constant
against tests/abi/golden/layout.txt, measured by programs compiled as C, as C with short enums, and
as C++."""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import golden_file
import headers

PROGRAM = """#include <mecha/dispatcher.h>
#include <mecha/mecha.h>
#include <stddef.h>
#include <stdio.h>
#ifdef __cplusplus
#define ALIGNMENT(type) alignof(type)
#else
#define ALIGNMENT(type) _Alignof(type)
#endif
int main(void) {
%s
  return 0;
}
"""


def program(declared):
    body = ["  mecha_status lowest = -1;",
            '  printf("scalar mecha_status signed %d\\n", lowest < 0);']
    for name in declared.scalars:
        body.append(f'  printf("scalar {name} size %zu\\n", sizeof({name}));')
    for struct in declared.structs:
        word = "frozen" if struct.frozen else "grows"
        body.append(f'  printf("struct {struct.name} size %zu alignment %zu {word}\\n", '
                    f"sizeof({struct.name}), ALIGNMENT({struct.name}));")
        for name in struct.fields:
            body.append(f'  printf("field {struct.name}.{name} offset %zu size %zu\\n", '
                        f"offsetof({struct.name}, {name}), "
                        f"sizeof((({struct.name} *)0)->{name}));")
    for name in declared.constants:
        body.append(f'  printf("constant {name} %lld\\n", (long long)({name}));')
    return PROGRAM % "\n".join(body)


def measure(command, source, suffix, include):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"layout{suffix}"
        path.write_text(source)
        binary = Path(folder) / "layout"
        subprocess.run([*command, f"-I{include}", str(path), "-o", str(binary)], check=True)
        return subprocess.run([str(binary)], check=True, capture_output=True,
                              text=True).stdout.splitlines()


def split(lines):
    """Maps "struct name", "field x.y" and so on to the rest of its line."""
    return {" ".join(line.split()[:2]): line.split()[2:] for line in lines}


def struct_breaks(key, old, new, before, after):
    """What changed in one struct besides fields appended to one that may grow."""
    found = []
    if old[-1] != new[-1] or old[3] != new[3]:
        found.append(f"{key}: was {' '.join(old)}, is {' '.join(new)}")
    if old[-1] == "frozen" and old != new:
        found.append(f"{key} is frozen: was {' '.join(old)}, is {' '.join(new)}")
    if int(new[1]) < int(old[1]):
        found.append(f"{key} shrank from {old[1]} to {new[1]} bytes")
    name = key.split()[1]
    prefix = f"field {name}."
    end = max(int(v[1]) + int(v[3]) for k, v in before.items() if k.startswith(prefix))
    for field, place in after.items():
        if field.startswith(prefix) and field not in before and int(place[1]) < end:
            found.append(f"{field} was put among the fields of {name} instead of after them")
    return found


def breaks(old_lines, new_lines):
    before, after = split(old_lines), split(new_lines)
    found = []
    for key, old in before.items():
        new = after.get(key)
        if new is None:
            found.append(f"{key} is gone")
        elif key.startswith("struct "):
            found += struct_breaks(key, old, new, before, after)
        elif old != new:
            found.append(f"{key}: was {' '.join(old)}, is {' '.join(new)}")
    return found


def version_errors(include, expected):
    text = (Path(include) / "mecha" / "types.h").read_text()
    values = {name: int(value) for name, value in headers.DEFINE.findall(text)
              if name in headers.VERSIONS}
    major, minor, patch, combined = (values[name] for name in headers.VERSIONS)
    if combined != major * 1000000 + minor * 1000 + patch:
        return ["types.h: MECHA_API_VERSION does not follow from its three parts"]
    if f"{major}.{minor}.{patch}" != expected:
        return [f"types.h says {major}.{minor}.{patch}, the build says {expected}"]
    return []


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--include", required=True)
    parser.add_argument("--version", required=True)
    golden_file.add_options(parser)
    options = parser.parse_args()
    source = program(headers.parse(Path(options.include) / "mecha"))
    lines = measure(["gcc", "-std=c11"], source, ".c", options.include)
    failed = version_errors(options.include, options.version)
    for command, suffix in ((["gcc", "-std=c11", "-fshort-enums"], ".c"),
                            (["g++", "-std=c++17", "-Wno-invalid-offsetof"], ".cc")):
        if measure(command, source, suffix, options.include) != lines:
            failed.append(f"the layout differs when compiled with {' '.join(command)}")
    for message in failed:
        print(message)
    golden = Path(__file__).parent / "golden" / "layout.txt"
    status = golden_file.settle(golden, lines, breaks, options.update, options.may_break)
    sys.exit(1 if failed else status)


if __name__ == "__main__":
    main()
