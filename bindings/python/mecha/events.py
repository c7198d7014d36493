# SPDX-License-Identifier: Apache-2.0
"""What comes in: events with their messages, and the verdicts that answer them."""
from __future__ import annotations

import contextvars
import datetime
import enum
import functools
import json
import logging
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Optional, Union, cast

from . import _mecha, context, errors
from .items import Item
from .options import Seconds, nanoseconds

_log = logging.getLogger("mecha")


class Verdict(enum.IntEnum):
    """What is to become of a message."""
    OK = _mecha.VERDICT_OK
    RETRY = _mecha.VERDICT_RETRY
    DROP = _mecha.VERDICT_DROP
    ERROR = _mecha.VERDICT_ERROR


class RetryMessage(Exception):
    """Raised in a handler: give the message to somebody again, after a pause."""

    def __init__(self, after: Seconds = 0) -> None:
        nanoseconds(after, "after")  # a wrong one is the handler's mistake, told there
        super().__init__("the message is to be tried again")
        self.after = after


class DropMessage(Exception):
    """Raised in a handler: never again; the message goes to the dead-letter topic, if any."""


class Described:
    """What a message says of itself: the face that MessageInfo and Event share."""

    _index = 0

    @property
    def _request(self) -> _mecha.Request:
        raise NotImplementedError

    @functools.cached_property
    def _info(self) -> tuple[Any, ...]:
        return self._request.read(self._index)

    @property
    def item(self) -> Item:
        """The body as an Item: bytes, or a memoryview without a copy."""
        return self._request.item_at(self._index)

    @property
    def data(self) -> bytes:
        """The body, copied."""
        return self.item.value

    @property
    def view(self) -> memoryview:
        """The body, without a copy."""
        return self.item.view

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.data)

    @property
    def kind(self) -> int:
        """Why it comes: from a topic (1), or to a path (2)."""
        return cast(int, self._info[0])

    @property
    def is_redelivered(self) -> bool:
        """Somebody had it before."""
        return bool(self._info[1] & _mecha.REQUEST_REDELIVERED)

    @property
    def is_last_attempt(self) -> bool:
        """RETRY sends it to the dead-letter topic."""
        return bool(self._info[1] & _mecha.REQUEST_LAST_ATTEMPT)

    @property
    def is_batch(self) -> bool:
        """Each part of the event is a message of its own."""
        return bool(self._info[1] & _mecha.REQUEST_BATCH)

    @property
    def is_raw(self) -> bool:
        """The body is what the broker holds: no envelope."""
        return bool(self._info[1] & _mecha.REQUEST_RAW)

    @property
    def attempt(self) -> int:
        """How often it was handed out, this time included."""
        return cast(int, self._info[2])

    @property
    def remaining(self) -> float:
        """Seconds until the reply timeout, when it was taken."""
        return float(self._info[3] / 1e9)

    @property
    def lease(self) -> float:
        """For how many seconds the broker waits without a renewal; 0: for ever."""
        return float(self._info[4] / 1e9)

    @property
    def enqueued(self) -> Optional[datetime.datetime]:
        """When the broker took it; None: it does not tell."""
        if self._info[5] == 0:
            return None
        return datetime.datetime.fromtimestamp(self._info[5] / 1000, datetime.timezone.utc)

    @property
    def component(self) -> str:
        """The pubsub component it came by."""
        return cast(str, self._info[6])

    @property
    def topic(self) -> str:
        """Its topic."""
        return cast(str, self._info[7])

    @property
    def path(self) -> str:
        """The route that was matched; without rules, the topic."""
        return cast(str, self._info[8])

    @property
    def message_id(self) -> str:
        """Its id: the same each time it comes."""
        return cast(str, self._info[9])

    @property
    def ordering_key(self) -> str:
        """Messages of one key stay in order, where the broker can; empty: none."""
        return cast(str, self._info[10])

    @property
    def content_type(self) -> str:
        """The content type of the body."""
        return cast(str, self._info[11])

    @property
    def traceparent(self) -> Optional[str]:
        """The trace it belongs to."""
        return cast(Optional[str], self._info[12])

    @property
    def tracestate(self) -> Optional[str]:
        """The trace's state."""
        return cast(Optional[str], self._info[13])

    @property
    def subscription(self) -> Optional[str]:
        """The name of the document that subscribes; None for a topic."""
        return cast(Optional[str], self._info[14])

    @property
    def metadata(self) -> list[tuple[str, bytes]]:
        """The envelope's attributes as `cloudevent.<name>`, then what the broker carried."""
        return self._request.metadata_of(self._index)

    def find(self, name: str) -> Optional[bytes]:
        """The first metadata entry of that name, as "cloudevent.type"; None: there is none."""
        return next((value for key, value in self.metadata if key == name), None)


class MessageInfo(Described):
    """One message of an event. It can be read after the answer, too."""

    def __init__(self, request: _mecha.Request, index: int) -> None:
        self._owner = request
        self._index = index
        request.read(index)  # IndexError when there is none

    @property
    def _request(self) -> _mecha.Request:
        return self._owner


class Event(_mecha.Request, Described):
    """One request: a message, or a batch of them, and its answer.

    As a context manager (`with` or `async with`) it answers by itself: OK at the end of the block,
    RETRY when the block raises. Exceptions are logged and end there, so that a loop over events
    goes on; cancellation and the like pass through. An event that is forgotten has answered RETRY.
    """

    _token: Optional[contextvars.Token[Optional[_mecha.Scope]]] = None

    @property
    def _request(self) -> _mecha.Request:
        return self

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> MessageInfo:
        if index < 0:
            index += self.count
        if not 0 <= index < self.count:
            raise IndexError("there is no such message in the event")
        return MessageInfo(self, index)

    def __iter__(self) -> Iterator[MessageInfo]:
        return (MessageInfo(self, index) for index in range(self.count))

    def __bool__(self) -> bool:
        return True

    @property
    def is_cancelled(self) -> bool:
        """True when it was taken back, its lease lost or its time over: stop working on it."""
        return self.check() != errors.Status.OK and not self.is_answered

    def ok(self) -> None:
        """Answers: handled. Gone: too late, the message may come again."""
        self.reply(Verdict.OK)

    def retry(self, after: Seconds = 0) -> None:
        """Answers: give it to somebody again, after so many seconds; 0: as the policy says."""
        self.reply(Verdict.RETRY, after)

    def drop(self) -> None:
        """Answers: never again; to the dead-letter topic, if there is one."""
        self.reply(Verdict.DROP)

    def reply(self, verdict: Verdict, retry_after: Seconds = 0) -> None:
        """Answers all of it, once."""
        self._check_answer(self.answer(int(verdict), nanoseconds(retry_after, "after"), None))

    def reply_each(self, verdicts: Iterable[Union[Verdict, tuple[Verdict, Seconds], None]]) -> None:
        """Answers a batch message by message: a verdict, or RETRY with its pause, or None to leave
        one out. What is left out is RETRY."""
        entries = []
        for index, each in enumerate(verdicts):
            if each is not None:
                verdict, after = each if isinstance(each, tuple) else (each, 0)
                entries.append((index, int(verdict), nanoseconds(after, "after")))
        self._check_answer(self.answer(int(Verdict.RETRY), 0, entries))

    def _check_answer(self, status: int) -> None:
        if status == errors.Status.GONE:
            raise errors.make_error(status, "the event is not open any more: answered, taken back, "
                                    "or too late", 0, None)
        if status != errors.Status.OK:
            raise errors.make_error(status, "the event does not take this answer", 0, None)

    # As a context manager.

    def __enter__(self) -> Event:
        # `within` keeps the operation with the event, but does not carry its trace on.
        self._token = context.current.set(_mecha.Scope(self, self.traceparent, self.tracestate))
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> bool:
        if self._token is not None:
            context.current.reset(self._token)
            self._token = None
        if not self.is_answered:
            self._answer_for(error)
        elif error is not None and isinstance(error, Exception):
            _log.error("a handler of %s raised after its answer", self._name, exc_info=error)
        return isinstance(error, Exception)

    async def __aenter__(self) -> Event:
        return self.__enter__()

    async def __aexit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> bool:
        return self.__exit__(kind, error, trace)

    @property
    def _name(self) -> str:
        return f"{self.component} {self.topic} {self.message_id}"

    def _answer_for(self, error: Optional[BaseException]) -> None:
        verdict, after = Verdict.OK, 0
        if isinstance(error, RetryMessage):
            verdict, after = Verdict.RETRY, nanoseconds(error.after, "after")
        elif isinstance(error, DropMessage):
            verdict = Verdict.DROP
        elif error is not None:
            verdict = Verdict.RETRY
            if isinstance(error, Exception):
                _log.error("a handler of %s raised; the message is tried again", self._name,
                           exc_info=error)
        status = self.answer(int(verdict), after, None)
        if status == errors.Status.GONE:
            _log.warning("the answer to %s came too late; it may come again", self._name)
