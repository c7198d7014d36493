#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks which way the tree's folders include each other (docs/ARCHITECTURE.md).

  layering.py              checks the tree; exit 1 and one line per offence
  layering.py --self-test  builds a small bad tree and expects every rule to speak

(a) a file of src/<folder> includes only its own folder and the ones its CMake DEPENDS names
(b) DEPENDS names only folders that stand earlier in src/CMakeLists.txt
(c) a component includes contract, result, encoding, resources, call, its own folder and
    components/shared; never another component
(d) a public header includes public headers and the standard library
(e) examples, bindings and tests/abi include the public face, their own folder and third parties
(f) a third-party library with one owner stays in its owner's folders
"""
import dataclasses
import pathlib
import posixpath
import re
import sys
import tempfile

SOURCES = (".cc", ".c", ".h", ".hpp")
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"]+)[>\"]", re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
COMPONENT_FOLDERS = {"contract", "result", "encoding", "resources", "call"}
# capi implements the public face; plugins speaks the tables of component.h.
PUBLIC_USERS = {"capi", "plugins"}
OWNERS = {"yaml-cpp": ("src/config/",), "asio": ("src/async/", "src/net/"),
          "hiredis": ("components/shared/redis/",), "sqlite3.h": ("components/shared/sqlite/",),
          "libpq-fe.h": ("components/state/postgresql/",),
          "mysql.h": ("components/state/mysql/",), "curl": ("components/state/etcd/",),
          "openssl": ("components/tls/",)}
UNOWNED = ("tests/", "bench/", "examples/", "tools/")
STANDARD = set("""
assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h locale.h math.h
setjmp.h signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h
stdnoreturn.h string.h tgmath.h threads.h time.h uchar.h wchar.h wctype.h
algorithm any array atomic bitset cassert cctype cerrno cfloat charconv chrono cinttypes climits
cmath complex condition_variable cstdarg cstddef cstdint cstdio cstdlib cstring ctime deque
exception forward_list fstream functional future initializer_list iomanip ios iosfwd istream
iterator limits list locale map memory memory_resource mutex new numeric optional ostream queue
random ratio regex set shared_mutex sstream stack stdexcept streambuf string string_view
system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility
valarray variant vector
""".split())


@dataclasses.dataclass
class Tree:
    """What the rules need to know: every source with its includes, and the CMake lists."""
    root: pathlib.Path
    includes: dict   # path -> [(line, bracket, target)]
    order: list      # folders of src/ in CMake order
    depends: dict    # folder -> [names]


def offence(path, line, what, advice):
    return f"{path}:{line}: {what}: {advice}"


def read_includes(text):
    code = COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)
    return [(code.count("\n", 0, match.start()) + 1, match.group(1), match.group(2).strip())
            for match in INCLUDE.finditer(code)]


def read_tree(root):
    includes = {}
    for top in ("src", "components", "include", "examples", "bindings", "tools", "tests", "bench"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in SOURCES and path.is_file():
                name = path.relative_to(root).as_posix()
                includes[name] = read_includes(path.read_text(errors="replace"))
    order = re.findall(r"^\s*add_subdirectory\((\w+)\)", read(root / "src/CMakeLists.txt"),
                       re.MULTILINE)
    depends = {path.parent.name: read_depends(read(path))
               for path in sorted((root / "src").glob("*/CMakeLists.txt"))}
    return Tree(root, includes, order, depends)


def read(path):
    return re.sub(r"#[^\n]*", "", path.read_text()) if path.exists() else ""


def read_depends(text):
    """The DEPENDS words of every mecha_folder(...) in `text`."""
    names = []
    for words in re.findall(r"mecha_folder\(([^)]*)\)", text):
        takes = False
        for word in words.split():
            if word in ("DEPENDS", "LIBS", "TEST_LIBS"):
                takes = word == "DEPENDS"
            elif takes:
                names.append(word)
    return names


def check_order(tree):
    """Rule (b)."""
    found = []
    for folder, names in tree.depends.items():
        place = f"src/{folder}/CMakeLists.txt"
        if folder not in tree.order:
            found.append(offence("src/CMakeLists.txt", 1, f"does not add {folder}",
                                 "add_subdirectory it below what it depends on"))
            continue
        for name in names:
            if name not in tree.order:
                found.append(offence(place, 1, f"DEPENDS names {name}, which is no folder of src",
                                     "correct the name; libraries go under LIBS"))
            elif tree.order.index(name) >= tree.order.index(folder):
                found.append(offence(place, 1, f"DEPENDS names {name}, which is not below {folder}",
                                     "turn the dependency round, or move what is shared down"))
    return found


def is_test(path):
    return re.search(r"_test\.\w+$", path) is not None


def check_source(tree, path, line, target):
    """Rule (a)."""
    folder = path.split("/")[1]
    first = target.split("/")[0]
    if ".." in target.split("/"):
        return offence(path, line, f"includes {target}", "write it from src/, without ..")
    if first == "mecha" and folder not in PUBLIC_USERS:
        return offence(path, line, f"{folder} includes the public face ({target})",
                       "only capi and plugins do; map to it there")
    if first == "support" and not is_test(path):
        return offence(path, line, f"product code includes {target}", "only tests do")
    if "/" not in target or first == folder or not (tree.root / "src" / first).is_dir():
        return None
    if first in tree.depends.get(folder, ()):
        return None
    return offence(path, line, f"{folder} includes {target}",
                   f"{first} is not in the DEPENDS of src/{folder}/CMakeLists.txt; "
                   "add it if it is allowed, else turn the dependency round")


def check_component(tree, path, line, target):
    """Rule (c)."""
    parts = path.split("/")
    own = "/".join(parts[:3])
    first = target.split("/")[0]
    allowed = COMPONENT_FOLDERS | ({"async", "support", "conformance"} if is_test(path) else set())
    advice = "a component reaches the world through contract/ only"
    if ".." in target.split("/"):
        return offence(path, line, f"includes {target}", "write it without ..")
    if (tree.root / own / target).exists() or target.startswith("components/shared/"):
        return None
    for other in sorted(tree.includes):
        if other.startswith("components/") and (
                other == f"components/{target}" or other.endswith("/" + target)):
            if other.startswith(("components/shared/", own + "/")):
                return None
            return offence(path, line, f"includes {target} of another component",
                           "move what both need to components/shared/<thing>/")
    if first in allowed or not (first == "mecha" or (tree.root / "src" / first).is_dir()):
        return None
    return offence(path, line, f"a component includes {target}", advice)


def check_public(tree, path, line, bracket, target):
    """Rule (d). A sibling may be named without its folder."""
    is_sibling = bracket == '"' and (tree.root / posixpath.dirname(path) / target).exists()
    if target.startswith("mecha/") or is_sibling or (bracket == "<" and target in STANDARD):
        return None
    return offence(path, line, f"a public header includes {target}",
                   "only <mecha/...> and the standard library may stand there")


def check_guest(tree, path, line, target):
    """Rule (e)."""
    folder = posixpath.dirname(path)
    first = target.split("/")[0]
    if ".." in target.split("/"):
        return offence(path, line, f"includes {target}", "write it without ..")
    if (tree.root / folder / target).exists() or first == "mecha":
        return None
    if first == "support" and path.startswith("tests/"):
        return None
    if (tree.root / "src" / first).is_dir() or first in ("src", "components", "support"):
        return offence(path, line, f"includes {target} from inside the library",
                       "use the public face, mecha/*.h")
    return None


def check_owner(path, line, target):
    """Rule (f)."""
    for library, owners in OWNERS.items():
        is_library = target == library or target.startswith((library + "/", library + "."))
        if is_library and not path.startswith(owners + UNOWNED):
            return offence(path, line, f"includes {target}",
                           f"{library} belongs to {', '.join(owners)} alone")
    return None


def check_include(tree, path, include):
    line, bracket, target = include
    found = [check_owner(path, line, target)]
    if path.startswith("src/") and path.count("/") > 1:
        found.append(check_source(tree, path, line, target))
    elif path.startswith("components/") and path.count("/") > 2:
        found.append(check_component(tree, path, line, target))
    elif path.startswith("include/"):
        found.append(check_public(tree, path, line, bracket, target))
    elif path.startswith(("examples/", "bindings/", "tools/", "tests/abi/")):
        found.append(check_guest(tree, path, line, target))
    return [each for each in found if each]


def check_links(tree):
    """Rule (c) for targets: a component links no target of the library but shared ones."""
    found = []
    for path in sorted((tree.root / "components").glob("*/*/CMakeLists.txt")):
        if path.parent.parent.name == "shared":
            continue
        for name in re.findall(r"\bmecha_(\w+)", read(path)):
            if name not in COMPONENT_FOLDERS and not name.startswith("shared_"):
                found.append(offence(path.relative_to(tree.root).as_posix(), 1,
                                     f"links mecha_{name}", "a component links contract/ only"))
    return found


def check(root):
    tree = read_tree(root)
    found = check_order(tree) + check_links(tree)
    for path, includes in tree.includes.items():
        for include in includes:
            found += check_include(tree, path, include)
    return tree, found


# --self-test: path -> (text, what the offence must say, or None)
CMAKE_ORDER = "add_subdirectory(result)\nadd_subdirectory(state)\nadd_subdirectory(net)\n"
SAMPLE = {
    "src/CMakeLists.txt": (CMAKE_ORDER, "does not add lost"),
    "src/result/CMakeLists.txt": ("mecha_folder(DEPENDS state)", "state, which is not below"),
    "src/state/CMakeLists.txt": ("mecha_folder(\n  DEPENDS result absl # net\n LIBS net)",
                                 "absl, which is no folder"),
    "src/net/CMakeLists.txt": ("mecha_folder(DEPENDS state)", None),
    "src/lost/CMakeLists.txt": ("mecha_folder()", None),
    "src/state/good.cc": ('#include "state/a.h"\n#include "b.h"\n#include "result/c.h"\n'
                          '#include <vector>\n#include "absl/status/status.h"\n'
                          '// #include "net/d.h"\n', None),
    "src/state/up.cc": ('#include "net/d.h"\n', "net is not in the DEPENDS"),
    "src/net/closed.cc": ('#include "result/c.h"\n', "result is not in the DEPENDS"),
    "src/state/public.cc": ('#include "mecha/state.h"\n', "the public face"),
    "src/state/dots.cc": ('#include "../net/d.h"\n', "without .."),
    "src/state/support.cc": ('#include "support/x.h"\n', "only tests do"),
    "src/state/support_test.cc": ('#include "support/x.h"\n', None),
    "src/state/yaml.cc": ("#include <yaml-cpp/yaml.h>\n", "belongs to src/config/ alone"),
    "components/state/redis/good.cc": ('#include "own.h"\n#include "contract/a.h"\n'
                                       '#include "thing/t.h"\n', None),
    "components/shared/redis/good.cc": ("#include <hiredis/hiredis.h>\n", None),
    "components/state/redis/own.h": ("", None),
    "components/shared/thing/t.h": ("", None),
    "components/state/redis/block.cc": ('#include "state/a.h"\n', "a component includes state/a.h"),
    "components/state/redis/other.cc": ('#include "sqlite/s.h"\n', "of another component"),
    "components/state/redis/CMakeLists.txt": ("add_component(LIBS mecha_net)", "links mecha_net"),
    "components/state/sqlite/s.h": ("", None),
    "components/state/sqlite/foreign.cc": ("#include <hiredis/read.h>\n",
                                           "belongs to components/shared/redis/ alone"),
    "include/mecha/good.h": ("#include <stdint.h>\n#include <mecha/types.h>\n"
                             '#include "bad.h"\n', None),
    "include/mecha/bad.h": ('#include "absl/status/status.h"\n', "a public header includes"),
    "examples/orders/good.cc": ('#include "mecha/state.hpp"\n#include "parts/p.h"\n'
                                "#include <sqlite3.h>\n", None),
    "examples/orders/parts/p.h": ("", None),
    "examples/orders/bad.cc": ('#include "state/a.h"\n', "from inside the library"),
    "tests/abi/bad.c": ('#include "result/c.h"\n', "from inside the library"),
}


def self_test():
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, (text, _) in SAMPLE.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        _, found = check(root)
    for path, (_, expected) in SAMPLE.items():
        said = [line for line in found if line.startswith(path + ":")]
        is_right = len(said) == 1 and expected in said[0] if expected else not said
        if not is_right:
            failures += 1
            print(f"{path}: expected {expected!r}, found {said}")
    print(f"layering self-test: {len(SAMPLE)} files, {failures} failures")
    return 1 if failures else 0


def main(arguments):
    if "--self-test" in arguments:
        return self_test()
    tree, found = check(pathlib.Path(__file__).resolve().parent.parent)
    for line in found:
        print(line)
    print(f"layering: {len(tree.includes)} files, {len(found)} offences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
