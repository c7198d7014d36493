# SPDX-License-Identifier: Apache-2.0
"""How operations are run: the options that calls take as keywords."""
from __future__ import annotations

import dataclasses
import datetime
import enum
import math
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Optional, TypedDict, Union

from . import _mecha

if TYPE_CHECKING:
    from .events import Event

Seconds = Union[float, datetime.timedelta]
"""A length of time."""
Metadata = Union[Mapping[str, Union[str, bytes]], Iterable[tuple[str, Union[str, bytes]]]]
"""Keys and values, in order; as pairs a key may stand several times."""
Buffer = Union[bytes, bytearray, memoryview, str]
"""What can be stored or published; text is stored as UTF-8."""

JSON = "application/json"
"""The content type of values stored as JSON; they must be JSON."""
NEVER_EXPIRES = math.inf
"""A time to live that never ends, also where the component has a default."""


class Consistency(enum.IntEnum):
    """How fresh a read must be, and how widely a write must have spread."""
    DEFAULT = _mecha.STATE_CONSISTENCY_DEFAULT
    EVENTUAL = _mecha.STATE_EVENTUAL
    STRONG = _mecha.STATE_STRONG


class RetryPattern(enum.IntEnum):
    """How the pauses between tries grow."""
    CONSTANT = _mecha.RETRY_CONSTANT
    LINEAR = _mecha.RETRY_LINEAR
    EXPONENTIAL = _mecha.RETRY_EXPONENTIAL


@dataclasses.dataclass(frozen=True)
class RetryPolicy:
    """When to try a failed operation again. Only what surely changed nothing is tried again, unless
    the operation is idempotent. A negative limit: until the deadline."""
    limit: int = 3
    pattern: RetryPattern = RetryPattern.CONSTANT
    interval: Seconds = 0.1
    max_interval: Seconds = 10.0


class CallOptions(TypedDict, total=False):
    """How to run one operation.

    timeout          for all tries together; None: no limit. Default: the runtime's, 60 s
    metadata         for the component
    idempotent       doing it twice is harmless: ambiguous failures are tried again
    idempotency_key  names the operation to a peer that remembers it
    retry            instead of the resource's policy
    within           on behalf of this event; inside a handler that is set by itself
    traceparent, tracestate, baggage
                     the trace it belongs to; inside `mecha.trace` that is set by itself
    inline           asyncio: may be done at once, without a turn of the event loop, where it needs
                     no waiting. Default: True
    """
    timeout: Optional[Seconds]
    metadata: Metadata
    idempotent: bool
    idempotency_key: str
    retry: Optional[RetryPolicy]
    within: Optional[Event]
    traceparent: str
    tracestate: str
    baggage: str
    inline: bool


class GetOptions(CallOptions, total=False):
    """How to read."""
    consistency: Consistency


class DeleteOptions(CallOptions, total=False):
    """How to delete. With `first_write` the etag, if given, must match."""
    etag: Optional[str]
    first_write: bool
    consistency: Consistency


class SetOptions(CallOptions, total=False):
    """How to set. With `first_write` an etag must match; without an etag the key must be absent."""
    etag: Optional[str]
    first_write: bool
    content_type: Optional[str]
    ttl: Optional[Seconds]
    consistency: Consistency


class ApplyOptions(CallOptions, total=False):
    """How to apply several writes: as one transaction, unless `atomic` is False."""
    atomic: bool
    consistency: Consistency


class PageOptions(CallOptions, total=False):
    """Which page of a list or a query to read."""
    limit: int
    page: Optional[str]


class RuntimeOptions(TypedDict, total=False):
    """What a runtime is made of.

    namespace        its namespace
    resources        a file or folder of YAML, or several
    resource_texts   documents as text, read after those
    settings         by name: docs/settings.md
    use_environment  read NAMESPACE, POD_NAME, DAPR_ENV_KEYS and what envRef names
    host_threads     start no thread: this program lends its own with `run_once`
    logs             hand what the library has to say to `logging`. Default: True
    max_inflight     asyncio: how many operations of one event loop may be under way; others wait
                     for their turn. Default: 65536
    """
    namespace: Optional[str]
    resources: Union[str, os.PathLike[str], Iterable[Union[str, os.PathLike[str]]]]
    resource_texts: Union[str, Iterable[str]]
    settings: Mapping[str, str]
    use_environment: bool
    host_threads: bool
    logs: bool
    max_inflight: int


class Ordering(enum.IntEnum):
    """Which events of one subscription may be open side by side."""
    NONE = _mecha.ORDER_NONE
    PER_KEY = _mecha.ORDER_PER_KEY
    SERIAL = _mecha.ORDER_SERIAL


class ServeOptions(TypedDict, total=False):
    """How to receive.

    credit           how many events may be open, not answered yet. Default: 64
    paused           begin without credit
    ordering         which events may be open side by side
    batch            events hold several messages, up to `batch_max` (default 100), collected for
                     up to `batch_wait` seconds (default 1; 0: not at all)
    reply_timeout    an event without an answer by then is tried again. Default: 60 s
    settings         the subscription's metadata: docs/routing.md
    """
    credit: int
    paused: bool
    ordering: Ordering
    batch: bool
    batch_max: int
    batch_wait: Seconds
    reply_timeout: Seconds
    settings: Metadata


def seconds(value: Seconds, name: str = "timeout") -> float:
    """`value` as a number of seconds. `name` is the argument's, for the error."""
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be seconds or a timedelta, not {type(value)}")
    return float(value)


def nanoseconds(value: Seconds, name: str = "timeout") -> int:
    """`value` in nanoseconds; infinity is the longest there is."""
    length = seconds(value, name)
    if not length >= 0:
        raise ValueError(f"{name} must not be negative")
    return int(min(length * 1e9, 9.2e18))


def whole(value: int, name: str) -> int:
    """`value`, an int of 32 bits without a sign."""
    if not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value)}")
    if not 0 <= value < 2**32:
        raise ValueError(f"{name} must be from 0 to {2**32 - 1}, not {value}")
    return value


def ttl_milliseconds(ttl: Optional[Seconds]) -> int:
    """A time to live as the library takes it: 0 the default, -1 never."""
    if ttl is None:
        return 0
    length = seconds(ttl, "ttl")
    if not length > 0:
        raise ValueError("ttl must be above zero; None is the component's default")
    return -1 if math.isinf(length) else math.ceil(length * 1000)
