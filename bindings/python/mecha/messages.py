# SPDX-License-Identifier: Apache-2.0
"""What goes out: writes of a state store and messages of a broker, as the C side takes them."""
from __future__ import annotations

import json
from typing import Any, NamedTuple, Optional

from .options import JSON, Buffer, Metadata, Seconds, ttl_milliseconds


class Write(NamedTuple):
    """One write of State.apply. Make it with Write.set, Write.set_json or Write.delete."""
    key: str
    value: Optional[Buffer]
    etag: Optional[str] = None
    first_write: bool = False
    content_type: Optional[str] = None
    ttl_ms: int = 0
    metadata: Optional[Metadata] = None

    @classmethod
    def set(cls, key: str, value: Buffer, ttl: Optional[Seconds] = None, **fields: Any) -> Write:
        """Sets `key`. `fields`: etag, first_write, content_type, metadata."""
        if value is None:
            raise TypeError("value must be bytes or text, not None; Write.delete deletes")
        return cls(key, value, ttl_ms=ttl_milliseconds(ttl), **fields)

    @classmethod
    def set_json(cls, key: str, value: Any, **fields: Any) -> Write:
        """Sets `key` to `value` as JSON."""
        return cls.set(key, to_json(value), content_type=JSON, **fields)

    @classmethod
    def delete(cls, key: str, etag: Optional[str] = None, first_write: bool = False) -> Write:
        """Deletes `key`; with first_write only the version of that etag."""
        return cls(key, None, etag, first_write)


class Message(NamedTuple):
    """One message to publish. Make it with Message.of or Message.json."""
    data: Optional[Buffer]
    content_type: Optional[str] = None
    id: Optional[str] = None
    key: Optional[str] = None
    ttl_ms: int = 0
    raw: bool = False
    metadata: Optional[Metadata] = None

    @classmethod
    def of(cls, data: Optional[Buffer], ttl: Optional[Seconds] = None, **fields: Any) -> Message:
        """`fields`: content_type (default text/plain), id, key (messages of one key stay in order,
        where the broker can), raw (no envelope), metadata. Data None: an event without data."""
        return cls(data, ttl_ms=ttl_milliseconds(ttl), **fields)

    @classmethod
    def json(cls, data: Any, ttl: Optional[Seconds] = None, **fields: Any) -> Message:
        """A message whose body is `data` as JSON."""
        return cls.of(to_json(data), ttl, content_type=JSON, **fields)


def to_json(value: Any) -> bytes:
    """`value` as compact JSON in UTF-8; NaN and infinity are refused."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
