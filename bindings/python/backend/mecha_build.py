# SPDX-License-Identifier: Apache-2.0
"""The build backend (PEP 517) of mecha-runtime and of its distributions of modules. It needs CMake,
Ninja, a compiler and Python.h, and nothing from PyPI.

It builds libmecha in build/wheel of the repository, unless --config-settings=library=FOLDER names a
folder that holds it; --config-settings=jobs=N sets how many compilers run (default 2).
"""
import base64
import gzip
import hashlib
import io
import os
import pathlib
import subprocess
import sysconfig
import tarfile
import tomllib
import zipfile

BINDING = pathlib.Path(__file__).resolve().parents[1]
ROOT = BINDING.parents[1]
LIBRARY = "libmecha.so.0"
# Whose code ends up in the files of any wheel, as Debian's packages: their licences go along.
LICENCES = ["libabsl-dev", "nlohmann-json3-dev", "libssl-dev"]
# What a source distribution has of the repository: what builds the library, and the binding.
SOURCES = ["CMakeLists.txt", "LICENSE", "bindings/python", "cmake", "components", "include",
           "scripts", "src", "tools"]


def run(*command):
    """Runs a tool; its output is pip's to show."""
    print("+", *command, flush=True)
    subprocess.run([str(word) for word in command], check=True)


def build_library(modules, settings):
    """The folder that holds libmecha.so.0 and, in `mecha`, the modules."""
    if "library" in settings:
        return pathlib.Path(settings["library"]).resolve()
    build = ROOT / "build" / "wheel"
    run("cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
        "-DMECHA_BUILD_TESTS=OFF", "-DMECHA_BUILD_BENCH=OFF", "-DMECHA_BUILD_EXAMPLES=OFF",
        "-DMECHA_BUILD_BINDINGS=OFF")
    targets = ["mecha_module_" + module.replace(".", "_") for module in modules]
    run("cmake", "--build", build, "-j", settings.get("jobs", "2"), "--target", "mecha", *targets)
    return build / "cmake" / "library"


def compile_extension(library, output):
    """The extension module, for the limited API; it looks for libmecha in the folder `library`
    beside it."""
    sources = sorted((BINDING / "native").glob("*.c"))
    compiler = os.environ.get("CC", "cc").split()
    run(*compiler, "-std=gnu11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-DNDEBUG",
        f"-I{ROOT / 'include'}", f"-I{sysconfig.get_path('include')}", *sources, "-o", output,
        f"-L{library}", f"-l:{LIBRARY}", "-lm", "-Wl,-rpath,$ORIGIN/library", "-Wl,-z,relro,-z,now",
        "-s")


def info_folder(project):
    """The folder of a wheel that says what it is."""
    return f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"


class Wheel:
    """A wheel that is being written."""

    def __init__(self, folder, project, tag):
        self.name = project["name"].replace("-", "_")
        self.info = info_folder(project)
        self.path = pathlib.Path(folder) / f"{self.name}-{project['version']}-{tag}.whl"
        self._zip = zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED)
        self._record = []

    def add(self, name, content, mode=0o644):
        """A file of that name."""
        entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))  # the same wheel each time
        entry.external_attr = (0o100000 | mode) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        self._zip.writestr(entry, content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        self._record.append(f"{name},sha256={digest},{len(content)}")

    def close(self):
        """Writes the record; the wheel is whole."""
        self._record.append(f"{self.info}/RECORD,,")
        self._zip.writestr(f"{self.info}/RECORD", "\n".join(self._record) + "\n")
        self._zip.close()


def metadata(project, folder):
    """The METADATA file."""
    lines = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}",
             f"Summary: {project['description']}", f"License: {project['license']['text']}",
             f"Requires-Python: {project['requires-python']}",
             *[f"Requires-Dist: {wanted}" for wanted in project["dependencies"]]]
    for extra, wanted in project.get("optional-dependencies", {}).items():
        lines += [f"Provides-Extra: {extra}",
                  *[f'Requires-Dist: {each}; extra == "{extra}"' for each in wanted]]
    readme = (folder / project["readme"]).read_text(encoding="utf-8")
    return "\n".join([*lines, "Description-Content-Type: text/markdown", "", readme]).encode()


def entry_points(project):
    """The entry_points.txt file; empty when there are none."""
    lines = []
    for group, entries in project.get("entry-points", {}).items():
        lines += [f"[{group}]", *[f"{name} = {value}" for name, value in entries.items()], ""]
    return "\n".join(lines).encode()


def add_licences(wheel, packages):
    """Ours, and those of the code that is compiled or bundled in."""
    wheel.add(f"{wheel.info}/licenses/LICENSE", (ROOT / "LICENSE").read_bytes())
    for package in packages:
        text = pathlib.Path("/usr/share/doc") / package / "copyright"
        if text.exists():
            wheel.add(f"{wheel.info}/licenses/{package}.txt", text.read_bytes())


def add_package(wheel, library, scratch):
    """The package itself: Python files, the extension and the library."""
    for file in sorted((BINDING / "mecha").iterdir()):
        if file.suffix in (".py", ".pyi") or file.name == "py.typed":
            wheel.add(f"mecha/{file.name}", file.read_bytes())
    compile_extension(library, scratch)
    wheel.add("mecha/_mecha.abi3.so", scratch.read_bytes(), 0o755)
    wheel.add(f"mecha/library/{LIBRARY}", (library / LIBRARY).read_bytes(), 0o755)


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    """PEP 517: what the wheel will say of itself, without building it; returns its folder."""
    del config_settings
    folder = pathlib.Path.cwd()
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = pathlib.Path(metadata_directory) / info_folder(project)
    info.mkdir()
    (info / "METADATA").write_bytes(metadata(project, folder))
    if entries := entry_points(project):
        (info / "entry_points.txt").write_bytes(entries)
    return info.name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 517: builds a wheel of the project in the current folder; returns its name."""
    del metadata_directory
    folder = pathlib.Path.cwd()
    document = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    project, own = document["project"], document["tool"]["mecha"]
    library = build_library(own["modules"], dict(config_settings or {}))
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    tag = ("cp311-abi3-" if "package" in own else "py3-none-") + platform
    wheel = Wheel(wheel_directory, project, tag)
    scratch = pathlib.Path(wheel_directory) / "_mecha.abi3.so"
    try:
        if "package" in own:
            add_package(wheel, library, scratch)
    finally:
        scratch.unlink(missing_ok=True)
    for module in own["modules"]:
        wheel.add(f"mecha/library/mecha/{module}.so",
                  (library / "mecha" / f"{module}.so").read_bytes(), 0o755)
    add_licences(wheel, [*LICENCES, *own["licences"]])
    wheel.add(f"{wheel.info}/METADATA", metadata(project, folder))
    wheel.add(f"{wheel.info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: mecha_build\n"
              f"Root-Is-Purelib: false\nTag: {tag}\n".encode())
    if entries := entry_points(project):
        wheel.add(f"{wheel.info}/entry_points.txt", entries)
    wheel.close()
    return wheel.path.name


def build_sdist(sdist_directory, config_settings=None):
    """PEP 517: the sources of the library and of the project in the current folder, from which
    pip can build a wheel where the tools are; returns the archive's name."""
    del config_settings
    folder = pathlib.Path.cwd()
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    project = document["project"]
    name = f"{project['name'].replace('-', '_')}-{project['version']}"
    # At its top the project's own files, which find their backend further down.
    backend = document["build-system"]["backend-path"][0]
    moved = str((folder / backend).resolve().relative_to(ROOT))
    text = text.replace(f'backend-path = ["{backend}"]', f'backend-path = ["{moved}"]')
    top = {"pyproject.toml": text.encode(),
           "README.md": (folder / project["readme"]).read_bytes(),
           "PKG-INFO": metadata(project, folder)}
    path = pathlib.Path(sdist_directory) / f"{name}.tar.gz"
    with open(path, "wb") as file, gzip.GzipFile("", "wb", mtime=0, fileobj=file) as packed, \
            tarfile.open(mode="w", fileobj=packed, format=tarfile.PAX_FORMAT) as archive:
        for inside, content in top.items():
            add_to_archive(archive, f"{name}/{inside}", content)
        for source in source_files():
            inside = f"{name}/{source.relative_to(ROOT)}"
            add_to_archive(archive, inside, source.read_bytes(), source.stat().st_mode & 0o100)
    return path.name


def source_files():
    """The files of a source distribution."""
    for source in SOURCES:
        inside = sorted((ROOT / source).rglob("*")) if (ROOT / source).is_dir() else [ROOT / source]
        for path in inside:
            hidden = any(part.startswith((".", "__pycache__"))
                         for part in path.relative_to(ROOT).parts)
            if path.is_file() and not hidden and not path.name.endswith(("_test.cc", "~")):
                yield path


def add_to_archive(archive, name, content, executable=0):
    """A file of a source distribution, the same each time."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o755 if executable else 0o644
    entry.mtime = 1767225600
    archive.addfile(entry, io.BytesIO(content))
