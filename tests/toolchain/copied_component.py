# SPDX-License-Identifier: Apache-2.0
"""A component is one folder: this copies the tree, copies a component's folder in it to a new name,
builds, runs the conformance suite on the copy and checks that it is listed. Nothing else is edited.

The copy stands in a fixed folder of the build, so that ccache knows it the second time; it is
deleted at the end.
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
TYPE = COPY.replace("/", ".")


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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--jobs", default="2")
    options = parser.parse_args()
    tree = options.work / "tree"
    build = options.work / "build"
    shutil.rmtree(options.work, ignore_errors=True)
    try:
        copy_tree(options.source, tree)
        shutil.copytree(tree / "components" / ORIGINAL, tree / "components" / COPY)
        environment = {"CCACHE_BASEDIR": str(options.work), "CCACHE_NOHASHDIR": "1"}
        run("cmake", "--preset", "dev", "-B", build, "-DMECHA_BUILD_BENCH=OFF",
            "-DMECHA_BUILD_EXAMPLES=OFF", cwd=tree, environment=environment)
        run("cmake", "--build", build, "-j", options.jobs, "--target", f"conformance_{TYPE}",
            "component_schema", cwd=tree, environment=environment)
        print(run("ctest", "--test-dir", build, "-R", f"^conformance_{TYPE}$", "--no-tests=error",
                  "--output-on-failure", cwd=tree))
        schema = json.loads((build / "component.schema.json").read_text())
        if TYPE not in json.dumps(schema):
            sys.exit(f"{TYPE} does not stand in component.schema.json")
    finally:
        shutil.rmtree(options.work, ignore_errors=True)


if __name__ == "__main__":
    main()
