# SPDX-License-Identifier: Apache-2.0
"""What the tests share: runtimes in memory, and a check that nothing of one is left."""
import asyncio
import contextlib
import gc
import json
import time

import pytest

import mecha

STATE = """
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


def sqlite_state(path):
    """A document for a state store in that file."""
    return f"""
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {{name: store}}
spec: {{type: state.sqlite, version: v1, metadata: [{{name: connectionString, value: "{path}"}}]}}
"""


def held():
    """What objects hold of the library, by kind."""
    gc.collect()
    return {kind: count for kind, count in mecha._mecha.live().items() if count != 0}


def pytest_sessionfinish(session):
    """In the end no object holds anything of the library: what a test forgets shows here."""
    session.items.clear()
    deadline = time.monotonic() + 10  # threads of the last tests may be on their way out
    while held() and time.monotonic() < deadline:
        time.sleep(0.01)
    if left := held():
        print(f"\nstill alive at the end: {left}")
        session.exitstatus = 1


@pytest.fixture
def rt():
    """A runtime in memory, started. At its end the library has nothing alive of it but its own."""
    with mecha.Runtime("app", resource_texts=STATE) as runtime:
        yield runtime
        is_open = not runtime.is_closed
    if is_open:
        live = runtime.describe()["live"]
        assert live["operations"] == live["requests"] == live["registrations"] == 0, live


@pytest.fixture
def store(rt):
    """A state store in memory."""
    return rt.state("store")


def run(main):
    """Runs a coroutine function with a started AsyncRuntime."""
    async def body():
        async with mecha.AsyncRuntime("app", resource_texts=STATE) as runtime:
            return await main(runtime)
    return asyncio.run(asyncio.wait_for(body(), 60))


@pytest.fixture
def secrets_file(tmp_path):
    """A document for a secret store in a file."""
    (tmp_path / "secrets.json").write_text(json.dumps({"db": {"user": "u", "password": "p"},
                                                       "token": "t"}))
    return f"""
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {{name: vault}}
spec:
  type: secretstores.local.file
  version: v1
  metadata:
    - {{name: secretsFile, value: "{tmp_path}/secrets.json"}}
    - {{name: multiValued, value: "true"}}
"""


@contextlib.contextmanager
def failing(kind, status):
    """The block raises that class, with that status."""
    with pytest.raises(kind) as caught:
        yield caught
    assert caught.value.status == status
