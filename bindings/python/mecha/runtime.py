# SPDX-License-Identifier: Apache-2.0
"""Runtime: one app id and its components; its calls block."""
from __future__ import annotations

import atexit
import json
import os
import warnings
import weakref
from collections.abc import Iterable
from functools import partial
from types import TracebackType
from typing import Any, Literal, NoReturn, Optional, Unpack, cast

from . import _mecha
from .components import PubSub, Secrets
from .errors import Closed
from .interruption import interruptible
from .logs import LogPump
from .options import CallOptions, RuntimeOptions, Seconds, nanoseconds
from .serving import Serving
from .stores import PubSubs, SecretStores, StateStores

DRAIN = 30.0
"""Seconds that a shutdown or a suspend gives to what is running."""
_open: weakref.WeakSet[OpenRuntime] = weakref.WeakSet()


def _paths(given: Any) -> list[str]:
    if isinstance(given, (str, os.PathLike)):
        given = [given]
    if not isinstance(given, Iterable):
        raise TypeError(f"resources must be a path or several, not {type(given)}")
    return [os.fspath(path) for path in given]


def open_handle(app_id: Optional[str], options: RuntimeOptions) -> _mecha.Runtime:
    """A runtime of the library, opened and not started."""
    given: dict[str, Any] = dict(options)
    texts = given.pop("resource_texts", ())
    flags = _mecha.OPEN_USE_ENVIRONMENT if given.pop("use_environment", False) else 0
    flags |= _mecha.OPEN_HOST_THREADS if given.pop("host_threads", False) else 0
    for of_python in ("logs", "max_inflight"):
        given.pop(of_python, None)
    handle = _mecha.open(app_id, given.pop("namespace", None), _paths(given.pop("resources", ())),
                         [texts] if isinstance(texts, str) else texts,
                         given.pop("settings", {}), flags)
    if given:
        raise TypeError(f"Runtime got an unexpected keyword argument {next(iter(given))!r}")
    return handle


class OpenRuntime:
    """What the blocking runtime and the one for asyncio share: the handle and its life."""

    def __init__(self, app_id: Optional[str] = None, **options: Unpack[RuntimeOptions]) -> None:
        self._is_closed = True  # until it is open
        self._pid = os.getpid()
        self._handle = open_handle(app_id, options)
        self._is_closed = False
        self._changes = 0  # of its life, under way
        _open.add(self)

    @property
    def handle(self) -> _mecha.Runtime:
        """The library's runtime."""
        return self._handle

    def describe(self) -> dict[str, Any]:
        """Components with capabilities and health, subscriptions, warnings, counters, limits,
        threads, life-cycle phase."""
        return cast(dict[str, Any], json.loads(self._handle.describe()))

    def metrics(self) -> str:
        """The counters of every operation, in Prometheus text form."""
        return self._handle.metrics()

    def advance_clock(self, by: Seconds) -> None:
        """Moves the runtime's clock forward, for tests of time-outs and expiry. Not promised."""
        self._handle.clock_advance(nanoseconds(by, "by"))

    def fileno(self) -> int:
        """With host_threads: the descriptor that is readable when `run_once` has work; else -1."""
        return self._handle.fileno()

    def run_once(self, timeout: Seconds = 0) -> int:
        """With host_threads: lends this thread to the runtime until something was done, or for
        `timeout` seconds; returns how many pieces of work ran."""
        left = nanoseconds(timeout)
        while True:
            slice_ns = min(left, 50_000_000)
            count = self._handle.run(slice_ns)
            left -= slice_ns
            if count != 0 or left <= 0:
                return count

    @property
    def is_closed(self) -> bool:
        """True after shutdown."""
        return self._is_closed

    def _change(self, function: Any, *arguments: Any) -> Any:
        """Runs a step of its life, which Ctrl-C leaves behind."""
        def run() -> Any:
            self._changes += 1
            try:
                return function(*arguments)
            finally:
                self._changes -= 1
        return interruptible(run)

    def _begin_shutdown(self) -> bool:
        """False when that was done before."""
        was_closed, self._is_closed = self._is_closed, True
        return not was_closed

    def _close_now(self) -> None:
        """At the interpreter's end: stops everything, without waiting for handlers, nor for a
        suspend or shutdown that Ctrl-C has left behind."""
        if self._pid == os.getpid() and self._changes == 0 and self._begin_shutdown():
            try:
                self._handle.shutdown(0)
            except Exception:  # pylint: disable=broad-except
                pass  # what was abandoned is of no interest now

    def _let_go(self) -> None:
        """Ends what would keep the handle alive."""

    def __del__(self) -> None:
        if not getattr(self, "_is_closed", True) and self._pid == os.getpid():
            warnings.warn(f"unclosed {self!r}: use it in a with block, or call shutdown",
                          ResourceWarning, source=self)
            self._let_go()


@atexit.register
def _close_all() -> None:
    for runtime in list(_open):
        runtime._close_now()


class Runtime(OpenRuntime):
    """One app id with its components. Opening reads and checks the resources; `with`, or `start`,
    starts the components. Methods may be called from any thread."""

    def __init__(self, app_id: Optional[str] = None, **options: Unpack[RuntimeOptions]) -> None:
        super().__init__(app_id, **options)
        self._logs = LogPump(self._handle) if options.get("logs", True) else None
        self._serving = Serving(self._handle)
        self.state = StateStores(self._handle)
        self.secrets = SecretStores(self._handle, None, Secrets)
        self.pubsub = PubSubs(self._handle, None, PubSub)
        self.topic = self._serving.topic
        self.spec = self._serving.spec
        self.route = self._serving.route
        self.subscribe = self._serving.subscribe
        self.subscribe_spec = self._serving.subscribe_spec

    def start(self) -> None:
        """Starts every component; raises what keeps one from starting."""
        if self._logs is not None:
            self._logs.start()
        self._change(self._handle.start)

    def start_serving(self, threads: int = 4) -> None:
        """Runs the handlers of `topic`, `spec` and `route` on threads of their own; blocks until
        they are live."""
        self._serving.start(threads)

    def stop_serving(self, timeout: Seconds = DRAIN) -> list[dict[str, Any]]:
        """Ends the handlers' registrations when their events are answered. Returns a report each;
        DeadlineExceeded when some were not answered in time."""
        return self._serving.stop(timeout)

    def serve(self, threads: int = 4) -> None:
        """Runs the handlers of `topic`, `spec` and `route` on so many threads until Ctrl-C, or
        until `stop_serving` or `shutdown` on another thread. Drains at the end."""
        self._serving.run(threads)

    def suspend(self, timeout: Seconds = DRAIN, keep_connections: bool = False) -> dict[str, Any]:
        """Brings it to rest before a freeze, a snapshot or a fork: no thread, socket or file of it
        is left. Returns a report."""
        if self._logs is not None:
            self._logs.stop()
        flags = _mecha.SUSPEND_KEEP_CONNECTIONS if keep_connections else 0
        try:
            report = self._change(self._handle.suspend, nanoseconds(timeout), flags)
        except BaseException:
            self._go_on()
            raise
        return cast(dict[str, Any], json.loads(report))

    def resume(self) -> None:
        """Takes up work again, with a new instance id and fresh connections."""
        self._change(self._handle.resume)
        self._go_on()

    def _go_on(self) -> None:
        if self._logs is not None:
            self._logs.start()

    def ping(self, component: str, **call: Unpack[CallOptions]) -> None:
        """Sends one real request to a component's back-end."""
        self._handle.ping(component, **call)

    def apply_resource(self, text: str, **call: Unpack[CallOptions]) -> None:
        """Adds documents of kind Subscription, or puts new versions in the place of old ones."""
        interruptible(partial(self._handle.resource_apply, None, text, **call))

    def delete_resource(self, kind: str, name: str, **call: Unpack[CallOptions]) -> None:
        """Takes a document away. A subscription ends in order."""
        interruptible(partial(self._handle.resource_delete, None, kind, name, **call))

    def shutdown(self, timeout: Seconds = DRAIN) -> Optional[dict[str, Any]]:
        """Refuses new calls, lets running ones and handlers end until the timeout, stops what is
        left. Returns a report; DeadlineExceeded when something had to be stopped. Again: None."""
        if not self._begin_shutdown():
            return None
        try:
            report = self._change(self._handle.shutdown, nanoseconds(timeout))
        except Closed:
            return None
        finally:
            self._serving.end()
            if self._logs is not None:
                self._logs.stop()
        return cast(dict[str, Any], json.loads(report))

    close = shutdown

    def _let_go(self) -> None:
        self._serving.end()
        if self._logs is not None:
            self._logs.let_go()

    async def __aenter__(self) -> NoReturn:
        raise TypeError("Runtime is for `with`; AsyncRuntime is the one for `async with`")

    async def __aexit__(self, *_: object) -> None:
        """Only here so that `async with` comes to __aenter__, which tells what is wrong."""

    def __enter__(self) -> Runtime:
        try:
            self.start()
        except BaseException:
            self.shutdown(0)
            raise
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> Literal[False]:
        self.shutdown(DRAIN if error is None or isinstance(error, Exception) else 1.0)
        return False
