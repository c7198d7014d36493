# SPDX-License-Identifier: Apache-2.0
"""What the library has to say, as records of `logging`: logger "mecha", never on its threads."""
from __future__ import annotations

import logging
import threading
from typing import Optional

from . import _mecha
from .errors import Error

_log = logging.getLogger("mecha")
_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)


def write(severity: int, component: str, text: str) -> None:
    """Logs one notice of the library."""
    level = _LEVELS[min(severity, len(_LEVELS) - 1)]
    _log.log(level, "%s: %s", component, text, extra={"mecha_component": component})


class LogPump:
    """A thread that hands notices to `logging` while a runtime is started."""

    def __init__(self, handle: _mecha.Runtime) -> None:
        self._queue = _mecha.Queue(handle, None, True)
        self._thread: Optional[threading.Thread] = None
        self._is_stopping = threading.Event()

    def start(self) -> None:
        """Begins, unless it has."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._is_stopping = threading.Event()  # a late one of before keeps its own
        self._thread = threading.Thread(target=pump, args=(self._queue, self._is_stopping),
                                        name="mecha-logs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Logs what there is and ends the thread."""
        self.let_go()
        if self._thread is not None:
            self._thread.join(1.0)
            self._thread = None

    def let_go(self) -> None:
        """As stop, without waiting for the thread."""
        self._is_stopping.set()
        self._queue.wake()


def pump(queue: _mecha.Queue, is_stopping: threading.Event) -> None:
    """Logs what comes until it is told to stop or the queue is closed."""
    try:
        while not is_stopping.is_set():
            _write_all(queue.wait(64, -1.0))
        _write_all(queue.poll(256))
    except Error:
        pass  # the runtime is closed


def _write_all(events: list[tuple[int, str, str]]) -> None:
    for severity, component, text in events:
        write(severity, component, text)
