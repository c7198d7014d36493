# SPDX-License-Identifier: Apache-2.0
"""A component is one folder: this copies the tree, copies a component's folder in it to two new
names, once as it is and once as a module, builds, runs the conformance suite on both and checks
that they are listed. Nothing else is edited. Then it installs, moves the prefix, and runs a static
program with the module's archive.

It is built by the preset and in the folder of the tree's own release build, so that ccache has most
of it; it is deleted at the end.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ORIGINAL = "state/in-memory"
COPY = "state/in-memory-copy"
MODULE = "state/in-memory-module"
# Not built here, and so not installed. Deleting a folder is all it takes to leave one out.
HEAVY = ("state/postgresql", "state/mysql", "state/etcd", "tls/openssl")
TYPES = [copy.replace("/", ".") for copy in (COPY, MODULE)]
TYPE = TYPES[1]


def run(*command, cwd, environment=None):
    command = [str(part) for part in command]
    result = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})})
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {result.returncode}\n{result.stdout[-8000:]}")
    return result.stdout


def copy_tree(source, tree):
    """Every file of the work tree that is not ignored. Times are kept, so a second copy of an
    unchanged file is not compiled again."""
    if (source / ".git").exists():
        names = run("git", "ls-files", "-co", "--exclude-standard", "-z",
                    cwd=source).rstrip("\0").split("\0")
    else:  # a source archive
        names = [str(p.relative_to(source)) for p in source.rglob("*")
                 if p.is_file() and p.relative_to(source).parts[0] not in ("build", ".cache")]
    for name in names:
        if (source / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, tree / name)


def check_suites(tree, build):
    """Both copies pass the conformance suite and stand in the schema."""
    for kind in TYPES:
        print(run("ctest", "--test-dir", build, "-R", f"^conformance_{kind}$", "--no-tests=error",
                  "--output-on-failure", cwd=tree))
    schema = json.dumps(json.loads((build / "component.schema.json").read_text()))
    for kind in TYPES:
        if kind not in schema:
            sys.exit(f"{kind} does not stand in component.schema.json")


def check_static_program(tree, build, work):
    """The module is installed beside the library, and its archive goes into a program."""
    run("cmake", "--install", build, "--prefix", work / "first", cwd=tree)
    prefix, program = work / "moved", work / "program"
    (work / "first").rename(prefix)
    module = next(prefix.glob(f"lib*/**/mecha/{TYPE}.so"))
    if not (module.parents[1] / "libmecha.so").exists():
        sys.exit(f"{module} does not stand in the folder mecha beside libmecha.so")
    module.unlink()  # the program shall not need it
    run("cmake", "-S", tree / "tests/package/static_components", "-B", program, "-G", "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}", f"-DTYPE={TYPE}", cwd=tree)
    run("cmake", "--build", program, cwd=tree)
    run(program / "program", cwd=tree)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--jobs", default="2")
    options = parser.parse_args()
    tree = options.work / "tree"
    build = tree / "build/release"
    shutil.rmtree(options.work, ignore_errors=True)
    try:
        copy_tree(options.source, tree)
        for folder in HEAVY:
            shutil.rmtree(tree / "components" / folder)
        for copy in (COPY, MODULE):
            shutil.copytree(tree / "components" / ORIGINAL, tree / "components" / copy)
        (tree / "components" / MODULE / "CMakeLists.txt").write_text("add_component(MODULE)\n")
        environment = {"CCACHE_BASEDIR": str(tree), "CCACHE_NOHASHDIR": "1"}
        run("cmake", "--preset", "release", "-DMECHA_BUILD_BENCH=OFF",
            "-DMECHA_BUILD_EXAMPLES=OFF", cwd=tree, environment=environment)
        run("cmake", "--build", build, "-j", options.jobs, "--target",
            *(f"conformance_{kind}" for kind in TYPES), "component_schema", "mecha", "mecha_static",
            "mecha-check", "mecha_module_state_in_memory_module_archive", cwd=tree,
            environment=environment)
        check_suites(tree, build)
        check_static_program(tree, build, options.work)
    finally:
        shutil.rmtree(options.work, ignore_errors=True)


if __name__ == "__main__":
    main()
