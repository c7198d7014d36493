#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the orders example at random moments and checks that no order is lost or counted twice:
workers of their own with the example's script, then all of it in one process.

  orders_test.py PROGRAM STORE [--seed N]      STORE is memory, sqlite or redis

The seed is printed. A Redis server of its own runs on a free loopback port. Exit code 77: the
server is not installed.
"""
import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from private_redis import PrivateRedis, free_port, is_installed  # noqa: E402

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "orders"
INPUT = EXAMPLE / "orders.jsonl"
KILLS = 6
WORKER_KILLS = 10
SKIPPED = 77
SECONDS = 120  # for any one run
BROKEN_LINES = 6
REDIS_YAML = """\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: orders
spec:
  type: state.redis
  version: v1
  metadata:
    - name: redisHost
      value: "127.0.0.1:{port}"
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: order-messages
spec:
  type: pubsub.redis
  version: v1
  metadata:
    - name: redisHost
      value: "127.0.0.1:{port}"
    - name: processingTimeout
      value: "2s"
    - name: redeliverInterval
      value: "500ms"
"""


def expect(condition, what, run=None):
    if condition:
        return
    if run is not None:
        print(f"exit code {run.returncode}\n{run.stdout}\n{run.stderr}", file=sys.stderr)
    raise AssertionError(what)


class Orders:
    """The program under test, with its folders."""

    def __init__(self, program, resources, data):
        self.command = [program, "--resources", str(resources), "--data", str(data)]

    def run(self, *arguments, text=None):
        return subprocess.run([*self.command, *arguments], input=text, capture_output=True,
                              timeout=SECONDS, check=False, encoding="utf-8")

    def kill_after(self, seconds):
        """True when it was still running by then."""
        process = subprocess.Popen([*self.command, str(INPUT)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=seconds)
            return False
        except subprocess.TimeoutExpired:
            return True
        finally:
            process.kill()
            process.wait()


def expected_totals():
    """What the store has to hold, computed without the program's own code."""
    orders = {}
    for line in INPUT.read_text(encoding="utf-8").splitlines():
        try:
            order = json.loads(line)
            is_order = order["id"] and order["customer"] and order["amount_cents"] >= 0
        except (ValueError, KeyError, TypeError):
            continue
        if is_order:
            orders.setdefault(order["id"], order)
    totals = collections.defaultdict(lambda: [0, 0])
    for order in orders.values():
        totals[order["customer"]][0] += 1
        totals[order["customer"]][1] += order["amount_cents"]
    return totals


def check_report(run):
    """The printed table agrees with the input, to the cent."""
    totals = expected_totals()
    count = sum(count for count, _ in totals.values())
    cents = sum(cents for _, cents in totals.values())
    customer, (orders, amount) = max(totals.items(), key=lambda entry: entry[1][1])
    rows = [line.split() for line in run.stdout.splitlines()]
    for name, number, money in ((f"{len(totals)} customers", count, cents),
                                (customer, orders, amount)):
        row = [*name.split(), str(number), f"{money // 100}.{money % 100:02d}"]
        expect(row in rows, f"the table has the row {row}", run)


def test_kills(orders, source):
    started = time.monotonic()
    killed = 0
    longest = 0.4
    for _ in range(KILLS):
        was_running = orders.kill_after(source.uniform(0.02, longest))
        killed += was_running
        if not was_running:
            longest = max(0.03, longest / 2)
    print(f"killed {killed} of {KILLS} runs in {time.monotonic() - started:.1f} s")
    run = orders.run(str(INPUT))
    expect(run.returncode == 0, "the run after the kills succeeds", run)
    expect(run.stderr.count("skipped: ") == BROKEN_LINES, "each broken line has a message", run)
    check_report(run)
    check = orders.run("--verify", str(INPUT))
    expect(check.returncode == 0, "the store agrees with the input", check)


def test_second_run(orders):
    run = orders.run(str(INPUT))
    expect(run.returncode == 0 and " 0 orders stored" in run.stdout,
           "a second run stores nothing", run)
    check_report(run)


def test_verify_finds_differences(orders):
    more = '{"id":"one more","customer":"Ada Berg","amount_cents":5}\n'
    check = orders.run("--verify", "-", text=INPUT.read_text(encoding="utf-8") + more)
    expect(check.returncode == 1 and "order one more is not in the store" in check.stdout,
           "--verify finds an order that is missing", check)
    expect(orders.run("-", text=more).returncode == 0, "standard input is read")
    check = orders.run("--verify", str(INPUT))
    expect(check.returncode == 1 and "order one more is not in the input" in check.stdout,
           "--verify finds an order too many", check)


def test_killed_workers(command, folder, seed):
    """On a store and a broker that are empty yet."""
    data = folder / "workers"
    data.mkdir()
    program, *options = command
    options[options.index("--data") + 1] = str(data)
    run = subprocess.run([sys.executable, str(EXAMPLE / "kill_workers.py"), "--seed", str(seed),
                          "--kills", str(WORKER_KILLS), program, *options], capture_output=True,
                         timeout=2 * SECONDS, check=False, encoding="utf-8")
    print(run.stdout, flush=True)
    expect(run.returncode == 0 and f"killed {WORKER_KILLS} workers" in run.stdout and
           "verified: 5000 orders" in run.stdout, "the totals match after the kills", run)


def test_memory(orders):
    run = orders.run(str(INPUT))
    expect(run.returncode == 0 and "5000 orders stored" in run.stdout, "all orders are stored", run)
    check_report(run)
    check = orders.run("--verify", str(INPUT))
    expect(check.returncode == 1, "nothing is left in memory", check)


def test_errors(orders):
    run = orders.run("nowhere.jsonl")
    expect(run.returncode == 1 and "nowhere.jsonl: No such file" in run.stderr,
           "a missing file is named", run)
    run = orders.run()
    expect(run.returncode == 2 and "usage:" in run.stderr, "wrong use shows the usage", run)
    run = orders.run("--threads", "many", "-")
    expect(run.returncode == 2 and "many" in run.stderr, "a wrong number is named", run)
    run = orders.run("--wait", "long", "--verify", "-")
    expect(run.returncode == 2 and "long" in run.stderr, "a wrong time is named", run)


def test_unreachable(program, folder):
    resources = folder / "unreachable"
    resources.mkdir()
    (resources / "store.yaml").write_text(REDIS_YAML.format(port=free_port()))
    run = Orders(program, resources, folder).run(str(INPUT))
    expect(run.returncode == 1 and "127.0.0.1" in run.stderr,
           "an unreachable server is named", run)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("store", choices=("memory", "sqlite", "redis"))
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    if arguments.store == "redis" and not is_installed():
        print("redis-server is not installed")
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run_tests(arguments, folder)
    return 0


def run_tests(arguments, folder):
    resources = EXAMPLE / arguments.store
    redis = None
    try:
        if arguments.store == "redis":
            test_unreachable(arguments.program, folder)
            redis = PrivateRedis(folder)
            resources = folder / "resources"
            resources.mkdir()
            (resources / "store.yaml").write_text(REDIS_YAML.format(port=redis.port))
        orders = Orders(arguments.program, resources, folder)
        test_errors(orders)
        if arguments.store == "memory":
            test_memory(orders)
            return
        test_killed_workers(orders.command, folder, arguments.seed)
        if redis is not None:
            expect(redis.ask("FLUSHALL").startswith("+OK"), "the server forgets everything")
        test_kills(orders, random.Random(arguments.seed))
        test_second_run(orders)
        test_verify_finds_differences(orders)
    finally:
        if redis is not None:
            redis.kill()


if __name__ == "__main__":
    sys.exit(main())
