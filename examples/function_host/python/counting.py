# SPDX-License-Identifier: Apache-2.0
"""What an invocation does: it adds to a customer's count, once however often it is delivered, and
publishes an event about it. And what is done with such an event."""
import json
import threading
import time
from typing import NamedTuple

import mecha
from runtime_api import Failure, Invocation

STORE = "counts"
BROKER = "events"
TOPIC = "counted"
REMEMBERED = 24 * 3600.0  # how long an invocation may be delivered again


class CountRequest(NamedTuple):
    """The payload: {"customer": "ann", "amount": 3}."""
    customer: str
    amount: int
    linger_ms: int  # stay awake so long after it, for messages
    work_ms: int    # how long the handler of the event works

    @classmethod
    def parse(cls, payload: bytes) -> "CountRequest":
        try:
            given = json.loads(payload)
            customer = given["customer"]
            is_name = isinstance(customer, str) and 0 < len(customer.encode()) <= 200
        except (ValueError, KeyError, TypeError, RecursionError):
            is_name = False
        if not is_name:
            raise Failure("Function.BadPayload", 'the payload is not {"customer": "a name", ...}')
        numbers = []
        for name, otherwise, most in (("amount", 1, 10**9), ("linger_ms", 0, 900_000),
                                      ("work_ms", 0, 900_000)):
            number = given.get(name, otherwise)
            if type(number) is not int or not 0 <= number <= most:
                raise Failure("Function.BadPayload", f'"{name}" is not a whole number to {most}')
            numbers.append(number)
        return cls(customer, *numbers)


class Function:
    """Handles invocations; one at a time."""

    def __init__(self, runtime: mecha.Runtime, stopping: threading.Event) -> None:
        self._store = runtime.state(STORE)
        self._broker = runtime.pubsub(BROKER)
        self._stopping = stopping

    def handle(self, invocation: Invocation) -> dict:
        """The answer; raises Failure."""
        if invocation.time_left <= 0:
            raise Failure("Function.DeadlinePassed", "the invocation's deadline has passed")
        request = CountRequest.parse(invocation.payload)
        try:
            with mecha.trace(invocation.traceparent):
                counted, is_repeated = self._count(invocation, request)
                # Also when it was counted before: who counted may have ended before publishing.
                # The event has the invocation's id, so that it is the same event.
                event = {"customer": request.customer, "count": counted["count"],
                         "work_ms": request.work_ms}
                self._broker.publish_json(TOPIC, event, id=invocation.id, key=request.customer,
                                          idempotent=True, timeout=left_of(invocation))
        except mecha.Error as error:
            is_late = error.status == mecha.Status.DEADLINE_EXCEEDED
            raise Failure("Function.DeadlinePassed" if is_late else "Function.CallFailed",
                          str(error)) from error
        if request.linger_ms > 0:
            self._stopping.wait(min(request.linger_ms / 1000, left_of(invocation)))
        return {"customer": request.customer, **counted, "repeated": is_repeated}

    def _count(self, invocation: Invocation, request: CountRequest) -> tuple[dict, bool]:
        """The count and a mark of the invocation are written together or not at all, and only over
        what was read."""
        customer, mark = f"customer/{request.customer}", f"invocation/{invocation.id}"
        while True:
            seen, count = self._store.get_many([mark, customer], timeout=left_of(invocation))
            if seen is not None:
                return read(seen, request), True
            new = {"count": 1, "amount": request.amount}
            if count is not None:
                new = {name: value + new[name] for name, value in read(count, request).items()}
            etag = None if count is None else count.etag
            try:
                self._store.apply([
                    mecha.Write.set_json(mark, new, first_write=True, ttl=REMEMBERED),
                    mecha.Write.set_json(customer, new, first_write=True, etag=etag),
                ], timeout=left_of(invocation))
                return new, False
            except mecha.Error as error:
                # Whoever was faster, or a write of which only the answer was lost: read again.
                may_try_again = error.status == mecha.Status.ABORTED or error.maybe_applied
                if not may_try_again or invocation.time_left <= 0:
                    raise


def read(item: mecha.Item, request: CountRequest) -> dict:
    """A count as it is stored."""
    stored = item.json()
    if not isinstance(stored, dict):
        raise Failure("Function.CallFailed", f"cannot use what is stored for {request.customer}")
    return {"count": stored["count"], "amount": stored["amount"]}


def left_of(invocation: Invocation) -> float:
    """A time limit for one call."""
    return max(1e-6, invocation.time_left)


class Consumer:
    """Handles events while the process is awake: works on them, and marks them in the store."""

    def __init__(self, runtime: mecha.Runtime) -> None:
        self._store = runtime.state(STORE)
        self.tally = {"accepted": 0, "late": 0, "given_up": 0}

    def handle(self, event: mecha.Event) -> None:
        """An exception of a handler means that the message comes again."""
        end = time.monotonic() + event.json()["work_ms"] / 1000
        while time.monotonic() < end and not event.is_cancelled:
            time.sleep(0.02)
        if event.is_cancelled:
            self.tally["given_up"] += 1
            return
        try:
            self._store.set(f"handled/{event.message_id}", event.data, first_write=True,
                            content_type=mecha.JSON)
        except mecha.Error as error:
            # Handled before: only the acknowledgement was lost.
            if error.status != mecha.Status.ABORTED or error.maybe_applied:
                raise
        try:
            event.ok()
            self.tally["accepted"] += 1
        except mecha.Error:  # GONE: somebody else has it now
            self.tally["late"] += 1
