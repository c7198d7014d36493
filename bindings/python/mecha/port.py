# SPDX-License-Identifier: Apache-2.0
"""Where operations and an event loop meet: one queue per loop, watched by the loop."""
from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Optional

from . import _mecha, errors, logs
from .options import RuntimeOptions, seconds

_MOST_EVENTS = 256
_DEFAULT_TIMEOUT = 60.0


class Port:
    """The queue of one event loop. Used on that loop's thread only."""

    def __init__(self, handle: _mecha.Runtime, loop: asyncio.AbstractEventLoop,
                 wants_logs: bool, max_inflight: int) -> None:
        self.loop = loop
        self.queue = _mecha.Queue(handle, loop.create_future, wants_logs, max_inflight)
        self._waiting_for_room: list[asyncio.Future[None]] = []
        loop.add_reader(self.queue.fileno(), self._on_events)

    def _on_events(self) -> None:
        try:
            for severity, component, text in self.queue.poll(_MOST_EVENTS):
                logs.write(severity, component, text)
        except errors.Error:  # closed
            self.close()
        waiting, self._waiting_for_room = self._waiting_for_room, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def outcome(self, pending: Any) -> Any:
        """What an operation ends with, which may be there at once. When this task is cancelled,
        the operation is, too."""
        if not isinstance(pending, asyncio.Future):
            return pending
        try:
            return await pending
        except asyncio.CancelledError:
            self.queue.cancel(pending)
            raise

    async def retry(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Runs an operation for which the queue had no room, as soon as it has."""
        timeout = options.get("timeout", _DEFAULT_TIMEOUT)
        async with asyncio.timeout(None if timeout is None else seconds(timeout)):
            while True:
                room = self.loop.create_future()
                self._waiting_for_room.append(room)
                await room
                try:
                    pending = method(*arguments, **options)
                except errors.Busy:
                    continue
                return await self.outcome(pending)

    def close(self) -> None:
        """Cancels its operations; those who wait for one get Closed."""
        if not self.loop.is_closed():
            self.loop.remove_reader(self.queue.fileno())
        self.queue.close()
        for future in self.queue.unresolved():
            if not future.done() and not self.loop.is_closed():
                future.set_exception(errors.make_error(errors.Status.CLOSED, "CLOSED", 0, None))


class Ports:
    """The port of the running loop; a new one for each new loop."""

    def __init__(self, handle: _mecha.Runtime, options: RuntimeOptions) -> None:
        self.handle = handle
        self._wants_logs = options.get("logs", True)
        self._max_inflight = options.get("max_inflight", 0)
        self._port: Optional[Port] = None
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._others: dict[asyncio.AbstractEventLoop, Port] = {}

    def current(self) -> Port:
        """The port of the loop that runs here."""
        loop = asyncio.get_running_loop()
        if loop is self._loop and self._port is not None:
            return self._port
        return self._switch(loop)

    def _switch(self, loop: asyncio.AbstractEventLoop) -> Port:
        for old, port in list(self._others.items()):
            if old.is_closed():
                port.close()
                del self._others[old]
        found = self._others.get(loop)
        if found is None:
            wants_logs = self._wants_logs and not self._others
            found = self._others[loop] = Port(self.handle, loop, wants_logs, self._max_inflight)
        self._loop, self._port = loop, found
        return found

    def close(self) -> None:
        """Closes all of them; the one of a loop that runs elsewhere loses its operations, too."""
        ports, self._others = list(self._others.values()), {}
        self._loop = self._port = None
        for port in ports:
            port.close()
