#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a function host against a runtime API of its own.

  function_host_test.py CASE [--freeze SECONDS] -- PROGRAM [ARGUMENT...]

CASE is protocol, counts, rest, freeze_sqlite, freeze_redis, copies or clock. With --freeze 300 a
freeze lasts minutes. Exit code 77: something that the case needs is not installed.
"""
import argparse
import json
import pathlib
import sqlite3
import sys
import tempfile
import time

from runtime_api import RuntimeApi
from world import ROOT, SECONDS, World, expect, wait_until

sys.path.insert(0, str(ROOT / "tests" / "support"))
import private_redis  # noqa: E402

SKIPPED = 77
LEASE = 2  # seconds, as in the example's resources


def test_counts(world):
    host = world.start()
    first = host.invoke({"customer": "ann", "amount": 3}).json()
    expect(first == {"customer": "ann", "count": 1, "amount": 3, "repeated": False}, first)
    host.invoke({"customer": "bob"}).json()
    again = host.invoke({"customer": "ann", "amount": 4})
    expect(again.json() == {"customer": "ann", "count": 2, "amount": 7, "repeated": False},
           again.response)
    repeated = host.invoke({"customer": "ann", "amount": 4}, request_id=again.id).json()
    expect(repeated == {"customer": "ann", "count": 2, "amount": 7, "repeated": True}, repeated)
    text = host.invoke({"customer": "ann \U0001f600 \"quoted\"\n"}).json()
    expect(text["customer"] == "ann \U0001f600 \"quoted\"\n", text)
    expect(host.stop() == 0, "SIGTERM ends it in order")


def test_bad_payloads(world):
    host = world.start()
    bad = (b"", b"{", b"[1]", b"\"ann\"", b"{\"customer\": 7}", b"{\"customer\": \"\"}",
           b"{\"customer\": \"\xff\xfe\"}", b"{\"amount\": 3}",
           {"customer": "x" * 201}, {"customer": "ann", "amount": "3"},
           {"customer": "ann", "amount": -1}, {"customer": "ann", "amount": 1.5},
           {"customer": "ann", "amount": 10**30}, {"customer": "ann", "linger_ms": None},
           b"[" * 100_000)
    for payload in bad:
        error = host.invoke(payload).failure()
        expect(error["errorType"] == "Function.BadPayload", f"{str(payload)[:40]}: {error}")
    large = host.invoke({"customer": "ann", "padding": "x" * 5_000_000}).json()
    expect(large["count"] == 1, "nothing was counted for a bad payload, and it lives")


def test_deadlines(world):
    host = world.start()
    host.invoke({"customer": "ann"}).json()
    error = host.invoke({"customer": "ann"}, seconds=-1).failure()
    expect(error["errorType"] == "Function.DeadlinePassed", error)
    with sqlite3.connect(world.folder / "counts.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")  # another program holds the store's file
        error = host.invoke({"customer": "ann"}, seconds=0.5).failure()
        expect(error["errorType"] in ("Function.DeadlinePassed", "Function.CallFailed"), error)
        other.execute("ROLLBACK")
    expect(host.invoke({"customer": "ann"}).json()["count"] == 2, "it counts again afterwards")


def test_failing_store(world):
    host = world.start()
    host.invoke({"customer": "ann"}).json()
    with sqlite3.connect(world.folder / "counts.db") as other:
        other.execute("UPDATE state SET value = '7' WHERE key LIKE '%customer/ann'")
    error = host.invoke({"customer": "ann"}).failure()
    expect(error["errorType"] == "Function.CallFailed" and "ann" in error["errorMessage"], error)
    expect(host.invoke({"customer": "bob"}).json()["count"] == 1, "others are counted")


def test_traces(world):
    host = world.start()
    trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1;Lineage=x"
    for other in (None, "Root=1-xyz;Parent=7", trace):
        host.invoke({"customer": "ann"}, trace_id=other).json()
    host.stop()
    with sqlite3.connect(world.folder / "events.db") as events:
        text = [payload for payload, in events.execute(
            "SELECT CAST(payload AS TEXT) FROM mecha_message ORDER BY id")]
    expect(len(text) == 3, f"each invocation published one event: {text}")
    wanted = "00-5bef4de7ad49b0e87f6ef6c87fc2e700-9a9197af755a6419-01"
    expect([wanted in each for each in text] == [False, False, True], text)


def test_start_errors(world):
    (world.resources / "broken.yaml").write_text("apiVersion: dapr.io/v1alpha1\nkind: [")
    host = world.start()
    error = host.api.await_start_error()
    expect("broken.yaml" in error["errorMessage"], error)
    expect(host.process.wait(SECONDS) == 1, "it ends")
    (world.resources / "broken.yaml").unlink()
    host = world.start(FUNCTION_REST="often")
    expect(host.process.wait(SECONDS) == 2, "a wrong setting ends it")
    expect("FUNCTION_REST=often" in host.log.read_text(), "and is named")
    host = world.start(AWS_LAMBDA_RUNTIME_API="127.0.0.1:1")
    expect(host.process.wait(SECONDS) == 1, "without a runtime API it ends")
    expect("127.0.0.1:1" in host.log.read_text(), "which is named")


def test_stops(world):
    host = world.start()
    host.rest()
    expect(host.stop() == 0, "SIGTERM ends the wait for an invocation")
    host = world.start()
    long = host.invoke({"customer": "ann", "linger_ms": 600_000}, seconds=900)
    wait_until(lambda: "customer/ann" in world.rows("customer/%"), "ann is counted")
    expect(host.stop() == 0, "SIGTERM ends a long invocation")
    expect(long.json(0)["count"] == 1, "which was answered")


def test_killed(world):
    host = world.start()
    lost = host.invoke({"customer": "ann", "linger_ms": 600_000}, seconds=900)
    wait_until(lambda: "customer/ann" in world.rows("customer/%"), "ann is counted")
    host.kill()
    host = world.start()
    again = host.invoke({"customer": "ann"}, request_id=lost.id).json()
    expect(again["repeated"] and again["count"] == 1, f"it counts once: {again}")


def test_connections(world):
    """Other ways a server may speak HTTP/1.1."""
    for api in (RuntimeApi(chunked=True), RuntimeApi(closing=True), RuntimeApi(rude=True)):
        host = world.start(api=api)
        for size in (0, 20_000, 2_000_000):
            host.invoke({"customer": "ann", "padding": "x" * size}).json()
            host.invoke("no").failure()
        expect(host.stop() == 0, "it ends in order")
    counted = json.loads(world.rows("customer/%")["customer/ann"])
    expect(counted["count"] == 9, f"each invocation was counted once: {counted}")


def test_rest(world):
    """What is left of the runtime between two invocations."""
    databases = lambda host: [name for name in host.open_files() if ".db" in name]
    for rest, is_open in (("suspend", False), ("keep", True), ("none", True)):
        host = world.start(FUNCTION_REST=rest, FUNCTION_CONSUMES="counted")
        for _ in range(3):
            host.invoke({"customer": "ann", "linger_ms": 50}).json()
        host.rest()
        expect(bool(databases(host)) == is_open, f"{rest}: {databases(host)}")
        threads = int(host.status("Threads"))
        # The main thread and the handler's, which waits.
        expect(rest == "none" or threads == 2, f"{rest}: {threads} threads")
        times = host.describe()["microseconds"]
        print(f"  {rest}: start {times['start']:.0f} us, rest {times['rest']:.0f} us, "
              f"wake {times['wake']:.0f} us")
        expect(host.stop() == 0, "it ends in order")
    wait = world.start(FUNCTION_REST="none", FUNCTION_CONSUMES="counted")
    wait_for_handled(world, wait, 9)


def handled(world):
    return len(world.rows("handled/%"))


def wait_for_handled(world, host, count):
    """The host is invoked until so many events were handled."""
    end = time.monotonic() + SECONDS
    while handled(world) < count:
        expect(time.monotonic() < end, f"{handled(world)} of {count} events were handled")
        host.invoke({"customer": "waiting", "linger_ms": 100}).json()
        count += 1


def test_freeze(world, seconds):
    """One is frozen with messages in hand, unannounced; one at rest; a third takes over."""
    frozen = world.start(FUNCTION_REST="none", FUNCTION_CONSUMES="counted")
    for name in ("a", "b", "c"):
        frozen.invoke({"customer": name, "work_ms": 1500}).json()
    wait_until(lambda: in_hand(frozen) > 0, "a message is in hand")
    resting = world.start(FUNCTION_CONSUMES="counted")
    resting.invoke({"customer": "d"}).json()
    resting.rest()
    frozen.freeze()
    resting.freeze()
    thaw_at = time.monotonic() + seconds
    live = world.start(FUNCTION_REST="none", FUNCTION_CONSUMES="counted")
    live.invoke({"customer": "e", "work_ms": 100}).json()
    wait_until(lambda: handled(world) == 5, "the live one handles all", 3 * LEASE + SECONDS)
    expect(time.monotonic() + LEASE < thaw_at or seconds < 10, "they were taken over in time")
    time.sleep(max(0, thaw_at - time.monotonic()))
    frozen.thaw()
    resting.thaw()
    for host in (frozen, resting, live):
        host.invoke({"customer": "later", "linger_ms": 200}).json()
    wait_until(lambda: handled(world) == 8, "what came later is handled")
    check_freeze(frozen.describe(), resting.describe(), live.describe())
    for host in (frozen, resting, live):
        expect(host.stop() == 0, "it ends in order")


def in_hand(host):
    return host.describe()["runtime"]["open_requests"]


def check_freeze(frozen, resting, live):
    tallies = [each["messages"] for each in (frozen, resting, live)]
    print("  " + "; ".join(f"{name}: {tally}" for name, tally in
                           zip(("frozen", "resting", "live"), tallies)))
    # What the frozen one had begun was taken from it, and what it said too late did not count.
    expect(tallies[0]["late"] + tallies[0]["given_up"] > 0, "a lease was lost, and noticed")
    expect(sum(tally["accepted"] for tally in tallies) == 8, "each message was accepted once")
    expect(tallies[1]["late"] + tallies[1]["given_up"] == 0, "the one at rest held nothing")
    for each in (frozen, resting, live):
        for component in each["runtime"]["components"]:
            expect(component["health"] == "ready", component)


def test_copies(world):
    """Two forks of a host at rest, as from one snapshot."""
    host = world.start(FUNCTION_COPIES="2", FUNCTION_CONSUMES="counted")
    host.rest(2)
    both = [host.invoke('"describe"'), host.invoke('"describe"')]
    ids = {each.json()["runtime"]["instance_id"] for each in both}
    expect(len(ids) == 2, f"they are instances of their own: {ids}")
    host.rest(2)
    together = [host.invoke({"customer": "ann", "linger_ms": 300}) for _ in range(6)]
    counts = sorted(each.json()["count"] for each in together)
    expect(counts == [1, 2, 3, 4, 5, 6], f"each was counted once: {counts}")
    with sqlite3.connect(world.folder / "counts.db") as store:
        etags = [etag for etag, in store.execute("SELECT etag FROM state")]
    expect(len(set(etags)) == len(etags) > 6, f"no etag was made twice: {etags}")
    wait_for_handled(world, host, 6)
    expect(host.stop() == 0, "SIGTERM ends the copies in order")


class FakeTime:
    """Clocks of a host that the test sets, by libfaketime; `all_clocks`: not the wall clock alone,
    which is what a process sees of a machine that slept."""

    def __init__(self, folder, all_clocks=False):
        self.file = folder / "clock"
        self.set(0)
        self.environment = {"LD_PRELOAD": str(faketime_library()), "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_TIMESTAMP_FILE": str(self.file)}
        if not all_clocks:
            self.environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"

    def set(self, seconds):
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.rename(self.file)


def faketime_library():
    found = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return found[0] if found else None


def test_wall_clock(world):
    """It is set while the host is at rest, and while it runs."""
    hour = 3600
    for rest in ("suspend", "none"):
        clock = FakeTime(world.folder)
        host = world.start(FUNCTION_REST=rest, FUNCTION_CONSUMES="counted", **clock.environment)
        expect(host.describe()["runtime"]["clock"]["gaps"] == 0, "nothing happened yet")
        host.rest()
        for offset, step, gaps in ((hour, hour, 1), (-hour, -2 * hour, 2)):
            clock.set(offset)
            described = host.invoke('"describe"', seconds=offset + 30).json()["runtime"]
            expect(described["clock"]["gaps"] == gaps, described["clock"])
            off = described["clock"]["last_wall_step_ms"] / 1000 - step
            expect(abs(off) < 60, described["clock"])
            warnings = [each["message"] for each in described["warnings"]]
            expect(any("the wall clock was set by" in each for each in warnings), warnings)
            host.invoke({"customer": "ann", "linger_ms": 100}, seconds=offset + 30).json()
            host.rest()
        expect(host.stop() == 0, "it ends in order")


def test_all_clocks(world):
    """An hour goes by at once while a message is in hand."""
    clock = FakeTime(world.folder, all_clocks=True)
    host = world.start(FUNCTION_REST="none", FUNCTION_CONSUMES="counted", **clock.environment)
    host.invoke({"customer": "ann", "work_ms": 1000}).json()
    wait_until(lambda: in_hand(host) > 0, "the message is in hand")
    clock.set(3600)
    messages = lambda: host.invoke('"describe"', seconds=3630).json()["messages"]
    wait_until(lambda: handled(world) == 1 and messages()["accepted"] == 1, "it is handled")
    tally = messages()
    expect(tally["late"] + tally["given_up"] == 1, f"its lease was over, and noticed: {tally}")
    host.invoke({"customer": "ann"}, seconds=3630).json()
    expect(host.stop() == 0, "it ends in order")


def run(case, command, *, broker="sqlite", arguments=()):
    print(case.__name__, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        redis = private_redis.PrivateRedis(folder) if broker == "redis" else None
        world = World(command, folder, broker, redis)
        try:
            case(world, *arguments)
        except BaseException:
            for host in world.hosts:
                print(f"{host.log.name}: {host.log.read_text()[-2000:]}", file=sys.stderr)
            raise
        finally:
            world.end()
            if redis is not None:
                redis.kill()


PROTOCOL = (test_counts, test_bad_payloads, test_deadlines, test_failing_store, test_traces,
            test_start_errors, test_stops, test_killed, test_connections)
SINGLE = {"counts": test_counts, "rest": test_rest, "copies": test_copies}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("case")
    parser.add_argument("--freeze", type=float, default=10)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    command = [str(pathlib.Path(part).resolve()) if pathlib.Path(part).exists() else part
               for part in arguments.command]
    if arguments.case == "protocol":
        for case in PROTOCOL:
            run(case, command)
    elif arguments.case in SINGLE:
        run(SINGLE[arguments.case], command)
    elif arguments.case == "clock":
        if faketime_library() is None:
            print("libfaketime is not installed")
            return SKIPPED
        run(test_wall_clock, command)
        run(test_all_clocks, command)
    elif arguments.case in ("freeze_sqlite", "freeze_redis"):
        broker = arguments.case.removeprefix("freeze_")
        if broker == "redis" and not private_redis.is_installed():
            print("redis-server is not installed")
            return SKIPPED
        run(test_freeze, command, broker=broker, arguments=(arguments.freeze,))
    else:
        parser.error(f"there is no case {arguments.case}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
