# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C during calls of the library that do not look for signals themselves."""
from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any


def interruptible(function: Callable[..., Any], *arguments: Any) -> Any:
    """Runs what blocks without asking for signals on another thread, so that Ctrl-C is noticed:
    handlers of signals run on the main thread only, and it waits for nothing else here."""
    if threading.current_thread() is not threading.main_thread():
        return function(*arguments)
    context = contextvars.copy_context()
    outcome: list[Any] = []
    error: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            outcome.append(context.run(function, *arguments))
        except BaseException as raised:  # pylint: disable=broad-except
            error.append(raised)
        done.set()

    try:
        threading.Thread(target=run, name="mecha-life-cycle", daemon=True).start()
    except RuntimeError:  # the interpreter ends: no more threads
        return function(*arguments)
    done.wait()
    if error:
        raise error[0]
    return outcome[0]
