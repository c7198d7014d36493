# SPDX-License-Identifier: Apache-2.0
"""Installs the build into a scratch prefix, moves the prefix, and builds and runs the C and the C++
consumer from it: find_package and pkg-config, shared and static."""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
INSTALLED = ("include/mecha/mecha.h", "include/mecha/mecha.hpp", "lib/libmecha.so",
             "lib/libmecha.so.0", "lib/libmecha.a", "lib/pkgconfig/mecha.pc",
             "lib/cmake/mecha/mechaConfig.cmake", "lib/cmake/mecha/mechaConfigVersion.cmake",
             "lib/cmake/mecha/mechaTargets.cmake", "lib/cmake/mecha/mechaComponents.cmake",
             "share/mecha/component.schema.json",
             "bin/mecha-check", "bin/mecha-check-plugin")


class Failure(Exception):
    pass


def run(*command, environment=None):
    command = [str(part) for part in command]
    result = subprocess.run(command, capture_output=True, text=True,
                            env={**os.environ, **(environment or {})})
    if result.returncode != 0:
        raise Failure(f"{' '.join(command)}\nended with {result.returncode}\n"
                      f"{result.stdout}{result.stderr}")
    return result.stdout


def check(condition, message):
    if not condition:
        raise Failure(message)


def install(build, scratch):
    """Installs, then moves the result: nothing in it may name the place it was installed to."""
    first, moved = scratch / "first", scratch / "moved"
    run("cmake", "--install", build, "--prefix", first)
    libraries = next(first.glob("lib*/**/libmecha.a")).parent
    if libraries != first / "lib":  # GNUInstallDirs chose another name
        (first / "lib").symlink_to(libraries, target_is_directory=True)
    for name in INSTALLED:
        check((first / name).exists(), f"{name} was not installed")
    for path in first.rglob("*"):
        if path.suffix in (".pc", ".cmake"):
            check(str(first) not in path.read_text(), f"{path} names the installation prefix")
    first.rename(moved)
    return moved


def check_archive(prefix):
    """libmecha.a shows the linker what libmecha.so exports, and nothing else."""
    archive = run("nm", "-g", "--defined-only", prefix / "lib" / "libmecha.a")
    shared = run("nm", "-D", "--defined-only", prefix / "lib" / "libmecha.so")
    pattern = re.compile(r"^[0-9a-f]+ [^A] (\w+)", re.M)
    inside, exported = set(pattern.findall(archive)), set(pattern.findall(shared))
    check(inside == exported and exported,
          f"libmecha.a and libmecha.so differ in {sorted(inside ^ exported)}")


def check_program(program, is_shared, scratch):
    """Runs a consumer and looks at what it loads."""
    database = scratch / "answer.db"
    run(program, database, environment={"LD_LIBRARY_PATH": ""})
    check(database.exists(), f"{program} kept nothing in {database}")
    database.unlink()
    loaded = run("ldd", program)
    check(("libmecha.so" in loaded) == is_shared, f"{program} loads\n{loaded}")
    if not is_shared:
        check(not re.search(r"libabsl_|libyaml", loaded), f"{program} loads\n{loaded}")


def check_mecha_check(prefix, scratch):
    """The installed program finds the library beside it, wherever the prefix went."""
    resources = scratch / "resources"
    resources.mkdir(exist_ok=True)
    (resources / "memory.yaml").write_text(
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: memory}\n"
        "spec: {type: state.in-memory, version: v1}\n")
    run(prefix / "bin" / "mecha-check", resources, environment={"LD_LIBRARY_PATH": ""})


def with_cmake(consumer, prefix, scratch):
    build = scratch / f"build-{consumer}"
    run("cmake", "-S", HERE / consumer, "-B", build, "-G", "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release")
    run("cmake", "--build", build)
    check_program(build / "consumer_shared", True, scratch)
    check_program(build / "consumer_static", False, scratch)


def with_static_tls(prefix, scratch):
    """A program that encrypts with the module inside it; no tls.so is near."""
    if not (prefix / "lib" / "mecha" / "tls.a").exists():
        return
    build, secrets = scratch / "build-static_tls", scratch / "secrets.json"
    secrets.write_text('{"key": "' + "0f" * 32 + '"}')
    run("cmake", "-S", HERE / "static_tls", "-B", build, "-G", "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release")
    run("cmake", "--build", build)
    run(build / "program", secrets, environment={"LD_LIBRARY_PATH": ""})
    check("libmecha.so" not in run("ldd", build / "program"), "static_tls loads libmecha.so")


def with_function_host(prefix, scratch):
    """The example, as a project of its own that holds the installed library; one invocation."""
    root = HERE.parents[1]
    build = scratch / "build-function_host"
    run("cmake", "-S", root / "examples" / "function_host", "-B", build, "-G", "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Debug")
    run("cmake", "--build", build)
    loaded = run("ldd", build / "function_host")
    check(not re.search(r"libmecha|libabsl_|libyaml", loaded), f"function_host loads\n{loaded}")
    run(sys.executable, root / "tests" / "function_host" / "function_host_test.py", "counts", "--",
        build / "function_host", environment={"LD_LIBRARY_PATH": ""})


def with_pkg_config(compiler, source, prefix, scratch):
    environment = {"PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}

    def ask(*options):
        return run("pkg-config", *options, "mecha", environment=environment).split()

    program = scratch / "from-pkg-config"
    libraries = next(f[2:] for f in ask("--libs") if f.startswith("-L"))
    run(*compiler, HERE / source, *ask("--cflags"), "-o", program, *ask("--libs"),
        f"-Wl,-rpath,{libraries}")
    check_program(program, True, scratch)
    archive = ask("--variable=static_archive")[0]
    static = [archive if flag == "-lmecha" else flag for flag in ask("--static", "--libs")]
    run(*compiler, HERE / source, *ask("--cflags"), "-o", program, *static)
    check_program(program, False, scratch)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--keep", help="a folder to work in that is left behind")
    options = parser.parse_args()
    scratch = Path(options.keep or tempfile.mkdtemp(prefix="mecha-package-"))
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        prefix = install(options.build, scratch)
        check_archive(prefix)
        check_mecha_check(prefix, scratch)
        with_cmake("c_consumer", prefix, scratch)
        with_cmake("cpp_consumer", prefix, scratch)
        with_static_tls(prefix, scratch)
        with_function_host(prefix, scratch)
        with_pkg_config(["cc"], "c_consumer/main.c", prefix, scratch)
        with_pkg_config(["c++", "-std=c++17"], "cpp_consumer/main.cc", prefix, scratch)
    except Failure as failure:
        print(failure)
        sys.exit(1)
    finally:
        if not options.keep:
            shutil.rmtree(scratch)
    print("installed, moved, and used from C and C++, shared and static")


if __name__ == "__main__":
    main()
