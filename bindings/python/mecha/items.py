# SPDX-License-Identifier: Apache-2.0
"""What operations return: items, pages, and what was published."""
from __future__ import annotations

import datetime
import json
from typing import Any, Generic, NamedTuple, Optional, TypeVar

from . import _mecha
from .errors import Error, Status

T = TypeVar("T")


class Item(_mecha.Item):
    """One value with what is known of it. `bytes(item)` and `memoryview(item)` work, the latter
    without a copy. Of an item that failed, reading the value raises why."""

    __slots__ = ()

    def json(self) -> Any:
        """The value, read as JSON."""
        return json.loads(self.value)

    def text(self) -> str:
        """The value, read as UTF-8."""
        return self.value.decode()

    @property
    def status(self) -> Status:
        """How this item ended."""
        return Status.of(self.status_code)

    @property
    def expires(self) -> Optional[datetime.datetime]:
        """When it expires; None: never, or the store cannot tell."""
        if self.expires_unix_ms == 0:
            return None
        return datetime.datetime.fromtimestamp(self.expires_unix_ms / 1000, datetime.timezone.utc)

    def __repr__(self) -> str:
        return f"<mecha.Item {self.key!r} {self.status.name} etag={self.etag!r}>"


class Page(NamedTuple, Generic[T]):
    """One page of a list or a query. No items does not mean that it is the last."""
    items: list[T]
    next: Optional[str]
    """Give it as `page` to read on; None on the last page."""


class Published(NamedTuple):
    """What became of one published message."""
    message_id: str
    broker_id: str
    """The broker's own id for it; empty where it has none."""
    error: Optional[Error]
    """Why it was not published; None: it was."""


def published_of(item: Item) -> Published:
    """What publishing one message returned."""
    return Published(item.key, item.etag, item.error)
