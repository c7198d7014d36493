# SPDX-License-Identifier: Apache-2.0
"""AsyncRuntime: the runtime for asyncio. Operations report to a queue whose descriptor the event
loop watches; there is no thread per call, and no callback on a foreign thread."""
from __future__ import annotations

import asyncio
import json
import threading
from types import TracebackType
from typing import Any, Literal, NoReturn, Optional, Unpack, cast

from . import _mecha
from .aio_components import AsyncPubSub, AsyncSecrets, AsyncState
from .aio_serving import AsyncServing
from .errors import Closed
from .options import CallOptions, RuntimeOptions, Seconds, nanoseconds
from .port import Ports
from .runtime import DRAIN, OpenRuntime
from .stores import Named


class AsyncRuntime(OpenRuntime):
    """One app id with its components, for asyncio. Opening reads and checks the resources;
    `async with`, or `start`, starts the components. An event loop that is closed may be followed
    by another one."""

    def __init__(self, app_id: Optional[str] = None, **options: Unpack[RuntimeOptions]) -> None:
        super().__init__(app_id, **options)
        self._ports = Ports(self._handle, options)
        ports = self._ports
        self._serving = AsyncServing(ports)
        self.state = Named(lambda name: AsyncState(ports, name))
        self.secrets = Named(lambda name: AsyncSecrets(ports, name))
        self.pubsub = Named(lambda name: AsyncPubSub(ports, name))
        self.topic = self._serving.topic
        self.spec = self._serving.spec
        self.route = self._serving.route
        self.subscribe = self._serving.subscribe
        self.subscribe_spec = self._serving.subscribe_spec

    async def start(self) -> None:
        """Starts every component; raises what keeps one from starting."""
        self._ports.current()
        await _on_thread(self._handle.start)

    async def start_serving(self) -> None:
        """Runs the handlers of `topic`, `spec` and `route` as tasks of this loop, as many at once
        as their credit allows; returns when they are live."""
        await self._serving.start()

    async def stop_serving(self, timeout: Seconds = DRAIN) -> list[dict[str, Any]]:
        """Ends the handlers' registrations when their events are answered. Returns a report each;
        DeadlineExceeded when some were not answered in time."""
        return await self._serving.stop(timeout)

    async def serve(self) -> None:
        """Runs the handlers until this task is cancelled, or until `stop_serving` or `shutdown`.
        Drains at the end."""
        await self._serving.run()

    async def suspend(self, timeout: Seconds = DRAIN, keep_connections: bool = False
                      ) -> dict[str, Any]:
        """Brings it to rest before a freeze, a snapshot or a fork: no thread, socket or file of it
        is left. Returns a report."""
        flags = _mecha.SUSPEND_KEEP_CONNECTIONS if keep_connections else 0
        report = await _on_thread(self._handle.suspend, nanoseconds(timeout), flags)
        return cast(dict[str, Any], json.loads(report))

    async def resume(self) -> None:
        """Takes up work again, with a new instance id and fresh connections."""
        await _on_thread(self._handle.resume)

    async def ping(self, component: str, **call: Unpack[CallOptions]) -> None:
        """Sends one real request to a component's back-end."""
        await _on_thread(lambda: self._handle.ping(component, **call))

    async def apply_resource(self, text: str, **call: Unpack[CallOptions]) -> None:
        """Adds documents of kind Subscription, or puts new versions in the place of old ones."""
        port = self._ports.current()
        await port.outcome(self._handle.resource_apply(port.queue, text, **call))

    async def delete_resource(self, kind: str, name: str, **call: Unpack[CallOptions]) -> None:
        """Takes a document away. A subscription ends in order."""
        port = self._ports.current()
        await port.outcome(self._handle.resource_delete(port.queue, kind, name, **call))

    async def shutdown(self, timeout: Seconds = DRAIN) -> Optional[dict[str, Any]]:
        """Refuses new calls, lets running ones and handlers end until the timeout, stops what is
        left. Returns a report; DeadlineExceeded when something had to be stopped. Again: None."""
        if not self._begin_shutdown():
            return None
        try:
            report = await _on_thread(self._handle.shutdown, nanoseconds(timeout))
        except Closed:
            return None
        finally:
            self._serving.end_all()
            self._ports.close()
        return cast(dict[str, Any], json.loads(report))

    close = aclose = shutdown

    def _let_go(self) -> None:
        self._ports.close()

    def __enter__(self) -> NoReturn:
        raise TypeError("AsyncRuntime is for `async with`; Runtime is the one for `with`")

    def __exit__(self, *_: object) -> None:
        """Only here so that `with` comes to __enter__, which tells what is wrong."""

    async def __aenter__(self) -> AsyncRuntime:
        try:
            await self.start()
        except BaseException:
            await self.shutdown(0)
            raise
        return self

    async def __aexit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> Literal[False]:
        await self.shutdown(DRAIN if error is None or isinstance(error, Exception) else 1.0)
        return False


async def _on_thread(function: Any, *arguments: Any) -> Any:
    """Runs what blocks on a thread of its own, which nothing waits for at the program's end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(outcome: Any, error: Optional[BaseException]) -> None:
        if done.done():
            return  # cancelled
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(outcome)

    def run() -> None:
        outcome, problem = None, None
        try:
            outcome = function(*arguments)
        except BaseException as error:  # pylint: disable=broad-except
            problem = error
        try:
            loop.call_soon_threadsafe(settle, outcome, problem)
        except RuntimeError:
            pass  # the loop is closed

    threading.Thread(target=run, name="mecha-life-cycle", daemon=True).start()
    return await done
