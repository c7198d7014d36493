# SPDX-License-Identifier: Apache-2.0
"""What goes wrong at first: each error names the argument, and what to do instead."""
import asyncio

import pytest

import mecha

from conftest import STATE


async def coroutine_change(old):
    return old


def subscribe(**options):
    return lambda rt: rt.subscribe("broker", "t", **options)


def store(function):
    return lambda rt: function(rt.state("store"))


def broker(function):
    return lambda rt: function(rt.pubsub("broker"))


def event(function):
    def call(rt):
        with rt.subscribe("broker", "t") as events:
            rt.pubsub("broker").publish("t", b"")
            taken = next(events)
            try:
                function(taken)
            finally:
                taken.ok()
    return call


@pytest.mark.parametrize("call, kind, words", [
    (store(lambda s: s.set("k", {"a": 1})), TypeError, "value .*dict.*set_json"),
    (store(lambda s: s.set("k", None)), TypeError, "value must be bytes or str"),
    (store(lambda s: s.apply([mecha.Write.set("k", {})])), TypeError, "value .*Write.set_json"),
    (store(lambda s: s.apply(5)), TypeError, "writes must be several Write"),
    (store(lambda s: s.get_many(5)), TypeError, "keys must be several str"),
    (store(lambda s: s.set("k", b"", ttl=-1)), ValueError, "ttl must not be negative"),
    (store(lambda s: s.set("k", b"", ttl=0)), ValueError, "ttl must be above zero"),
    (store(lambda s: s.set("k", b"", ttl="1")), TypeError, "ttl must be seconds"),
    (store(lambda s: mecha.Write.set("k", b"", ttl="1")), TypeError, "ttl must be seconds"),
    (store(lambda s: s.get("k", timeout=-1)), ValueError, "timeout must not be negative"),
    (store(lambda s: s.get("k", timeout="1")), TypeError, "timeout must be seconds"),
    (store(lambda s: s.get("k", consistency="x")), TypeError, "consistency must be a Consistency"),
    (store(lambda s: s.get("k", metadata=5)), TypeError, "metadata must be a mapping"),
    (store(lambda s: s.get("k", metadata={"a": 5})), TypeError, "value of 'a' in metadata"),
    (store(lambda s: s.get("k", retry=5)), TypeError, "retry must be a RetryPolicy"),
    (store(lambda s: s.list(limit="x")), TypeError, "limit must be an int"),
    (store(lambda s: s.update("k", coroutine_change)), TypeError, "change .*AsyncRuntime"),
    (store(lambda s: s.update("k", 5)), TypeError, "change must be a function"),
    (broker(lambda b: b.publish("t", {"a": 1})), TypeError, "data .*dict.*publish_json"),
    (broker(lambda b: b.publish("t", b"", ttl=-1)), ValueError, "ttl must be above zero"),
    (broker(lambda b: b.publish_many("t", 5)), TypeError, "messages must be several Message"),
    (subscribe(credit=-1), ValueError, "credit must be from 0"),
    (subscribe(credit="x"), TypeError, "credit must be an int"),
    (subscribe(batch_wait="x"), TypeError, "batch_wait must be seconds"),
    (subscribe(reply_timeout=-1), ValueError, "reply_timeout must not be negative"),
    (subscribe(ordering="x"), ValueError, "'x' is not a valid Ordering"),
    (subscribe(settings=5), TypeError, "settings must be a mapping"),
    (event(lambda e: e.retry(after=-1)), ValueError, "after must not be negative"),
    (event(lambda e: e.retry(after="x")), TypeError, "after must be seconds"),
    (event(lambda e: e.extend("x")), TypeError, "the time to extend by must be seconds"),
    (lambda rt: mecha.RetryMessage(after=-1), ValueError, "after must not be negative"),
    (lambda rt: rt.topic("broker", "t")(coroutine_change), TypeError, "AsyncRuntime runs those"),
    (lambda rt: rt.start_serving(tasks=1), TypeError, "Runtime.start_serving"),
    (lambda rt: rt.suspend("x"), TypeError, "timeout must be seconds"),
    (lambda rt: mecha.Runtime("app", resources=5), TypeError, "resources must be a path"),
    (lambda rt: mecha.Runtime("app", resource_texts=5), TypeError, "resource_texts must be str"),
    (lambda rt: mecha.Runtime("app", resource_texts=[5]), TypeError, "resource_texts .*int"),
    (lambda rt: mecha.Runtime("app", settings=5), TypeError, "settings must be a mapping"),
])
def test_an_error_names_the_argument(rt, call, kind, words):
    with pytest.raises(kind, match=words):
        call(rt)


def test_the_runtime_for_asyncio_says_so():
    async def main():
        async with mecha.AsyncRuntime("app", resource_texts=STATE) as rt:
            with pytest.raises(TypeError, match="async with"):
                with rt.subscribe("broker", "t"):
                    raise AssertionError("it was entered")
            with pytest.raises(TypeError, match="AsyncRuntime.serve"):
                await rt.serve(threads=4)
            with pytest.raises(TypeError, match="coroutine function"):
                rt.topic("broker", "t")(print)
            with pytest.raises(TypeError, match="change must be a function"):
                await rt.state("store").update("k", None)
            with pytest.raises(ValueError, match="ttl must not be negative"):
                await rt.state("store").set("k", b"", ttl=-1)
    asyncio.run(main())
    rt = mecha.AsyncRuntime("app", resource_texts=STATE)
    with pytest.raises(TypeError, match="async with"):
        with rt:
            raise AssertionError("it was entered")
    asyncio.run(rt.shutdown())


def test_the_blocking_runtime_says_so():
    rt = mecha.Runtime("app", resource_texts=STATE)

    async def main():
        async with rt:
            raise AssertionError("it was entered")
    with pytest.raises(TypeError, match="AsyncRuntime is the one"):
        asyncio.run(main())
    with pytest.raises(mecha.FailedPrecondition, match="not started; start it first") as caught:
        rt.state("store").get("k")
    assert "mecha_" not in str(caught.value)
    rt.shutdown()


def test_an_update_may_wait_where_that_blocks_nobody():
    async def count(old):
        await asyncio.sleep(0)
        return str(int(old or 0) + 1)

    async def main():
        async with mecha.AsyncRuntime("app", resource_texts=STATE) as rt:
            store = rt.state("store")
            await store.update("k", count)
            await asyncio.gather(*[store.update("k", count) for _ in range(20)])
            await store.update("k", lambda old: str(int(old) + 1))
            assert (await store.get("k")).value == b"22"
    asyncio.run(main())


def test_a_broken_store_is_named(tmp_path):
    (tmp_path / "file").touch()
    document = STATE.replace("{type: state.in-memory, version: v1, metadata: []}", (
        "{type: state.sqlite, version: v1, metadata: "
        f"[{{name: connectionString, value: {tmp_path}/file/a.db}}]}}"))
    with mecha.Runtime("app", resource_texts=document, settings={"start": "lazy"}) as rt:
        with pytest.raises(mecha.Unavailable) as caught:
            rt.state("store").get("k")
        assert caught.value.detail("component") == "store" and caught.value.retryable
        with pytest.raises(mecha.Unavailable) as caught:
            rt.ping("store")
        assert caught.value.detail("component") == "store"
