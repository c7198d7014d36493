#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes mecha-sys/src/bindings.rs and mecha-sys/tests/layout.rs from include/mecha/*.h.

    bindings/rust/generate_bindings.py            writes them
    bindings/rust/generate_bindings.py --check    fails when they are not what would be written

It knows the shape our headers have, not C in general: whatever it does not understand is an error.
"""
import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CRATE = Path(__file__).resolve().parent / "mecha-sys"
HEADERS = ("types", "result", "runtime", "queue", "state", "secretstores", "pubsub", "serve")

COMMENT = re.compile(r"/\*.*?\*/", re.S)
HANDLE = re.compile(r"^typedef struct (\w+) \1;", re.M)
SCALAR = re.compile(r"^typedef (\w+) (\w+);", re.M)
STRUCT = re.compile(r"typedef struct (\w+) \{(.*?)\n\} \1;", re.S)
ENUM = re.compile(r"^enum \{(.*?)\};", re.M | re.S)
VALUE = re.compile(r"(MECHA_\w+)\s*=\s*(-?\d+)(u?)(?: << (\d+))?")
FUNCTION = re.compile(r"MECHA_API\s+([^;(]+?)(\w+)\(([^;]*)\);", re.S)
CALLBACK = re.compile(r"(\w+) \(\*(\w+)\)\((.*)\)$")

PLAIN = {"void": "c_void", "char": "c_char", "int": "c_int", "size_t": "usize",
         "uint32_t": "u32", "int32_t": "i32", "uint64_t": "u64", "int64_t": "i64"}
KEYWORDS = {"type", "in", "ref", "use"}
HEAD = """// SPDX-License-Identifier: Apache-2.0
// Written by bindings/rust/generate_bindings.py from include/mecha/*.h. Do not edit.
"""


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def rust_type(c_type):
    """The Rust type of a C type without arrays: `const mecha_kv*` is `*const mecha_kv`."""
    c_type = squeeze(c_type.replace("*", " * "))
    words = c_type.split()
    is_const = words[0] == "const"
    words = words[1:] if is_const else words
    name, stars = words[0], words[1:]
    if any(star != "*" for star in stars):
        raise SystemExit(f"generate_bindings: type not understood: {c_type}")
    rust = PLAIN.get(name, name)
    for index, _ in enumerate(stars):
        rust = f"*{'const' if is_const and index == 0 else 'mut'} {rust}"
    return rust


def arguments_of(text):
    text = squeeze(text).replace("MECHA_ARGS", "mecha_runtime* rt, const mecha_call* call")
    if text in ("", "void"):
        return []
    found = []
    for part in text.split(","):
        kind, name = re.fullmatch(r"(.*?)(\w+)", part.strip()).groups()
        found.append((name + "_" if name in KEYWORDS else name, rust_type(kind)))
    return found


def returns(c_type):
    c_type = squeeze(c_type)
    return "" if c_type == "void" else f" -> {rust_type(c_type)}"


def field_of(text):
    text = squeeze(text)
    callback = CALLBACK.match(text)
    if callback:
        result, name, arguments = callback.groups()
        listed = ", ".join(f"{n}: {t}" for n, t in arguments_of(arguments))
        return name, f'Option<unsafe extern "C" fn({listed}){returns(result)}>'
    kind, name, _, length = re.fullmatch(r"(.*?)(\w+)(\[(\d+)\])?", text).groups()
    rust = rust_type(kind)
    return name, f"[{rust}; {length}]" if length else rust


class Reader:
    """What the headers declare, in their order."""

    def __init__(self):
        self.handles, self.scalars, self.structs = [], [], []
        self.constants, self.functions = [], []
        for name in HEADERS:
            self.read(COMMENT.sub("", (ROOT / f"include/mecha/{name}.h").read_text()))

    def read(self, text):
        self.handles += HANDLE.findall(text)
        self.scalars += [(name, PLAIN[kind]) for kind, name in SCALAR.findall(text)]
        for name, body in STRUCT.findall(text):
            fields = [field_of(part) for part in body.split(";") if part.strip()]
            self.structs.append((name, fields))
        for name, value in re.findall(r"^#define (MECHA_(?:API_)?VERSION\w*) (\d+)$", text, re.M):
            self.constants.append((name, "u32", value))
        if "#define MECHA_RESULT_WHOLE ((size_t)-1)" in text:
            self.constants.append(("MECHA_RESULT_WHOLE", "usize", "usize::MAX"))
        for body in ENUM.findall(text):
            self.read_enum(body)
        for result, name, arguments in FUNCTION.findall(text):
            self.functions.append((name, arguments_of(arguments), returns(result)))
        if len(FUNCTION.findall(text)) != len(re.findall(r"^MECHA_API ", text, re.M)):
            raise SystemExit("generate_bindings: a function was not understood")

    def read_enum(self, body):
        found = VALUE.findall(body)
        if len(found) != body.count("="):
            raise SystemExit(f"generate_bindings: an enum was not understood: {body}")
        is_status = any(name == "MECHA_OK" for name, *_ in found)
        for name, value, _, shift in found:
            kind = "mecha_status" if is_status else "u32"
            kind = "i32" if name.startswith("MECHA_RETRYABLE_") else kind
            self.constants.append((name, kind, f"{value} << {shift}" if shift else value))


def constant(name, kind, value):
    return f"pub const {name}: {kind} = {value};"


def bindings(read):
    lines = [HEAD, "use std::os::raw::{c_char, c_int, c_void};", ""]
    for name in read.handles:
        lines += ["#[repr(C)]", f"pub struct {name} {{", "    _private: [u8; 0],", "}"]
    lines += [""] + [f"pub type {name} = {kind};" for name, kind in read.scalars] + [""]
    lines += [constant(*item) for item in read.constants]
    for name, fields in read.structs:
        lines += ["", "#[repr(C)]", "#[derive(Clone, Copy)]", f"pub struct {name} {{"]
        lines += [f"    pub {field}: {kind}," for field, kind in fields] + ["}"]
    lines += ["", 'extern "C" {']
    for name, arguments, result in read.functions:
        lines += [f"    pub fn {name}("]
        lines += [f"        {argument}: {kind}," for argument, kind in arguments]
        lines += [f"    ){result};"]
    return "\n".join(lines + ["}", ""])


LAYOUT = """\
//! Compares the bindings with what C compilers measured: tests/abi/golden of the repository.
//! Outside of it there is nothing to compare with.
#![cfg_attr(rustfmt, rustfmt_skip)]
use mecha_sys::*;
use std::mem::{align_of, size_of, MaybeUninit};
use std::ptr::addr_of;

fn lines(file: &str) -> Vec<String> {
    let path = format!("{}/../../../tests/abi/golden/{}", env!("CARGO_MANIFEST_DIR"), file);
    match std::fs::read_to_string(&path) {
        Ok(text) => text.lines().map(str::to_owned).collect(),
        Err(_) => Vec::new(),
    }
}

macro_rules! structure {
    ($out:ident, $name:ident, $($field:ident),+) => {
        $out.push((stringify!($name), "", size_of::<$name>(), align_of::<$name>()));
        let memory = MaybeUninit::<$name>::zeroed();
        let start = memory.as_ptr();
        $(
            let (offset, size) = unsafe {
                let field = addr_of!((*start).$field);
                (field as usize - start as usize, size_of_val_at(field))
            };
            $out.push((stringify!($name), stringify!($field), offset, size));
        )+
    };
}

fn size_of_val_at<T>(_: *const T) -> usize {
    size_of::<T>()
}

"""

CHECKS = """
#[test]
fn structs_are_as_c_compilers_see_them() {
    let golden = lines("layout.txt");
    let mut ours = Vec::new();
    for (name, field, one, other) in structures() {
        let line = match field {
            "" => format!("struct {name} size {one} alignment {other}"),
            _ => format!("field {name}.{field} offset {one} size {other}"),
        };
        let found = golden.iter().any(|golden| golden.starts_with(&line));
        assert!(found || golden.is_empty(), "the bindings say: {line}; C does not");
        ours.push(format!("{} ", line.split(' ').nth(1).unwrap()));
    }
    for line in golden.iter().filter(|line| line.starts_with("field ")) {
        let place = line.split(' ').nth(1).unwrap();
        let structure = format!("{} ", place.split('.').next().unwrap());
        let is_declared = ours.contains(&format!("{place} "));
        assert!(is_declared || !ours.contains(&structure), "{place} is not declared");
    }
}

#[test]
fn constants_are_as_c_compilers_see_them() {
    let golden = lines("layout.txt");
    for (name, value) in CONSTANTS {
        let line = format!("constant {name} {value}");
        assert!(golden.contains(&line) || golden.is_empty(), "not in C: {line}");
    }
}

#[test]
fn every_exported_function_is_declared() {
    for line in lines("exports.txt") {
        let name = line.split('@').next().unwrap_or("");
        assert!(FUNCTIONS.contains(&name), "{name} is exported but not declared");
    }
    let golden = lines("exports.txt");
    for name in FUNCTIONS.iter().filter(|_| !golden.is_empty()) {
        let prefix = format!("{name}@");
        assert!(golden.iter().any(|line| line.starts_with(&prefix)), "{name} is not exported");
    }
}
"""


def layout_test(read):
    lines = [HEAD + LAYOUT + "/// Name, field or nothing, and two numbers.",
             "type Row = (&'static str, &'static str, usize, usize);", "",
             "fn structures() -> Vec<Row> {",
             "    let mut out = Vec::new();"]
    for name, fields in read.structs:
        names = [field for field, _ in fields]
        lines.append(f"    structure!(\n        out,\n        {name},")
        lines.append(",\n".join(f"        {field}" for field in names) + "\n    );")
    lines += ["    out", "}", "", "const CONSTANTS: &[(&str, i64)] = &["]
    for name, _, _ in read.constants:
        if not re.match(r"MECHA_(API_)?VERSION(_|$)", name) or name == "MECHA_VERSION":
            whole = " as isize" if name == "MECHA_RESULT_WHOLE" else ""
            lines.append(f'    ("{name}", {name}{whole} as i64),')
    lines += ["];", "", "const FUNCTIONS: &[&str] = &["]
    lines += [f'    "{name}",' for name, _, _ in read.functions] + ["];"]
    return "\n".join(lines) + "\n" + CHECKS


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    read = Reader()
    wanted = {CRATE / "src/bindings.rs": bindings(read),
              CRATE / "tests/layout.rs": layout_test(read)}
    for path, text in wanted.items():
        if not check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{path.relative_to(ROOT)} does not fit the headers: run "
                     "bindings/rust/generate_bindings.py")
    if check:
        print(f"{len(read.functions)} functions, {len(read.structs)} structs, "
              f"{len(read.constants)} constants: up to date")


if __name__ == "__main__":
    main()
