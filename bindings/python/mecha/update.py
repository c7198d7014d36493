# SPDX-License-Identifier: Apache-2.0
"""Read, change, write back over the version that was read: what State.update is made of."""
from __future__ import annotations

import enum
import inspect
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Optional, TypedDict, Union

from .errors import DeadlineExceeded, Status, make_error
from .items import Item
from .options import Buffer, Seconds, seconds

_FIRST_PAUSE = 0.0001
_LONGEST_PAUSE = 0.1


class Removal(enum.Enum):
    """What a change returns to delete the key."""
    DELETE = "delete"


DELETE: Final = Removal.DELETE
Wanted = Union[Buffer, Removal, None]
Change = Callable[[Optional[bytes]], Wanted]
"""From a key's value, None for an absent one, to the new one; None keeps it, DELETE deletes it. It
may be called several times."""
AsyncChange = Callable[[Optional[bytes]], Union[Wanted, Awaitable[Wanted]]]
"""The same as a coroutine function or a plain one."""


def check_change(change: Callable[..., Any], may_wait: bool) -> None:
    """Refuses what no update can call."""
    if not callable(change):
        raise TypeError(f"change must be a function, not {type(change)}")
    if not may_wait and inspect.iscoroutinefunction(change):
        raise TypeError(f"change must be a function, and {change!r} is a coroutine function: the "
                        "update of an AsyncRuntime awaits those")


class UpdateOptions(TypedDict, total=False):
    """How an update writes, and for how long it tries. Default: 60 s; None: for ever."""
    content_type: Optional[str]
    ttl: Optional[Seconds]
    timeout: Optional[Seconds]


class Race:
    """One update that others may disturb: its time, its pauses, its write."""

    def __init__(self, key: str, options: UpdateOptions) -> None:
        given: dict[str, Any] = dict(options)
        timeout = given.pop("timeout", 60.0)
        self._key = key
        self._end = None if timeout is None else time.monotonic() + seconds(timeout)
        self._ceiling = _FIRST_PAUSE
        self.set_options: dict[str, Any] = given

    def call(self) -> dict[str, Any]:
        """The options of one call: what is left of the time."""
        return {"timeout": None if self._end is None else max(self._end - time.monotonic(), 0)}

    def condition(self, item: Optional[Item]) -> dict[str, Any]:
        """Only over the version that was read."""
        return {"first_write": True, "etag": None if item is None else item.etag}

    def pause(self, cause: Exception) -> float:
        """How long to wait after a lost race."""
        length = random.uniform(0, self._ceiling)
        self._ceiling = min(self._ceiling * 2, _LONGEST_PAUSE)
        if self._end is not None and time.monotonic() + length >= self._end:
            error = make_error(Status.DEADLINE_EXCEEDED, f'update "{self._key}": others kept '
                               "changing the key until the deadline; not written", 1, None)
            assert isinstance(error, DeadlineExceeded)
            raise error from cause
        return length
