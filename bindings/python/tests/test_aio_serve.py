# SPDX-License-Identifier: Apache-2.0
"""Messages in asyncio: loops, verdicts, handlers as tasks, drains, exceptions and cancellations."""
import asyncio
import contextlib

import pytest
from conftest import STATE, failing, run

import mecha

FAST = {"pubsubname": "broker", "topic": "t", "deadLetterTopic": "dead",
        "metadata": {"redeliveryInterval": "1ms", "redeliveryAttempts": "3"}}


def test_a_loop_answers_what_it_takes():
    async def main(rt):
        broker, seen = rt.pubsub("broker"), []
        async with rt.subscribe_spec(FAST) as events, rt.subscribe("broker", "dead") as dead:
            await broker.publish_json("t", {"n": 1})
            async for event in events:
                async with event:
                    seen.append((event.json(), event.attempt))
                    raise ValueError("again")
                if event.is_last_attempt:
                    break
            async for event in dead:
                async with event:
                    seen.append(event.topic)
                break
        assert seen == [({"n": 1}, 1), ({"n": 1}, 2), ({"n": 1}, 3), "dead"]
    run(main)


def test_several_tasks_take_from_one_subscription():
    async def main(rt):
        events, taken = rt.subscribe("broker", "t"), []
        await events.start()

        async def loop():
            async for event in events:
                async with event:
                    taken.append(event.data)
                    await asyncio.sleep(0)
        tasks = [asyncio.create_task(loop()) for _ in range(5)]
        await asyncio.sleep(0.01)
        await rt.pubsub("broker").publish_many("t", [mecha.Message.of(b"x")] * 100)
        while len(taken) < 100:
            await asyncio.sleep(0.001)
        report = await events.close()
        assert report["finished"] == 100 and await events.close() is None
        await asyncio.wait_for(asyncio.gather(*tasks), 20)
        with pytest.raises(RuntimeError):
            rt.subscribe("broker", "u").set_credit(1)
    run(main)


def test_loops_end_with_the_runtime():
    async def main():
        rt = mecha.AsyncRuntime("app", resource_texts=STATE)
        await rt.start()

        async def loop():
            return [event async for event in rt.subscribe("broker", "t")]
        task = asyncio.create_task(loop())
        await asyncio.sleep(0.05)
        await rt.shutdown(5)
        assert await asyncio.wait_for(task, 20) == []
    asyncio.run(main())


def test_handlers_run_as_tasks_side_by_side():
    async def main(rt):
        inside, most, done = 0, 0, asyncio.Event()

        @rt.topic("broker", "t", credit=10)
        async def handle(event):
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1
            if event.json() == 39:
                done.set()

        @rt.spec(FAST | {"topic": "bad"})
        async def refuse(event):
            return mecha.Verdict.DROP

        @rt.topic("broker", "dead")
        async def bury(event):
            done.set()
        with pytest.raises(TypeError):
            rt.topic("broker", "t")(lambda event: None)
        await rt.start_serving()
        with pytest.raises(RuntimeError):
            await rt.start_serving()
        messages = [mecha.Message.json(number) for number in range(40)]
        await rt.pubsub("broker").publish_many("t", messages)
        await asyncio.wait_for(done.wait(), 20)
        assert 1 < most <= 10
        done.clear()
        await rt.pubsub("broker").publish("bad", b"x")
        await asyncio.wait_for(done.wait(), 20)
        reports = await rt.stop_serving(10)
        assert sum(each["finished"] for each in reports) == 42
    run(main)


def test_serve_ends_with_its_task_and_drains():
    async def main(rt):
        began, ended = asyncio.Event(), []

        @rt.route("/x")
        async def unused(event):
            raise AssertionError(event)

        @rt.topic("broker", "t")
        async def handle(event):
            began.set()
            await asyncio.sleep(0.05)
            await rt.state("store").set("k", b"v", inline=False)
            ended.append(event.message_id)
        task = asyncio.create_task(rt.serve())
        while not rt.describe()["subscriptions"]:
            await asyncio.sleep(0.001)
        await rt.pubsub("broker").publish("t", b"x")
        await asyncio.wait_for(began.wait(), 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(ended) == 1
    run(main)


def test_a_shutdown_waits_for_handlers_and_lets_them_call():
    async def main():
        rt = mecha.AsyncRuntime("app", resource_texts=STATE)
        await rt.start()
        outcome = asyncio.Queue()

        @rt.topic("broker", "t")
        async def handle(event):
            await outcome.put("began")
            await asyncio.sleep(0.1)
            try:  # by itself on behalf of the event: it is let through
                await outcome.put(await rt.state("store").set("k", b"v", inline=False))
            except mecha.Error as error:
                await outcome.put(error)
        await rt.start_serving()
        await rt.pubsub("broker").publish("t", b"x")
        assert await outcome.get() == "began"
        report = await rt.shutdown(20)
        assert isinstance(outcome.get_nowait(), str)
        assert report["registrations"][0]["finished"] == 1
    asyncio.run(main())


def test_a_cancelled_handler_means_retry():
    async def main(rt):
        async with rt.subscribe_spec(FAST) as events:
            await rt.pubsub("broker").publish("t", b"x")

            async def handle():
                async for event in events:
                    async with event:
                        await asyncio.sleep(60)
            task = asyncio.create_task(handle())
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            event = await asyncio.wait_for(anext(events), 20)
            assert event.attempt == 2
            event.ok()
    run(main)


def test_an_event_that_is_taken_back_is_cancelled_and_gone():
    async def main():
        rt = mecha.AsyncRuntime("app", resource_texts=STATE)
        await rt.start()
        events = rt.subscribe("broker", "t", reply_timeout=0.05)
        await events.start()
        await rt.pubsub("broker").publish("t", b"x")
        event = await anext(events)
        while not event.is_cancelled:
            await asyncio.sleep(0.01)
        with failing(mecha.Gone, mecha.Status.GONE):
            event.ok()
        with failing(mecha.Gone, mecha.Status.GONE):
            event.extend(5)
        with contextlib.suppress(mecha.DeadlineExceeded):
            await rt.shutdown(0)
    asyncio.run(main())


def test_what_cannot_be_served_is_refused():
    async def main(rt):
        with failing(mecha.NotFound, mecha.Status.NOT_FOUND):
            async for event in rt.subscribe("no such broker", "t"):
                raise AssertionError(event)
        with pytest.raises(TypeError):
            rt.subscribe("broker")
        with pytest.raises(TypeError):
            await rt.subscribe("broker", "t", nothing=1).start()

        @rt.topic("no such broker", "t")
        async def handle(event):
            raise AssertionError(event)
        with failing(mecha.NotFound, mecha.Status.NOT_FOUND):
            await rt.start_serving()
    run(main)


def test_documents_come_and_go():
    document = ("apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {name: s}\nspec: "
                "{pubsubname: broker, topic: t, routes: {default: /x}}\n")

    async def main(rt):
        done = asyncio.Event()

        @rt.route("/x")
        async def handle(event):
            assert event.subscription == "s" and event.path == "/x"
            done.set()
        await rt.start_serving()
        await rt.apply_resource(document)
        await rt.pubsub("broker").publish("t", b"x")
        await asyncio.wait_for(done.wait(), 20)
        await rt.delete_resource("Subscription", "s")
        with failing(mecha.NotFound, mecha.Status.NOT_FOUND):
            await rt.delete_resource("Subscription", "s")
    run(main)
