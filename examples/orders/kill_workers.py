#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills workers at random while orders are published, and shows that the totals match exactly.

  kill_workers.py [--kills 20] [--workers 3] PROGRAM [options of orders: --resources, --data]

It publishes orders.jsonl in as many parts as there are kills. After each part it kills one worker
(SIGKILL) at a random moment and starts another. Then the store is compared with the input, and the
workers that are left have to end in order. The seed is printed. Exit code 0: all matches.
"""
import argparse
import pathlib
import random
import signal
import subprocess
import sys
import time

INPUT = pathlib.Path(__file__).resolve().parent / "orders.jsonl"
PATIENCE = 120  # seconds


class Workers:
    """The worker processes that run, each with its log."""

    def __init__(self, command, count):
        self.command = command
        self.running = [self.start() for _ in range(count)]

    def start(self):
        return subprocess.Popen([*self.command[:1], "worker", *self.command[1:]],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def kill_one(self, source):
        worker = self.running.pop(source.randrange(len(self.running)))
        was_running = worker.poll() is None
        worker.kill()
        worker.communicate()
        self.running.append(self.start())
        return was_running

    def end(self):
        """The exit codes and what was printed."""
        for worker in self.running:
            worker.send_signal(signal.SIGTERM)
        ends = []
        for worker in self.running:
            text, _ = worker.communicate(timeout=PATIENCE)
            ends.append((worker.returncode, text.decode()))
        self.running = []
        return ends

    def kill(self):
        for worker in self.running:
            worker.kill()
            worker.communicate()


def parts_of(lines, count):
    return [lines[len(lines) * i // count:len(lines) * (i + 1) // count] for i in range(count)]


def publish(command, lines):
    subprocess.run([*command[:1], "publish", *command[1:], "-"], input="\n".join(lines) + "\n",
                   encoding="utf-8", check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def play(command, arguments, source):
    """True when the store matches and every worker has ended in order."""
    workers = Workers(command, arguments.workers)
    try:
        killed = 0
        for part in parts_of(INPUT.read_text(encoding="utf-8").splitlines(), arguments.kills):
            publish(command, part)
            time.sleep(source.uniform(0, 0.2))
            killed += workers.kill_one(source)
        print(f"killed {killed} workers", flush=True)
        check = subprocess.run([*command, "--verify", "--wait", str(PATIENCE), str(INPUT)],
                               check=False, timeout=2 * PATIENCE, stderr=subprocess.DEVNULL)
        ends = workers.end()
    finally:
        workers.kill()
    for code, text in ends:
        print(text.strip() if code == 0 else f"a worker ended with {code}\n{text}")
    return killed == arguments.kills and check.returncode == 0 and all(
        code == 0 for code, _ in ends)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("program")
    arguments, options = parser.parse_known_args()
    print(f"seed {arguments.seed}", flush=True)
    command = [arguments.program, *options]
    return 0 if play(command, arguments, random.Random(arguments.seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
