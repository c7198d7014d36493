#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the golden scenarios and compares what they print with expected/.

  run.py LANGUAGE BACKEND [--update] -- PROGRAM...    BACKEND is memory, sqlite or redis

PROGRAM gets a scenario's name and a folder of resources as its last arguments, and runs in a
private folder. --update writes expected/ instead. Exit code 77: redis-server is not installed.
"""
import argparse
import difflib
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from private_redis import PrivateRedis, is_installed  # noqa: E402

SCENARIOS = ("state", "secrets", "errors", "pubsub", "drain")
SECONDS = 120  # for one scenario
SKIPPED = 77
COMPONENT = """\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {{name: {name}}}
spec: {{type: {type}, version: v1, metadata: {metadata}}}
---
"""


def components(backend, folder, port):
    """The store and the broker as YAML. Metadata is a list in YAML's flow form."""
    def entry(name, value):
        return f"{{name: {name}, value: \"{value}\"}}"
    store, broker = [], []
    if backend == "sqlite":
        store = [entry("connectionString", folder / "state.db")]
        broker = [entry("connectionString", folder / "queue.db"), entry("leaseTime", "2s")]
    if backend == "redis":
        store = [entry("redisHost", f"127.0.0.1:{port}")]
        broker = [*store, entry("processingTimeout", "2s"), entry("redeliverInterval", "200ms")]
    kind = {"memory": "in-memory"}.get(backend, backend)
    return (COMPONENT.format(name="store", type=f"state.{kind}", metadata=f"[{', '.join(store)}]") +
            COMPONENT.format(name="messages", type=f"pubsub.{kind}",
                             metadata=f"[{', '.join(broker)}]"))


def run(program, scenario, backend, folder, port):
    """What the program printed, its error output, and its exit code."""
    resources = folder / "resources"
    resources.mkdir()
    (resources / "components.yaml").write_text(components(backend, folder, port), encoding="utf-8")
    shutil.copy(HERE / "resources" / "secrets.yaml", resources)
    shutil.copy(HERE / "resources" / "secrets.json", folder)
    if scenario == "pubsub":
        shutil.copy(HERE / "resources" / "subscription.yaml", resources)
    done = subprocess.run([*program, scenario, str(resources)], cwd=folder, capture_output=True,
                          timeout=SECONDS, check=False, encoding="utf-8")
    return done.stdout, done.stderr, done.returncode


def expected_file(scenario, backend):
    """A back-end that answers in its own way has a file of its own."""
    own = HERE / "expected" / f"{scenario}.{backend}.txt"
    return own if own.exists() else HERE / "expected" / f"{scenario}.txt"


def compare(scenario, backend, output, errors, code):
    """True when the output is as expected; otherwise says what differs."""
    path = expected_file(scenario, backend)
    wanted = path.read_text(encoding="utf-8")
    if output == wanted and code == 0:
        print(f"{scenario}: as expected")
        return True
    print(f"{scenario}: exit code {code}; expected (-) and printed (+):")
    sys.stdout.writelines(difflib.unified_diff(
        wanted.splitlines(True), output.splitlines(True), str(path.name), "printed", n=1))
    print(errors)
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language")
    parser.add_argument("backend", choices=["memory", "sqlite", "redis"])
    parser.add_argument("--update", action="store_true")
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    arguments, program = parser.parse_args(sys.argv[1:split]), sys.argv[split + 1:]
    if not program:
        parser.error("the program is missing: -- PROGRAM...")
    program[0] = shutil.which(program[0]) or program[0]
    program[0] = str(pathlib.Path(program[0]).resolve())
    if arguments.backend == "redis" and not is_installed():
        print("redis-server is not installed")
        return SKIPPED
    is_good = True
    with tempfile.TemporaryDirectory(prefix="mecha-golden-") as top:
        redis = PrivateRedis(top) if arguments.backend == "redis" else None
        try:
            for scenario in SCENARIOS:
                if redis is not None:
                    redis.ask("FLUSHALL")
                folder = pathlib.Path(top) / scenario
                folder.mkdir()
                answer = run(program, scenario, arguments.backend, folder,
                             redis.port if redis else 0)
                if arguments.update:
                    expected_file(scenario, arguments.backend).write_text(answer[0], "utf-8")
                    print(answer[1])
                else:
                    is_good = compare(scenario, arguments.backend, *answer) and is_good
        finally:
            if redis is not None:
                redis.kill()
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
