# SPDX-License-Identifier: Apache-2.0
"""Inbound work of asyncio: subscriptions to loop over, and handlers as tasks."""
from __future__ import annotations

import asyncio
import collections
import json
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Literal, NoReturn, Optional, TypeVar, Union, Unpack, cast

from . import _mecha
from .errors import Closed, Error
from .events import Event, Verdict
from .options import Seconds, ServeOptions, whole
from .port import Ports
from .serving import Offer

AsyncHandler = Callable[[Event], Awaitable[Optional[Verdict]]]
H = TypeVar("H", bound=Callable[[Event], Awaitable[Any]])


class AsyncSubscription:
    """Events of one registration: `async for event in subscription`. It becomes live at the first
    turn, or with `async with`. It ends with `close`, with its block, or with the runtime."""

    def __init__(self, ports: Ports, offer: Offer) -> None:
        self._ports = ports
        self._offer = offer
        self._queue: Optional[_mecha.Queue] = None
        self._registration: Optional[_mecha.Registration] = None
        self._is_closed = False
        self._waiters: collections.deque[asyncio.Future[None]] = collections.deque()
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    async def start(self) -> AsyncSubscription:
        """Returns when it is live; raises when it is refused."""
        if self._registration is None and not self._is_closed:
            port = self._ports.current()
            self._loop = port.loop
            self._queue = _mecha.Queue(self._ports.handle)
            pending = self._offer.register(self._ports.handle, self._queue, port.queue, 0)
            self._registration = await port.outcome(pending)
        return self

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        await self.start()
        while not self._is_closed and self._queue is not None:
            try:
                events = self._queue.poll(1)
            except Closed:
                break
            if events:
                return cast(Event, events[0])
            await self._readable()
        raise StopAsyncIteration

    async def _readable(self) -> None:
        assert self._loop is not None and self._queue is not None
        waiter: asyncio.Future[None] = self._loop.create_future()
        if not self._waiters:
            self._loop.add_reader(self._queue.fileno(), self._wake)
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            if not self._waiters:
                self._loop.remove_reader(self._queue.fileno())

    def _wake(self) -> None:
        if self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)

    def let_go(self) -> None:
        """Ends loops over it, after the runtime has ended."""
        self._is_closed = True
        while self._waiters:
            self._wake()
        if self._queue is not None:
            self._queue.close()

    def set_credit(self, credit: int) -> None:
        """How many events may be open; 0 pauses."""
        if self._registration is None:
            raise RuntimeError("the subscription is not live yet")
        self._registration.set_credit(whole(credit, "credit"))

    async def close(self, timeout: Seconds = 30.0) -> Optional[dict[str, Any]]:
        """Ends it when its open events are answered. Returns a report; None when it was over."""
        if self._is_closed or self._registration is None:
            self.let_go()
            return None
        port = self._ports.current()
        try:
            pending = self._registration.stop(port.queue, timeout=timeout)
            return cast(dict[str, Any], json.loads(await port.outcome(pending)))
        except Closed:
            return None
        finally:
            self.let_go()

    aclose = close

    def __enter__(self) -> NoReturn:
        raise TypeError("a subscription of AsyncRuntime is for `async with`, not for `with`")

    def __exit__(self, *_: object) -> None:
        """Only here so that `with` comes to __enter__, which tells what is wrong."""

    async def __aenter__(self) -> AsyncSubscription:
        return await self.start()

    async def __aexit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> Literal[False]:
        await self.close(0.001 if error is not None else 30.0)
        return False


async def answer(handler: AsyncHandler, event: Event) -> None:
    """Runs a handler; what it returns, or raises, is the answer."""
    async with event:
        verdict = await handler(event)
        if verdict is not None and not event.is_answered:
            event.reply(Verdict(verdict))


class AsyncServing:
    """The handlers of a runtime, and its subscriptions."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._offers: dict[int, Offer] = {}
        self._handlers: dict[int, AsyncHandler] = {}
        self._registrations: dict[int, _mecha.Registration] = {}
        self._queue: Optional[_mecha.Queue] = None
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._over: Optional[asyncio.Event] = None
        self._subscriptions: weakref.WeakSet[AsyncSubscription] = weakref.WeakSet()

    # Decorators.

    def topic(self, component: str, *topics: str, **options: Unpack[ServeOptions]
              ) -> Callable[[H], H]:
        """Decorates a coroutine function that handles topics. It returns None or a Verdict; an
        exception is RETRY. As many of it run at once as `credit` allows."""
        return self._decorate(Offer.topics(component, topics, options))

    def spec(self, spec: Union[str, dict[str, Any]], **options: Unpack[ServeOptions]
             ) -> Callable[[H], H]:
        """Decorates a handler of what the spec of a v2alpha1 Subscription names."""
        return self._decorate(Offer.of_spec(spec, options))

    def route(self, *paths: str, **options: Unpack[ServeOptions]) -> Callable[[H], H]:
        """Decorates a handler of paths that declarative subscriptions name."""
        return self._decorate(Offer.paths(paths, options))

    def _decorate(self, offer: Offer) -> Callable[[H], H]:
        def decorate(handler: H) -> H:
            function: Callable[..., Any] = handler
            if not asyncio.iscoroutinefunction(function):
                raise TypeError(f"a handler must be a coroutine function, not {handler!r}")
            if self._queue is not None:
                raise RuntimeError("it serves already; decorate handlers before")
            token = len(self._offers) + 1
            self._offers[token] = offer
            self._handlers[token] = handler
            return handler
        return decorate

    # Loops.

    def subscribe(self, component: str, *topics: str, **options: Unpack[ServeOptions]
                  ) -> AsyncSubscription:
        """A subscription to topics, to loop over."""
        return self._keep(Offer.topics(component, topics, options))

    def subscribe_spec(self, spec: Union[str, dict[str, Any]], **options: Unpack[ServeOptions]
                       ) -> AsyncSubscription:
        """A subscription as the spec of a v2alpha1 Subscription says."""
        return self._keep(Offer.of_spec(spec, options))

    def _keep(self, offer: Offer) -> AsyncSubscription:
        subscription = AsyncSubscription(self._ports, offer)
        self._subscriptions.add(subscription)
        return subscription

    # Tasks.

    def _on_events(self) -> None:
        assert self._queue is not None and self._loop is not None
        try:
            events = self._queue.poll(256)
        except Error:
            self.end()
            return
        for event in events:
            handler = self._handlers.get(event.token)
            if handler is not None:
                task = self._loop.create_task(answer(handler, cast(Event, event)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def start(self) -> None:
        """Registers the handlers, which run as tasks of this loop; returns when they are live."""
        if self._queue is not None:
            raise RuntimeError("it serves already")
        port = self._ports.current()
        self._loop = port.loop
        self._over = asyncio.Event()
        self._queue = _mecha.Queue(self._ports.handle)
        self._loop.add_reader(self._queue.fileno(), self._on_events)
        try:
            for token, offer in self._offers.items():
                pending = offer.register(self._ports.handle, self._queue, port.queue, token)
                self._registrations[token] = await port.outcome(pending)
        except BaseException:
            self.end()
            raise

    async def stop(self, timeout: Seconds = 30.0) -> list[dict[str, Any]]:
        """Ends the handlers' registrations when their events are answered. Returns a report each;
        DeadlineExceeded when some were not answered in time."""
        port = self._ports.current()
        reports: list[dict[str, Any]] = []
        problem: Optional[Error] = None
        for registration in list(self._registrations.values()):
            try:
                pending = registration.stop(port.queue, timeout=timeout)
                reports.append(json.loads(await port.outcome(pending)))
            except Closed:
                pass
            except Error as error:
                problem = error
        self.end()
        if problem is not None:
            raise problem
        return reports

    def end(self) -> None:
        """Takes nothing more, and ends loops over subscriptions."""
        self._registrations.clear()
        queue, self._queue = self._queue, None
        if queue is not None:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.remove_reader(queue.fileno())
            queue.close()
        if self._over is not None:
            self._over.set()

    def end_all(self) -> None:
        """As end, and ends loops over subscriptions: the runtime is over."""
        self.end()
        for subscription in list(self._subscriptions):
            subscription.let_go()

    async def run(self) -> None:
        """Serves until this task is cancelled, or until `stop_serving` or `shutdown`."""
        await self.start()
        assert self._over is not None
        try:
            await self._over.wait()
        finally:
            if self._queue is not None:
                await self.stop()
