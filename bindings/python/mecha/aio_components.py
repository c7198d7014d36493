# SPDX-License-Identifier: Apache-2.0
"""State, Secrets and PubSub for asyncio: the same verbs as coroutines."""
from __future__ import annotations

import asyncio
from asyncio import CancelledError, Future, get_running_loop
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Any, Optional, Unpack, cast

from . import _mecha
from .components import message_of, split_options
from .errors import Aborted, Busy
from .items import Item, Page, Published, published_of
from .messages import Message, Write, to_json
from .options import (JSON, ApplyOptions, Buffer, CallOptions, DeleteOptions, GetOptions,
                      PageOptions, SetOptions)
from .port import Ports
from .state import Query, query_text
from .update import DELETE, AsyncChange, Race, Removal, UpdateOptions, check_change


class AsyncComponent:
    """A component by name. Methods may be called from any task of any event loop."""

    _kind: type[Any]

    def __init__(self, ports: Ports, name: str) -> None:
        self._ports = ports
        self.name = name
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._port: Any = None
        self._native: Any = None

    def _bind(self) -> None:
        """The C side's component reports to the port of the loop that runs here."""
        port = self._ports.current()
        if port is not self._port:
            self._native = self._kind(self._ports.handle, port.queue, self.name)
            self._port, self._loop = port, port.loop

    async def _run(self, verb: str, *arguments: Any, **options: Any) -> Any:
        self._bind()
        port, method = self._port, getattr(self._native, verb)
        try:
            pending = method(*arguments, **options)
        except Busy:
            return await port.retry(method, *arguments, **options)
        return await port.outcome(pending)


class AsyncState(AsyncComponent):
    """One state store; see State, whose methods these are."""

    _kind = _mecha.State

    async def get(self, key: str, **options: Unpack[GetOptions]) -> Optional[Item]:
        """The Item, or None for an absent key."""
        if get_running_loop() is not self._loop:
            self._bind()
        port, method = self._port, self._native.get
        outcome: Optional[Item]
        try:  # as _run, written out: this is what is called most
            pending = method(key, **options)
            if not isinstance(pending, Future):
                outcome = pending
                return outcome
            outcome = await pending
            return outcome
        except Busy:
            outcome = await port.retry(method, key, **options)
            return outcome
        except CancelledError:
            port.queue.cancel(pending)
            raise

    async def get_many(self, keys: Iterable[str], **options: Unpack[GetOptions]
                       ) -> list[Optional[Item]]:
        """One Item, or None, per key and in that order."""
        return cast(list[Optional[Item]], await self._run("get_many", keys, **options))

    async def set(self, key: str, value: Buffer, **options: Unpack[SetOptions]) -> str:
        """Writes; returns the new etag."""
        return cast(str, await self._run("set", key, value, **options))

    async def delete(self, key: str, **options: Unpack[DeleteOptions]) -> None:
        """Deletes; an absent key is no error."""
        await self._run("delete", key, **options)

    async def get_json(self, key: str, default: Any = None, **options: Unpack[GetOptions]) -> Any:
        """The value of `key`, read as JSON; `default` when it is absent."""
        item = await self.get(key, **options)
        return default if item is None else item.json()

    async def set_json(self, key: str, value: Any, **options: Unpack[SetOptions]) -> str:
        """Writes `value` as JSON; returns the new etag."""
        options.setdefault("content_type", JSON)
        return await self.set(key, to_json(value), **options)

    async def update(self, key: str, change: AsyncChange, **options: Unpack[UpdateOptions]
                     ) -> Optional[str]:
        """Writes what `change`, a function or a coroutine function, makes of the value; see
        State.update."""
        check_change(change, may_wait=True)
        race = Race(key, options)
        while True:
            item = await self.get(key, **race.call())
            given = change(None if item is None else item.value)
            wanted = await given if isinstance(given, Awaitable) else given
            if wanted is None or (wanted is DELETE and item is None):
                return None
            try:
                if isinstance(wanted, Removal):
                    await self.delete(key, **race.condition(item), **race.call())
                    return None
                return await self.set(key, wanted, **race.condition(item), **race.set_options,
                                      **race.call())
            except Aborted as lost:
                if lost.maybe_applied:
                    raise
                await asyncio.sleep(race.pause(lost))

    async def apply(self, writes: Iterable[Write], **options: Unpack[ApplyOptions]) -> list[Item]:
        """Applies several writes, as one transaction unless atomic=False."""
        return cast(list[Item], await self._run("apply", writes, **options))

    async def list(self, prefix: str = "", **options: Unpack[PageOptions]) -> Page[str]:
        """One page of the keys that start with `prefix`."""
        return Page(*await self._run("list", prefix, **options))

    async def keys(self, prefix: str = "", **options: Unpack[PageOptions]) -> AsyncIterator[str]:
        """All keys that start with `prefix`, page by page."""
        while True:
            found = await self.list(prefix, **options)
            for key in found.items:
                yield key
            if found.next is None:
                return
            options["page"] = found.next

    async def query(self, query: Query, **options: Unpack[PageOptions]) -> Page[Item]:
        """One page of the values that a query finds."""
        return Page(*await self._run("query", query_text(query), **options))


class AsyncSecrets(AsyncComponent):
    """One secret store; see Secrets, whose methods these are."""

    _kind = _mecha.Secrets

    async def get(self, name: str, **call: Unpack[CallOptions]) -> Optional[dict[str, str]]:
        """The secret's keys and values, or None for an absent secret."""
        return cast(Optional[dict[str, str]], await self._run("get", name, **call))

    async def list(self, **call: Unpack[CallOptions]) -> dict[str, dict[str, str]]:
        """Every secret this application may see, by name."""
        return cast(dict[str, dict[str, str]], await self._run("list", **call))


class AsyncPubSub(AsyncComponent):
    """One pubsub component; see PubSub, whose methods these are."""

    _kind = _mecha.PubSub

    async def publish(self, topic: str, data: Buffer | Message | None, **options: Any) -> Published:
        """Publishes one message; returns when the broker has it."""
        message = message_of(data, options)
        items = await self._run("publish_all", topic, (message,), **options)
        return published_of(items[0])

    async def publish_json(self, topic: str, data: Any, **options: Any) -> Published:
        """Publishes `data` as JSON."""
        return await self.publish(topic, Message.json(data, **split_options(options)), **options)

    async def publish_many(self, topic: str, messages: Iterable[Message],
                           **call: Unpack[CallOptions]) -> list[Published]:
        """Publishes several, each of which succeeds or fails by itself."""
        items = await self._run("publish_all", topic, messages, **call)
        return [published_of(item) for item in items]
