# SPDX-License-Identifier: Apache-2.0
"""rt.state, rt.secrets, rt.pubsub: from a component's name to its handle.

`rt.state("orders").get("k")` keeps the handle, `rt.state.get("orders", "k")` is for one call.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Generic, Optional, TypeVar, Unpack

from . import _mecha
from .components import PubSub, Secrets
from .items import Item, Published
from .options import Buffer, CallOptions, DeleteOptions, GetOptions, SetOptions
from .state import State

C = TypeVar("C")


class Named(Generic[C]):
    """Handles by name; the same name gives the same handle."""

    def __init__(self, make: Callable[[str], C]) -> None:
        self._make = make
        self._made: dict[str, C] = {}

    def __call__(self, name: str) -> C:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(name)
        return made


class StateStores(Named[State]):
    """The state stores of a runtime."""

    def __init__(self, handle: _mecha.Runtime) -> None:
        kinds: dict[str, str] = {}

        def never_waits(name: str) -> bool:
            """A store in memory: its calls are too short to give the GIL away for them."""
            if not kinds:
                components = json.loads(handle.describe())["components"]
                kinds.update((each["name"], each["type"]) for each in components)
            return kinds.get(name) == "state.in-memory"

        super().__init__(lambda name: State(handle, None, name, never_waits(name)))

    def get(self, store: str, key: str, **options: Unpack[GetOptions]) -> Optional[Item]:
        """As State.get."""
        return self(store).get(key, **options)

    def set(self, store: str, key: str, value: Buffer, **options: Unpack[SetOptions]) -> str:
        """As State.set."""
        return self(store).set(key, value, **options)

    def delete(self, store: str, key: str, **options: Unpack[DeleteOptions]) -> None:
        """As State.delete."""
        self(store).delete(key, **options)


class SecretStores(Named[Secrets]):
    """The secret stores of a runtime."""

    def __init__(self, handle: _mecha.Runtime, queue: Optional[_mecha.Queue],
                 kind: type[Secrets]) -> None:
        super().__init__(lambda name: kind(handle, queue, name))

    def get(self, store: str, name: str, **call: Unpack[CallOptions]) -> Optional[dict[str, str]]:
        """As Secrets.get."""
        return self(store).get(name, **call)


class PubSubs(Named[PubSub]):
    """The pubsub components of a runtime."""

    def __init__(self, handle: _mecha.Runtime, queue: Optional[_mecha.Queue],
                 kind: type[PubSub]) -> None:
        super().__init__(lambda name: kind(handle, queue, name))

    def publish(self, component: str, topic: str, data: Buffer | None, **options: Any) -> Published:
        """As PubSub.publish."""
        return self(component).publish(topic, data, **options)
