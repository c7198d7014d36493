# SPDX-License-Identifier: Apache-2.0
"""Fixtures for pytest, found by themselves where mecha-runtime is installed:

    mecha_runtime        a started Runtime in memory: state "store", pubsub "broker"
    mecha_async_runtime  an AsyncRuntime like it; start it in the test: `async with`
    mecha_resources      what both are made of; override it for other documents
    mecha_clock          moves the runtime's clock forward by seconds, for expiry and pauses
"""
from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import mecha

RESOURCES = """
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: store}
spec: {type: state.in-memory, version: v1, metadata: []}
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: broker}
spec: {type: pubsub.in-memory, version: v1, metadata: []}
"""


@pytest.fixture
def mecha_resources() -> str:
    """The documents of the fixtures' runtimes, as text."""
    return RESOURCES


@pytest.fixture
def mecha_runtime(mecha_resources: str) -> Iterator[mecha.Runtime]:
    """A started runtime in memory, empty in each test."""
    with mecha.Runtime("test", resource_texts=mecha_resources) as runtime:
        yield runtime


@pytest.fixture
def mecha_async_runtime(mecha_resources: str) -> mecha.AsyncRuntime:
    """A runtime in memory for asyncio, not started."""
    return mecha.AsyncRuntime("test", resource_texts=mecha_resources)


@pytest.fixture
def mecha_clock(mecha_runtime: mecha.Runtime) -> Callable[[float], None]:
    """Moves the clock of `mecha_runtime`."""
    return mecha_runtime.advance_clock
