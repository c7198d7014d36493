# SPDX-License-Identifier: Apache-2.0
"""asyncio: verbs as coroutines, cancellation, loops that come and go, many calls at once."""
import asyncio
import contextlib
import threading

import pytest
from conftest import STATE, failing, run, sqlite_state

import mecha


def test_every_verb_is_a_coroutine(secrets_file):
    async def main():
        documents = [STATE, secrets_file]
        async with mecha.AsyncRuntime("app", resource_texts=documents) as rt:
            store = rt.state("store")
            for inline in (True, False):
                etag = await store.set("k", "v", inline=inline)
                item = await store.get("k", inline=inline)
                assert item.value == b"v" and item.etag == etag
                assert await store.get("absent", inline=inline) is None
                written = await store.apply([mecha.Write.set("a", "1")], inline=inline)
                assert written[0].etag
                assert (await store.get_many(["a", "b"], inline=inline))[1] is None
                assert "a" in (await store.list("", inline=inline)).items
            assert {key async for key in store.keys("", limit=1)} == {"a", "k"}
            await store.set_json("j", [1])
            assert await store.get_json("j") == [1] and await store.get_json("x", 5) == 5
            await store.delete("j")
            with failing(mecha.Unimplemented, mecha.Status.UNIMPLEMENTED):
                await store.query({"filter": {}})
            vault = rt.secrets("vault")
            assert await vault.get("db") == {"user": "u", "password": "p"}
            assert set(await vault.list()) == {"db", "token"}
            broker = rt.pubsub("broker")
            assert (await broker.publish("t", b"x", id="7")).message_id == "7"
            assert len(await broker.publish_many("t", [mecha.Message.of(b"1")] * 2)) == 2
            await rt.ping("store")
            assert rt.describe()["phase"] == "running" and "mecha_" in rt.metrics()
            with failing(mecha.Aborted, mecha.Status.ABORTED):
                await store.set("k", "2", first_write=True, inline=False)
            with pytest.raises(TypeError):
                await store.get(5)
    asyncio.run(main())


def test_large_values_are_borrowed_until_they_are_written(tmp_path):
    async def main():
        async with mecha.AsyncRuntime("app", resource_texts=sqlite_state(tmp_path / "a.db")) as rt:
            store = rt.state("store")
            await asyncio.gather(*[store.set(f"k{i}", bytes([i]) * 100_000) for i in range(20)])
            for i in range(20):
                assert (await store.get(f"k{i}")).value == bytes([i]) * 100_000
    asyncio.run(main())


def test_many_calls_are_in_flight_at_once():
    async def main(rt):
        store = rt.state("store")

        async def one(number):
            await store.set(f"k{number}", str(number), inline=False)
            return int((await store.get(f"k{number}", inline=False)).value)
        assert await asyncio.gather(*[one(i) for i in range(2000)]) == list(range(2000))
        assert rt.describe()["inflight"] == 0
    run(main)


def test_a_cancelled_task_cancels_its_operation(tmp_path):
    async def main():
        async with mecha.AsyncRuntime("app", resource_texts=sqlite_state(tmp_path / "a.db")) as rt:
            store = rt.state("store")
            for number in range(300):
                task = asyncio.create_task(store.set(f"k{number}", b"v" * 20_000))
                await asyncio.sleep(0)
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await store.set("late", b"v")
            async with asyncio.timeout(20):
                while rt.describe()["inflight"] != 0:
                    await asyncio.sleep(0.01)
            await store.set("k", b"still works")
    asyncio.run(main())


def test_an_event_loop_may_follow_another():
    rt = mecha.AsyncRuntime("app", resource_texts=STATE)

    async def first():
        await rt.start()
        await rt.state("store").set("k", b"v", inline=False)
        asyncio.create_task(rt.state("store").get("k", inline=False))  # left behind

    async def later():
        assert (await rt.state("store").get("k", inline=False)).value == b"v"

    asyncio.run(first())
    for _ in range(3):
        asyncio.run(later())
    threads = [threading.Thread(target=asyncio.run, args=(later(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(rt.shutdown())
    assert rt.is_closed


def test_calls_after_the_end_are_closed():
    async def main():
        rt = mecha.AsyncRuntime("app", resource_texts=STATE)
        await rt.start()
        store = rt.state("store")
        assert await rt.shutdown() is not None and await rt.shutdown() is None
        for call in (store.get("k"), store.set("k", b""), rt.pubsub("broker").publish("t", b"")):
            with failing(mecha.Closed, mecha.Status.CLOSED):
                await call
    asyncio.run(main())


def test_closing_during_calls_ends_them(tmp_path):
    async def main():
        rt = mecha.AsyncRuntime("app", resource_texts=sqlite_state(tmp_path / "a.db"))
        await rt.start()
        store = rt.state("store")
        tasks = [asyncio.create_task(store.set(f"k{i}", b"v" * 1000)) for i in range(500)]
        await asyncio.sleep(0)
        await asyncio.gather(
            rt.shutdown(5), *tasks, return_exceptions=True)
        for task in tasks:
            assert task.exception() is None or isinstance(task.exception(), mecha.Error)
    asyncio.run(main())


def test_a_full_queue_is_waited_for():
    async def main():
        async with mecha.AsyncRuntime("app", resource_texts=STATE, max_inflight=2) as rt:
            store = rt.state("store")
            await store.set("k", b"v")
            calls = [store.get("k", inline=False) for _ in range(50)]
            calls += [store.set("k", b"v", inline=False, timeout=None) for _ in range(50)]
            assert len(await asyncio.gather(*calls)) == 100
    asyncio.run(main())


def test_suspend_and_resume():
    async def main(rt):
        store = rt.state("store")
        await store.set("k", b"v")
        before = rt.describe()["instance_id"]
        assert "finished" in await rt.suspend(5)
        with failing(mecha.Suspended, mecha.Status.SUSPENDED):
            await store.get("k")
        await rt.resume()
        assert (await store.get("k", inline=False)).value == b"v"
        assert rt.describe()["instance_id"] != before
    run(main)
