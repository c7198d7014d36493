# SPDX-License-Identifier: Apache-2.0
"""State: keys and values in one store that the resources name; calls block."""
from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any, Optional, Union, Unpack

from . import _mecha
from .errors import Aborted
from .items import Item, Page
from .messages import Write, to_json
from .options import JSON, ApplyOptions, GetOptions, PageOptions, SetOptions
from .update import DELETE, Change, Race, Removal, UpdateOptions, check_change

Query = Union[str, dict[str, Any]]
"""A query as JSON text or as what becomes it: docs/query.md."""


def query_text(query: Query) -> str:
    """A query as JSON text."""
    if isinstance(query, str):
        return query
    if not isinstance(query, dict):
        raise TypeError(f"a query must be a dict or JSON text, not {type(query)}")
    return json.dumps(query)


class State(_mecha.State):
    """One state store. Methods may be called from any thread, several at once.

    get(key, **GetOptions)              the Item, or None for an absent key
    get_many(keys, **GetOptions)        one Item, or None, per key and in that order
    set(key, value, **SetOptions)       writes; returns the new etag
    delete(key, **DeleteOptions)        deletes; an absent key is no error
    """

    def get_json(self, key: str, default: Any = None, **options: Unpack[GetOptions]) -> Any:
        """The value of `key`, read as JSON; `default` when it is absent."""
        item = self.get(key, **options)
        return default if item is None else item.json()

    def set_json(self, key: str, value: Any, **options: Unpack[SetOptions]) -> str:
        """Writes `value` as JSON; returns the new etag."""
        options.setdefault("content_type", JSON)
        return self.set(key, to_json(value), **options)

    def update(self, key: str, change: Change, **options: Unpack[UpdateOptions]) -> Optional[str]:
        """Writes what `change` makes of the value, over no other version than the one it was given;
        asks again when others were faster. Returns the new etag, None when nothing was written."""
        check_change(change, may_wait=False)
        race = Race(key, options)
        while True:
            item = self.get(key, **race.call())
            wanted = change(None if item is None else item.value)
            if wanted is None or (wanted is DELETE and item is None):
                return None
            try:
                if isinstance(wanted, Removal):
                    self.delete(key, **race.condition(item), **race.call())
                    return None
                return self.set(key, wanted, **race.condition(item), **race.set_options,
                                **race.call())
            except Aborted as lost:
                if lost.maybe_applied:
                    raise
                time.sleep(race.pause(lost))

    def apply(self, writes: Iterable[Write],  # type: ignore[override]
              **options: Unpack[ApplyOptions]) -> list[Item]:
        """Applies several writes, as one transaction unless atomic=False. One Item per write with
        its etag, or its error where independent writes failed. When a transaction fails with
        Aborted nothing was written, and the error's items tell which write was at fault."""
        return super().apply(writes, **options)

    def list(self, prefix: str = "", **options: Unpack[PageOptions]) -> Page[str]:
        """One page of the keys that start with `prefix`, in no promised order."""
        return Page(*super().list(prefix, **options))

    def keys(self, prefix: str = "", **options: Unpack[PageOptions]) -> Iterator[str]:
        """All keys that start with `prefix`, page by page."""
        while True:
            found = self.list(prefix, **options)
            yield from found.items
            if found.next is None:
                return
            options["page"] = found.next

    def query(self, query: Query, **options: Unpack[PageOptions]) -> Page[Item]:
        """One page of the values that a query finds."""
        return Page(*super().query(query_text(query), **options))
