# SPDX-License-Identifier: Apache-2.0
"""On whose behalf operations run, carried by a context variable through threads and tasks."""
from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Optional

from . import _mecha

current: contextvars.ContextVar[Optional[_mecha.Scope]] = contextvars.ContextVar(
    "mecha_scope", default=None)


def current_trace() -> tuple[Optional[str], Optional[str], Optional[str]]:
    """(traceparent, tracestate, baggage) of what runs here; an event's, inside its handler."""
    scope = current.get()
    if scope is None:
        return None, None, None
    return scope.texts


@contextlib.contextmanager
def trace(traceparent: Optional[str], tracestate: Optional[str] = None,
          baggage: Optional[str] = None) -> Iterator[None]:
    """Operations in this block, and in what it starts, belong to that W3C trace."""
    scope = current.get()
    request = None if scope is None else scope.request
    token = current.set(_mecha.Scope(request, traceparent, tracestate, baggage))
    try:
        yield
    finally:
        current.reset(token)
