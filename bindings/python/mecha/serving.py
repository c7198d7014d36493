# SPDX-License-Identifier: Apache-2.0
"""Inbound work of the blocking runtime: subscriptions to loop over, and handlers on threads."""
from __future__ import annotations

import contextlib
import contextvars
import inspect
import json
import logging
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Any, Literal, NamedTuple, Optional, TypeVar, Union, Unpack, cast

from . import _mecha
from .errors import Closed, Error, Forked
from .events import Event, Verdict
from .interruption import interruptible
from .options import Ordering, Seconds, ServeOptions, nanoseconds, whole

_log = logging.getLogger("mecha")
_MOST_THREADS = 256

Handler = Callable[[Event], Optional[Verdict]]
H = TypeVar("H", bound=Callable[[Event], Any])


class Offer(NamedTuple):
    """What is served: topics of a component, paths, or the spec of a Subscription."""
    kind: int
    component: Optional[str]
    names: tuple[str, ...]
    spec: Optional[str]
    options: ServeOptions

    @classmethod
    def topics(cls, component: str, topics: tuple[str, ...], options: ServeOptions) -> Offer:
        """Subscribes to topics."""
        if not topics:
            raise TypeError("no topic is given")
        return cls(_mecha.SERVE_TOPIC, component, topics, None, options)

    @classmethod
    def of_spec(cls, spec: Union[str, dict[str, Any]], options: ServeOptions) -> Offer:
        """Subscribes as the spec of a v2alpha1 Subscription says, in YAML, JSON or as a dict."""
        if not isinstance(spec, (str, dict)):
            raise TypeError(f"a spec must be a dict or text, not {type(spec)}")
        text = spec if isinstance(spec, str) else json.dumps(spec)
        return cls(_mecha.SERVE_TOPIC, None, (), text, options)

    @classmethod
    def paths(cls, paths: tuple[str, ...], options: ServeOptions) -> Offer:
        """Offers paths to the subscriptions that the resources declare."""
        if not paths:
            raise TypeError("no path is given")
        return cls(_mecha.SERVE_ROUTE, None, paths, None, options)

    def register(self, handle: _mecha.Runtime, queue: _mecha.Queue,
                 waits_on: Optional[_mecha.Queue], token: int) -> Any:
        """The Registration, or with `waits_on` a future of it."""
        given: dict[str, Any] = dict(self.options)
        flags = _mecha.SERVE_BATCH if given.pop("batch", False) else 0
        flags |= _mecha.SERVE_PAUSED if given.pop("paused", False) else 0
        wait = given.pop("batch_wait", None)
        batch_wait_ns = 0 if wait is None else nanoseconds(wait, "batch_wait") or -1
        what = (queue, waits_on, self.kind, token, self.component, self.names, self.spec,
                given.pop("settings", None), whole(given.pop("credit", 0), "credit"), flags,
                int(Ordering(given.pop("ordering", Ordering.NONE))),
                whole(given.pop("batch_max", 0), "batch_max"), batch_wait_ns,
                nanoseconds(given.pop("reply_timeout", 0), "reply_timeout"))
        if given:
            raise TypeError(f"unexpected keyword argument {next(iter(given))!r}")
        if waits_on is not None:
            return _mecha.serve(handle, what)
        return interruptible(_mecha.serve, handle, what)


_pool_of_thread = threading.local()


@contextlib.contextmanager
def waiting() -> Iterator[None]:
    """While a handler waits in this block its pool may have another thread."""
    note = getattr(_pool_of_thread, "note", None)
    if note is None:
        yield
        return
    note(True)
    try:
        yield
    finally:
        note(False)


class Subscription:
    """Events of one registration, one after the other: `for event in subscription`. It ends with
    `close`, with its `with` block, or with the runtime. Several threads may take from it."""

    def __init__(self, handle: _mecha.Runtime, offer: Offer) -> None:
        self._queue = _mecha.Queue(handle)
        self._registration: _mecha.Registration = offer.register(handle, self._queue, None, 0)
        self._is_closed = False

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        event = self.take(None)
        if event is None:
            raise StopIteration
        return event

    def take(self, timeout: Optional[Seconds] = None) -> Optional[Event]:
        """The next event; None when there was none in time, or when it is closed."""
        left = -1.0 if timeout is None else nanoseconds(timeout) / 1e9
        while not self._is_closed:
            try:
                with waiting():
                    events = self._queue.wait(1, left)
            except Closed:
                return None
            if events:
                return cast(Event, events[0])
            if timeout is not None:
                return None
        return None

    def set_credit(self, credit: int) -> None:
        """How many events may be open; 0 pauses."""
        self._registration.set_credit(whole(credit, "credit"))

    def close(self, timeout: Seconds = 30.0) -> Optional[dict[str, Any]]:
        """Ends it when its open events are answered. Returns a report; None when it was over."""
        if self._is_closed:
            return None
        stop = partial(self._registration.stop, None, timeout=timeout)
        try:
            return cast(dict[str, Any], json.loads(interruptible(stop)))
        except Closed:
            return None
        finally:
            self._is_closed = True
            self._queue.close()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> Literal[False]:
        self.close(0.001 if error is not None else 30.0)
        return False


def answer(handler: Handler, event: Event) -> None:
    """Runs a handler; what it returns, or raises, is the answer."""
    with event:
        verdict = handler(event)
        if verdict is not None and not event.is_answered:
            event.reply(Verdict(verdict))


class Pool:
    """Threads that run handlers. While all of them wait inside calls of Mecha it has more."""

    def __init__(self, queue: _mecha.Queue, handlers: dict[int, Handler], wanted: int) -> None:
        self._queue = queue
        self._handlers = handlers
        self._wanted = wanted
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._waiting = 0

    def start(self) -> None:
        """Starts the threads."""
        with self._lock:
            for _ in range(self._wanted):
                self._start_one()

    def _start_one(self) -> None:
        context = contextvars.Context()
        thread = threading.Thread(target=context.run, args=(self._run,), name="mecha-handler",
                                  daemon=True)
        self._threads.add(thread)
        thread.start()

    def _note(self, is_waiting: bool) -> None:
        with self._lock:
            self._waiting += 1 if is_waiting else -1
            if self._waiting == len(self._threads) < _MOST_THREADS:
                self._start_one()

    def _is_one_too_many(self) -> bool:
        with self._lock:
            if len(self._threads) - self._waiting <= self._wanted:
                return False
            self._threads.discard(threading.current_thread())
            return True

    def _run(self) -> None:
        _mecha.set_pool_of_thread(self._note)
        _pool_of_thread.note = self._note
        try:
            while True:
                for event in self._queue.wait(1, -1.0):
                    self._handle(cast(Event, event))
                if self._is_one_too_many():
                    return
        except (Closed, Forked):
            pass
        finally:
            _mecha.set_pool_of_thread(None)

    def _handle(self, event: Event) -> None:
        handler = self._handlers.get(event.token)
        if handler is not None:  # else its end answers RETRY
            answer(handler, event)

    def join(self, timeout: float) -> None:
        """Waits for its threads, after the queue was closed."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout)


class Serving:
    """The handlers of a runtime, and its subscriptions."""

    def __init__(self, handle: _mecha.Runtime) -> None:
        self._handle = handle
        self._offers: dict[int, Offer] = {}
        self._handlers: dict[int, Handler] = {}
        self._registrations: dict[int, _mecha.Registration] = {}
        self._queue: Optional[_mecha.Queue] = None
        self._pool: Optional[Pool] = None
        self._over = threading.Event()

    # Decorators.

    def topic(self, component: str, *topics: str, **options: Unpack[ServeOptions]
              ) -> Callable[[H], H]:
        """Decorates a handler of topics. It returns None or a Verdict; an exception is RETRY."""
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
            if inspect.iscoroutinefunction(handler):
                raise TypeError(f"a handler of Runtime must be a function, and {handler!r} is a "
                                "coroutine function: AsyncRuntime runs those")
            token = len(self._offers) + 1
            self._offers[token] = offer
            self._handlers[token] = handler
            if self._pool is not None:
                self._register(token)
            return handler
        return decorate

    # Loops.

    def subscribe(self, component: str, *topics: str, **options: Unpack[ServeOptions]
                  ) -> Subscription:
        """Subscribes to topics; loop over what it returns. Blocks until it is live."""
        return Subscription(self._handle, Offer.topics(component, topics, options))

    def subscribe_spec(self, spec: Union[str, dict[str, Any]], **options: Unpack[ServeOptions]
                       ) -> Subscription:
        """Subscribes as the spec of a v2alpha1 Subscription says."""
        return Subscription(self._handle, Offer.of_spec(spec, options))

    # Threads.

    def _register(self, token: int) -> None:
        assert self._queue is not None
        self._registrations[token] = self._offers[token].register(self._handle, self._queue, None,
                                                                  token)

    def start(self, threads: int = 4) -> None:
        """Registers the handlers and runs them on threads of their own; blocks until live."""
        if self._pool is not None:
            raise RuntimeError("it serves already")
        self._over.clear()
        self._queue = _mecha.Queue(self._handle)
        self._pool = Pool(self._queue, self._handlers, threads)
        self._pool.start()
        try:
            for token in self._offers:
                self._register(token)
        except BaseException:
            self.end()
            raise

    def stop(self, timeout: Seconds = 30.0) -> list[dict[str, Any]]:
        """Ends the handlers' registrations when their events are answered. Returns a report each;
        DeadlineExceeded when some were not answered in time."""
        reports: list[dict[str, Any]] = []
        problem: Optional[Error] = None
        for registration in list(self._registrations.values()):
            try:
                stop = partial(registration.stop, None, timeout=timeout)
                reports.append(json.loads(interruptible(stop)))
            except Closed:
                pass
            except Error as error:
                problem = error
        self.end()
        if problem is not None:
            raise problem
        return reports

    def end(self) -> None:
        """Ends the threads; handlers that run go on to their end."""
        self._registrations.clear()
        pool, self._pool = self._pool, None
        if self._queue is not None:
            self._queue.close()
        if pool is not None:
            pool.join(0.1)
        self._over.set()

    def run(self, threads: int) -> None:
        """Serves until it is ended, or until Ctrl-C."""
        self.start(threads)
        try:
            self._over.wait()
        except KeyboardInterrupt:
            _log.info("interrupted: finishing what is open")
        finally:
            if self._pool is not None:
                self.stop()
