#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One job in four languages over one store: orders are published by Python, handled by workers in
Go and Rust, and the totals are verified by C++ and read by every language.

  orders_languages.py BACKEND CPP PYTHON GO RUST     BACKEND is sqlite or redis

Each program is one argument: a command line, split at blanks. Exit code 77: redis-server is not
installed.
"""
import argparse
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from private_redis import PrivateRedis, is_installed  # noqa: E402

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "orders"
INPUT = EXAMPLE / "orders.jsonl"
SECONDS = 120  # for any one run
SKIPPED = 77


def make_resources(backend, folder, port):
    """The example's own YAML, with the port of this test's server."""
    resources = folder / "resources"
    shutil.copytree(EXAMPLE / backend, resources)
    if backend == "redis":
        for path in resources.iterdir():
            text = path.read_text(encoding="utf-8")
            text, count = re.subn(r"(localhost|127\.0\.0\.1):\d+", f"127.0.0.1:{port}", text)
            assert count > 0, f"{path.name} names no server"
            path.write_text(text, encoding="utf-8")
    return resources


class Job:
    """The programs, all over the same resources and data."""

    def __init__(self, programs, resources, data):
        self.programs = {language: shlex.split(command) for language, command in programs.items()}
        self.options = ["--resources", str(resources), "--data", str(data)]

    def run(self, language, *arguments):
        done = subprocess.run([*self.programs[language], *arguments], capture_output=True,
                              timeout=SECONDS, check=False, encoding="utf-8")
        if done.returncode != 0:
            raise AssertionError(f"{language} {arguments[0]} failed ({done.returncode}):\n"
                                 f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return done.stdout

    def start_worker(self, language):
        return subprocess.Popen([*self.programs[language], "worker", *self.options],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def totals(self, language):
        """Customer -> (orders, total), as the program prints them."""
        lines = self.run(language, "totals", *self.options).splitlines()
        rows = [re.fullmatch(r"(\S+)\s+(\d+)\s+(\S+)", line.strip()) for line in lines]
        return {row[1]: (int(row[2]), row[3]) for row in rows if row}


def end(workers):
    """Ends them as an operator would; each has to have stored some orders."""
    for language, worker in workers.items():
        worker.send_signal(signal.SIGTERM)
        text = worker.communicate(timeout=SECONDS)[0].decode()
        stored = re.search(r"(\d+) orders stored", text)
        assert worker.returncode == 0 and stored, f"{language}: {worker.returncode}\n{text}"
        assert int(stored[1]) > 0, f"the worker in {language} stored nothing"
        print(f"{language}: {stored[1]} orders")


def run(job):
    workers = {language: job.start_worker(language) for language in ("go", "rust")}
    try:
        job.run("python", "publish", *job.options, str(INPUT))
        job.run("cpp", "--verify", "--wait", "90", *job.options, str(INPUT))
        end(workers)
    finally:
        for worker in workers.values():
            if worker.poll() is None:
                worker.kill()
                worker.communicate()
    seen = {language: job.totals(language) for language in ("python", "go", "rust")}
    assert len(seen["go"]) == 120, f"{len(seen['go'])} customers, not 120"
    assert seen["python"] == seen["go"] == seen["rust"], "the totals differ"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backend", choices=["sqlite", "redis"])
    for language in ("cpp", "python", "go", "rust"):
        parser.add_argument(language)
    arguments = parser.parse_args()
    if arguments.backend == "redis" and not is_installed():
        print("redis-server is not installed")
        return SKIPPED
    programs = {language: getattr(arguments, language)
                for language in ("cpp", "python", "go", "rust")}
    with tempfile.TemporaryDirectory(prefix="mecha-orders-") as folder:
        redis = PrivateRedis(folder) if arguments.backend == "redis" else None
        data = pathlib.Path(folder) / "data"
        data.mkdir()
        try:
            resources = make_resources(arguments.backend, pathlib.Path(folder),
                                       redis.port if redis else 0)
            run(Job(programs, resources, data))
        finally:
            if redis is not None:
                redis.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
