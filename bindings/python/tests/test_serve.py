# SPDX-License-Identifier: Apache-2.0
"""Messages, blocking: loops, verdicts, handlers on threads, batches, paths, the drain."""
import logging
import threading

import pytest
from conftest import STATE, failing

import mecha

DEAD = {"pubsubname": "broker", "topic": "t", "deadLetterTopic": "dead",
        "metadata": {"redeliveryInterval": "1ms", "redeliveryAttempts": "3"}}
ROUTES = """
apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata: {name: orders}
spec:
  pubsubname: broker
  topic: orders
  routes:
    rules:
      - {match: event.type == "large", path: /large}
    default: /orders
"""


def test_a_message_comes_with_what_is_known_of_it(rt):
    with rt.subscribe("broker", "t") as events:
        sent = rt.pubsub("broker").publish("t", b"hello", key="k", ttl=60, content_type="text/x",
                                           metadata={"cloudevent.type": "greeting"})
        event = events.take(10)
        with event:
            assert event.data == b"hello" and bytes(event.view) == b"hello"
            assert (event.component, event.topic, event.path) == ("broker", "t", "t")
            assert event.message_id == sent.message_id and event.ordering_key == "k"
            assert event.content_type == "text/x" and event.attempt == 1
            assert event.find("cloudevent.type") == b"greeting" and event.find("no") is None
            assert not (event.is_redelivered or event.is_last_attempt or event.is_batch
                        or event.is_raw or event.is_answered or event.is_cancelled)
            assert event.remaining > 0 and event.lease >= 0 and event.subscription is None
            assert event.traceparent is None or event.traceparent.startswith("00-")
            assert event.tracestate is None and event.kind == 1
            assert event.enqueued is None or event.enqueued.year > 2000
            assert len(event) == 1 and [one.data for one in event] == [b"hello"]
            event.extend(100)
        assert event.is_answered and event.data == b"hello"
        for again in (event.ok, event.drop, event.retry):
            with failing(mecha.Gone, mecha.Status.GONE):
                again()


def test_verdicts_decide_what_becomes_of_a_message(rt, caplog):
    seen = []
    with rt.subscribe_spec(DEAD) as events, rt.subscribe("broker", "dead") as dead:
        broker = rt.pubsub("broker")
        broker.publish("t", b"fails")
        for attempt in (1, 2, 3):
            with events.take(10) as event:
                seen.append((event.attempt, event.is_last_attempt))
                raise RuntimeError("no luck")
        assert seen == [(1, False), (2, False), (3, True)]
        assert "no luck" in caplog.text
        with dead.take(10) as event:
            assert event.data == b"fails"
        broker.publish("t", b"dropped")
        with events.take(10):
            raise mecha.DropMessage
        with dead.take(10) as event:
            assert event.data == b"dropped"
        broker.publish("t", b"later")
        with events.take(10):
            raise mecha.RetryMessage(after=0.001)
        with events.take(10) as event:
            assert event.attempt == 2
        broker.publish("t", b"forgotten")
        event = events.take(10)
        del event
        with events.take(10) as event:
            assert event.data == b"forgotten" and event.attempt == 2


def test_what_is_not_an_exception_passes_through_and_means_retry(rt):
    with rt.subscribe("broker", "t") as events:
        rt.pubsub("broker").publish("t", b"x")
        with pytest.raises(KeyboardInterrupt):
            with events.take(10):
                raise KeyboardInterrupt
        with events.take(10) as event:
            assert event.attempt == 2


def test_a_loop_ends_with_its_subscription_or_the_runtime(rt):
    taken = []

    def loop(events):
        for event in events:
            with event:
                taken.append(event.data)
    first, second = rt.subscribe("broker", "t"), rt.subscribe("broker", "u")
    threads = [threading.Thread(target=loop, args=(each,)) for each in (first, first, second)]
    for thread in threads:
        thread.start()
    rt.pubsub("broker").publish("u", b"x")
    while not taken:
        threading.Event().wait(0.001)
    assert first.close()["finished"] == 0 and first.close() is None
    rt.shutdown(5)
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert taken == [b"x"] and second.take(0) is None


def test_handlers_run_on_threads(rt):
    got, names = [], set()
    all_there = threading.Barrier(3, timeout=20)

    @rt.topic("broker", "t")
    def handle(event):
        got.append(event.json())
        names.add(threading.current_thread().name)
        all_there.wait()

    @rt.spec(DEAD | {"topic": "other"}, ordering=mecha.Ordering.SERIAL)
    def refuse(event):
        return mecha.Verdict.DROP

    @rt.topic("broker", "dead")
    def bury(event):
        got.append(event.data)
        all_there.wait()
    rt.start_serving(threads=3)
    with pytest.raises(RuntimeError):
        rt.start_serving()
    broker = rt.pubsub("broker")
    broker.publish_json("t", 1)
    broker.publish_json("t", 2)
    all_there.wait()
    broker.publish("other", b"bad")
    rt.pubsub("broker").publish_json("t", 3)
    all_there.wait()
    reports = rt.stop_serving(10)
    assert len(reports) == 3 and sum(each["finished"] for each in reports) == 5
    assert b"bad" in got and sorted(x for x in got if x != b"bad") == [1, 2, 3]
    assert names == {"mecha-handler"}


def test_serve_ends_when_it_is_told(rt):
    @rt.topic("broker", "t")
    def handle(event):
        threading.Thread(target=rt.stop_serving).start()
    thread = threading.Thread(target=rt.serve)
    thread.start()
    for _ in range(1000):
        if rt.describe()["subscriptions"]:
            break
        threading.Event().wait(0.01)
    rt.pubsub("broker").publish("t", b"x")
    thread.join(20)
    assert not thread.is_alive()


def test_paths_serve_the_subscriptions_of_the_resources():
    with mecha.Runtime("app", resource_texts=[STATE, ROUTES]) as rt:
        assert rt.describe()["subscriptions"][0]["missing_paths"] == ["/large", "/orders"]
        got = []
        both = threading.Semaphore(0)

        @rt.route("/orders")
        def small(event):
            got.append((event.path, event.subscription, event.kind))
            both.release()

        @rt.route("/large")
        def large(event):
            got.append((event.path, event.subscription, event.kind))
            both.release()
        rt.start_serving()
        rt.pubsub("broker").publish("orders", b"1")
        rt.pubsub("broker").publish("orders", b"2", metadata={"cloudevent.type": "large"})
        assert both.acquire(timeout=20) and both.acquire(timeout=20)
        assert sorted(got) == [("/large", "orders", 2), ("/orders", "orders", 2)]
        rt.apply_resource(ROUTES.replace("topic: orders", "topic: others"))
        rt.delete_resource("Subscription", "orders")
        with failing(mecha.NotFound, mecha.Status.NOT_FOUND):
            rt.delete_resource("Subscription", "orders")


def test_a_batch_is_answered_message_by_message(rt):
    options = {"batch": True, "batch_max": 3, "batch_wait": 0.5}
    with rt.subscribe_spec(DEAD, **options) as events:
        messages = [mecha.Message.json(n, id=str(n)) for n in range(3)]
        assert [one.message_id for one in rt.pubsub("broker").publish_many("t", messages)] == [
            "0", "1", "2"]
        with events.take(10) as event:
            assert event.is_batch and [one.json() for one in event] == [0, 1, 2]
            assert event[-1].message_id == "2"
            with pytest.raises(IndexError):
                _ = event[3]
            event.reply_each([mecha.Verdict.OK, (mecha.Verdict.RETRY, 0.001), None])
        again = set()
        while len(again) < 2:
            with events.take(20) as event:
                again |= {one.message_id for one in event}
        assert again == {"1", "2"}


def test_credit_holds_back_what_is_too_much(rt):
    with rt.subscribe("broker", "t", credit=1) as events:
        rt.pubsub("broker").publish_many("t", [mecha.Message.of(b"1"), mecha.Message.of(b"2")])
        first = events.take(10)
        assert events.take(0.05) is None
        events.set_credit(2)
        with events.take(10):
            first.ok()
        events.set_credit(0)
        rt.pubsub("broker").publish("t", b"3")
        assert events.take(0.05) is None
        events.set_credit(1)
        with events.take(10) as event:
            assert event.data == b"3"


@pytest.mark.parametrize("call", [
    lambda rt: rt.subscribe("broker"), lambda rt: rt.subscribe("broker", 5),
    lambda rt: rt.subscribe("broker", "t", nothing=1), lambda rt: rt.route(),
    lambda rt: rt.subscribe(None, "t", credit="x"), lambda rt: rt.subscribe_spec(5),
    lambda rt: rt.pubsub("broker").publish(5, b""), lambda rt: rt.pubsub("broker").publish("t", 5),
    lambda rt: rt.pubsub("broker").publish("t", b"", no=1),
    lambda rt: rt.pubsub("broker").publish_many("t", [b"x"]), lambda rt: rt.pubsub(None),
    lambda rt: rt.pubsub("broker").publish("t", b"", metadata=[1]),
])
def test_wrong_types_are_type_errors(rt, call):
    with pytest.raises(TypeError):
        call(rt)


def test_what_cannot_be_served_is_refused(rt):
    with failing(mecha.NotFound, mecha.Status.NOT_FOUND):
        rt.subscribe("no such broker", "t")
    with failing(mecha.InvalidArgument, mecha.Status.INVALID_ARGUMENT):
        rt.subscribe_spec({"pubsubname": "broker"})
    with failing(mecha.InvalidArgument, mecha.Status.INVALID_ARGUMENT):
        rt.pubsub("broker").publish("", b"")

    @rt.topic("no such broker", "t")
    def handle(event):
        raise AssertionError(event)
    with failing(mecha.NotFound, mecha.Status.NOT_FOUND):
        rt.start_serving()


def test_a_wrong_verdict_leaves_the_event_open(rt):
    with rt.subscribe("broker", "t") as events:
        rt.pubsub("broker").publish("t", b"x")
        event = events.take(10)
        with failing(mecha.InvalidArgument, mecha.Status.INVALID_ARGUMENT):
            event.reply(77)
        event.ok()


def test_threads_are_added_while_handlers_wait_in_calls(tmp_path, caplog):
    caplog.set_level(logging.ERROR)
    with mecha.Runtime("app", resource_texts=STATE) as rt:
        inner = threading.Event()

        @rt.topic("broker", "outer")
        def outer(event):
            with rt.subscribe("broker", "answer") as answers:  # waits inside a call of Mecha
                rt.pubsub("broker").publish("inner", b"x")
                with answers.take(20):
                    inner.set()

        @rt.topic("broker", "inner")
        def answer(event):
            rt.pubsub("broker").publish("answer", b"y")
        rt.start_serving(threads=1)
        rt.pubsub("broker").publish("outer", b"x")
        assert inner.wait(20)
