# SPDX-License-Identifier: Apache-2.0
"""The golden scenarios of messages."""
import threading
import time

import mecha


class Inbox:
    """What handlers saw, one line per handling, in the order they were called. Any thread."""

    def __init__(self):
        self._lines = []
        self._changed = threading.Condition()

    def add(self, line):
        with self._changed:
            self._lines.append(line)
            self._changed.notify_all()

    def take(self, count, patience=30.0):
        """Waits until there are so many lines or patience is over, and takes them all."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._lines) >= count, patience)
            lines, self._lines = self._lines, []
            return lines


def publish(rt, topic, *arguments, **options):
    """(status name, what was published)"""
    try:
        return "OK", rt.pubsub("messages").publish(topic, *arguments, **options)
    except mecha.Error as error:
        return error.status.name, None


# --- pubsub ---

def verdict_of(event, text):
    if event.topic == "dead":
        return mecha.Verdict.OK
    if text == "poison" or (text == "second try" and event.attempt == 1):
        return mecha.Verdict.RETRY
    return mecha.Verdict.DROP if text == "unwanted" else mecha.Verdict.OK


def describe(event, text, verdict):
    """One line for one handling, and what becomes of the message: its data says it."""
    kind = (event.find("cloudevent.type") or b"none").decode()
    return (f"{event.path} of {event.topic}: {event.message_id} type {kind} as "
            f"{event.content_type}, attempt {event.attempt}"
            f"{' (again)' if event.is_redelivered else ''}"
            f"{' (last)' if event.is_last_attempt else ''}: {text} -> {verdict.name}")


def print_all(lines):
    for line in lines:
        print("  " + line)


def run_pubsub(folder):
    inbox = Inbox()
    with mecha.Runtime("golden", resources=folder) as rt:
        def handle(event):
            text = event.data.decode()
            verdict = verdict_of(event, text)
            inbox.add(describe(event, text, verdict))
            return verdict
        rt.start_serving(threads=1)
        rt.route("/plain", "/urgent")(handle)
        print("serve the paths: OK")
        for topic in ("dead", "many"):
            rt.topic("messages", topic)(handle)
            print(f"serve topic {topic}: OK")
        for id, data, handlings, metadata in (
                ("m1", "hello", 1, {}), ("m2", "fire", 1, {"cloudevent.type": "urgent"}),
                ("m3", "second try", 2, {}), ("m4", "unwanted", 2, {}), ("m5", "poison", 4, {})):
            status, sent = publish(rt, "news", mecha.Message.of(data, id=id, metadata=metadata))
            print(f"publish {data}: {status} as {sent.message_id}")
            print_all(inbox.take(handlings))
        status, _ = publish(rt, "news", mecha.Message.of('{"n": 1}', id="j1",
                                                         content_type=mecha.JSON))
        print("publish JSON:", status)
        print_all(inbox.take(1))
        batch = [mecha.Message.of("one of many", id=id) for id in ("b1", "b2", "b3")]
        published = rt.pubsub("messages").publish_many("many", batch)
        print(f"publish three: {'PARTIAL' if any(each.error for each in published) else 'OK'}, "
              f"{len(published)}")
        print_all(sorted(inbox.take(3)))


# --- drain ---

def serve(rt, inbox, door):
    """One handling at a time, which waits until the door is open."""
    def handle(event):
        inbox.add(event.message_id)
        door.wait()
    rt.start_serving(threads=1)
    rt.topic("messages", "work", credit=1)(handle)
    print("serve: OK")


def shut_down_in_the_middle(folder):
    rt = mecha.Runtime("golden", resources=folder)
    rt.start()
    inbox, door = Inbox(), threading.Event()
    serve(rt, inbox, door)
    for id in ("w1", "w2", "w3"):
        print(f"publish {id}:", publish(rt, "work", mecha.Message.of("work", id=id))[0])
    print("in hand:", inbox.take(1)[0])
    threading.Timer(0.3, door.set).start()
    rt.shutdown(20)
    print("shutdown: OK")
    print("begun after the shutdown was asked:", len(inbox.take(0)))
    print("publish after it:", publish(rt, "work", "late")[0])


def take_the_rest(folder):
    """What was not begun comes to the next process, where the broker outlives this one."""
    with mecha.Runtime("golden", resources=folder) as rt:
        inbox, door = Inbox(), threading.Event()
        door.set()
        serve(rt, inbox, door)
        for id in inbox.take(2, 5.0):
            print("then:", id)
        time.sleep(0.5)
        print("more:", len(inbox.take(0)))


def run_drain(folder):
    shut_down_in_the_middle(folder)
    take_the_rest(folder)
