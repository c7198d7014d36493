#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long does a function host take to start, and to wake between two invocations?

The host is examples/function_host. Each number is the median of 31 fresh processes, or of 31
invocations of one. The runtime API is a server in Python, whose time counts as start, not as
library.
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time

TESTS = pathlib.Path("@TESTS@")
sys.path[:0] = [str(TESTS / "function_host"), str(TESTS / "support")]
import private_redis  # noqa: E402
from world import World  # noqa: E402

RUNS = 31
IN_MEMORY = """\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: {name}
spec:
  type: {kind}.in-memory
  version: v1
"""


def resources(world, back_end):
    """In memory: no back-end at all, so that what is left is the library itself."""
    if back_end == "in-memory":
        for name, kind in (("counts", "state"), ("events", "pubsub")):
            (world.resources / f"{name}.yaml").write_text(IN_MEMORY.format(name=name, kind=kind))


def measure_start(world):
    """Medians in ms: from before the process is made until its first invocation is counted, and
    what of it the library took."""
    whole, library, opening = [], [], []
    for turn in range(RUNS + 2):
        begin = time.monotonic_ns()
        host = world.start()
        host.invoke({"customer": f"ann{turn}"}).json()
        times = host.describe()["microseconds"]
        host.stop()
        if turn >= 2:  # the first two warm the page cache and make the files
            whole.append((times["first_at"] - begin / 1000) / 1000)
            library.append((times["start"] + times["rest"] + times["wake"] + times["first"]) / 1000)
            opening.append(times["start"] / 1000)
    return [statistics.median(each) for each in (whole, library, opening)]


def measure_rest(world, **environment):
    """Medians in ms: bringing the runtime to rest, and waking it. Each after an invocation."""
    host = world.start(**environment)
    samples = []
    for turn in range(RUNS + 2):
        host.invoke({"customer": "ann"}).json()
        host.rest()
        times = host.describe()["microseconds"]
        if turn >= 2:
            samples.append((times["rest"] / 1000, times["wake"] / 1000))
    host.stop()
    return [statistics.median(each) for each in zip(*samples)]


def row(case, value, limit=None):
    result = {"case": case, "value": round(value, 4), "unit": "ms"}
    if limit is not None:
        result["target"] = f"<= {limit:g}"
        result["met"] = value <= limit
    return result


def measure(back_end, command, folder, redis):
    source = "redis" if back_end == "redis" else "sqlite"
    world = World([command], folder, source, redis, source)
    resources(world, back_end)
    try:
        whole, library, opening = measure_start(world)
        suspend, resume = measure_rest(world)
        keep, kept = measure_rest(world, FUNCTION_REST="keep")
    finally:
        world.end()
    # A store's own waiting, for a disk or a server, is in the numbers of the other two.
    limit = 3 if back_end == "in-memory" else None
    return [row(f"{back_end}: process start to first invocation counted", whole, 20),
            row(f"{back_end}: of which the library", library, limit),
            row(f"{back_end}: of which open and start", opening, 3),
            row(f"{back_end}: resume", resume, 1),
            row(f"{back_end}: suspend", suspend),
            row(f"{back_end}: resume with connections kept", kept, 1),
            row(f"{back_end}: suspend with connections kept", keep)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--json", help="also write the rows to this file")
    parser.add_argument("--host", default="@HOST@")
    options = parser.parse_args()
    rows = []
    for back_end in ("in-memory", "sqlite", "redis"):
        if back_end == "redis" and not private_redis.is_installed():
            continue
        with tempfile.TemporaryDirectory(prefix="mecha-function-host-") as name:
            folder = pathlib.Path(name)
            redis = private_redis.PrivateRedis(folder) if back_end == "redis" else None
            try:
                rows += measure(back_end, options.host, folder, redis)
            finally:
                if redis is not None:
                    redis.kill()
    for each in rows:
        target = f"  {each['target']}: {'yes' if each['met'] else 'NO'}" if "met" in each else ""
        print(f"{each['case']:52} {each['value']:9g} {each['unit']}{target}")
    if options.json:
        notes = [f"Median of {RUNS} fresh processes, or of {RUNS} invocations of one. An "
                 "invocation reads two keys, writes them in a transaction and publishes an event.",
                 "The library's part is open, start, suspend, resume and that first invocation."]
        report = {"bench": "function_host", "rows": rows, "notes": notes, "question":
                  "How long does a function host take to start, and to wake between invocations?"}
        pathlib.Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    sys.exit(0 if all(each.get("met", True) for each in rows) else 1)


if __name__ == "__main__":
    main()
