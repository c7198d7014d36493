# SPDX-License-Identifier: Apache-2.0
"""What surrounds calls: traces in context variables, logs, secrets, fixtures, other threads."""
import asyncio
import logging
import threading
import time

import pytest
from conftest import STATE, failing, run, sqlite_state

import mecha

pytest_plugins = ["mecha.pytest_plugin"]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_goes_with_what_is_published_and_on_from_its_handler(rt):
    with rt.subscribe("broker", "t") as events, rt.subscribe("broker", "u") as further:
        assert mecha.current_trace() == (None, None, None)
        with mecha.trace(TRACE, "a=b", "c=d"):
            assert mecha.current_trace() == (TRACE, "a=b", "c=d")
            rt.pubsub("broker").publish("t", b"x")
        assert mecha.current_trace() == (None, None, None)
        with events.take(10) as event:
            assert event.traceparent.split("-")[1] == TRACE.split("-")[1]
            assert event.tracestate == "a=b"
            rt.pubsub("broker").publish("u", b"y")
        with further.take(10) as event:
            assert event.traceparent.split("-")[1] == TRACE.split("-")[1]


def test_each_task_has_a_context_of_its_own():
    async def main(rt):
        async def one(number):
            with mecha.trace(f"00-{number:032x}-b7ad6b7169203331-01"):
                await asyncio.sleep(0.001)
                await rt.pubsub("broker").publish("t", str(number))
        async with rt.subscribe("broker", "t") as events:
            await asyncio.gather(*[one(number) for number in range(1, 20)])
            for _ in range(19):
                async with await anext(events) as event:
                    assert int(event.traceparent.split("-")[1], 16) == int(event.data)
    run(main)


def test_what_a_handler_leaves_running_goes_on_by_itself():
    async def main(rt):
        left = []

        @rt.topic("broker", "t")
        async def handle(event):
            async def later():
                await asyncio.sleep(0.02)
                return await rt.state("store").set("k", b"v")
            left.append(asyncio.create_task(later()))
        await rt.start_serving()
        await rt.pubsub("broker").publish("t", b"x")
        while not left:
            await asyncio.sleep(0.001)
        assert await left[0]
    run(main)


def test_calls_within_an_event_that_is_gone_are_refused(rt):
    with rt.subscribe("broker", "t") as events:
        rt.pubsub("broker").publish("t", b"x")
        with events.take(10) as event:
            rt.state("store").set("k", b"v", within=event)
        with failing(mecha.Gone, mecha.Status.GONE):
            rt.state("store").set("k", b"v", within=event)
        with pytest.raises(TypeError):
            mecha._mecha.Scope(5)


def lazy(folder):
    """A store whose folder is not there yet: it is tried again, and each failure is a notice."""
    return {"resource_texts": sqlite_state(folder / "absent" / "a.db"),
            "settings": {"start": "lazy"}}


def test_notices_are_logged(tmp_path, caplog):
    caplog.set_level(logging.DEBUG, "mecha")
    with mecha.Runtime("app", **lazy(tmp_path)) as rt:
        with failing(mecha.Unavailable, mecha.Status.UNAVAILABLE):
            rt.state("store").get("k")
        deadline = time.monotonic() + 20
        while not caplog.records and time.monotonic() < deadline:
            time.sleep(0.01)
    assert caplog.records and caplog.records[0].name == "mecha"
    assert caplog.records[0].mecha_component == "store"


def test_notices_are_logged_in_asyncio(tmp_path, caplog):
    caplog.set_level(logging.DEBUG, "mecha")

    async def main():
        async with mecha.AsyncRuntime("app", **lazy(tmp_path)):
            for _ in range(2000):
                if caplog.records:
                    return
                await asyncio.sleep(0.01)
    asyncio.run(main())
    assert caplog.records


def test_no_logs_when_they_are_not_wanted(tmp_path, caplog):
    before = set(threading.enumerate())  # one of an earlier test may be ending
    with mecha.Runtime("app", logs=False, **lazy(tmp_path)):
        assert set(threading.enumerate()) <= before
        time.sleep(0.1)
    assert not [record for record in caplog.records if record.name == "mecha"]


def test_secrets_are_dicts(secrets_file):
    with mecha.Runtime("app", resource_texts=secrets_file) as rt:
        vault = rt.secrets("vault")
        assert vault.get("db") == {"user": "u", "password": "p"}
        assert vault.get("absent") is None and rt.secrets.get("vault", "token") == {"token": "t"}
        assert vault.list() == {"db": {"user": "u", "password": "p"}, "token": {"token": "t"}}
        with failing(mecha.InvalidArgument, mecha.Status.INVALID_ARGUMENT):
            vault.get("")
        for wrong in (lambda: vault.get(5), lambda: vault.get(), lambda: vault.list(5)):
            with pytest.raises(TypeError):
                wrong()


def test_an_update_wins_in_the_end(rt):
    store = rt.state("store")

    def count(old):
        return str(int(old or 0) + 1)
    threads = [threading.Thread(target=lambda: [store.update("n", count) for _ in range(50)])
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("n").value == b"200"
    assert store.update("n", lambda old: None) is None and store.get("n") is not None
    assert store.update("n", lambda old: mecha.DELETE) is None and store.get("n") is None

    def disturbed(old):
        store.set("n", b"other")
        return b"mine"
    with failing(mecha.DeadlineExceeded, mecha.Status.DEADLINE_EXCEEDED):
        store.update("n", disturbed, timeout=0.05)


def test_an_update_in_asyncio_wins_in_the_end():
    async def main(rt):
        store = rt.state("store")

        async def many():
            for _ in range(20):
                await store.update("n", lambda old: str(int(old or 0) + 1), content_type=mecha.JSON)
        await asyncio.gather(*[many() for _ in range(5)])
        assert await store.get_json("n") == 100
        await store.update("n", lambda old: mecha.DELETE)
        assert await store.update("n", lambda old: mecha.DELETE) is None
    run(main)


def test_the_fixtures_are_fresh(mecha_runtime, mecha_clock, mecha_async_runtime):
    store = mecha_runtime.state("store")
    assert store.get("k") is None
    store.set("k", b"v", ttl=5)
    mecha_clock(10)
    assert store.get("k") is None

    async def main():
        async with mecha_async_runtime as rt:
            assert await rt.state("store").get("k") is None
    asyncio.run(main())


def test_threads_share_a_runtime(tmp_path):
    with mecha.Runtime("app", resource_texts=[sqlite_state(tmp_path / "a.db")]) as rt:
        store, problems = rt.state("store"), []

        def work(number):
            try:
                for i in range(50):
                    store.set(f"{number}-{i}", b"v" * i)
                    assert len(store.get(f"{number}-{i}").value) == i
            except BaseException as problem:
                problems.append(problem)
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == [] and len(list(store.keys())) == 400


def test_describe_and_metrics_tell_what_was_done(rt, store):
    store.set("k", b"v")
    described = rt.describe()
    assert described["components"][0]["counters"]["set"]["calls"] == 1
    assert 'mecha_operations_total{component="store"' in rt.metrics()
    assert STATE and repr(store.get("k")) == "<mecha.Item 'k' OK etag='1'>"
