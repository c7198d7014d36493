# SPDX-License-Identifier: Apache-2.0
"""Secrets and PubSub: secret stores and brokers that the resources name; calls block."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack

from . import _mecha
from .items import Published, published_of
from .messages import Message
from .options import Buffer, CallOptions

MESSAGE_FIELDS = ("content_type", "id", "key", "ttl", "raw")


class Secrets(_mecha.Secrets):
    """One secret store. Python cannot wipe what it has read: keep secrets no longer than needed.

    get(name, **CallOptions)  a dict of the secret's keys and values, or None for an absent secret
    list(**CallOptions)       every secret this application may see, by name
    """


def split_options(options: dict[str, Any]) -> dict[str, Any]:
    """Takes what describes the message out of the options of a publish."""
    return {name: options.pop(name) for name in MESSAGE_FIELDS if name in options}


class PubSub(_mecha.PubSub):
    """One pubsub component. Methods may be called from any thread, several at once."""

    def publish(self, topic: str, data: Buffer | Message | None, **options: Any) -> Published:
        """Publishes one message; returns when the broker has it. Options are those of Message.of
        and CallOptions; `metadata` is both's."""
        message = message_of(data, options)
        return published_of(self.publish_all(topic, (message,), **options)[0])

    def publish_json(self, topic: str, data: Any, **options: Any) -> Published:
        """Publishes `data` as JSON."""
        return self.publish(topic, Message.json(data, **split_options(options)), **options)

    def publish_many(self, topic: str, messages: Iterable[Message],
                     **options: Unpack[CallOptions]) -> list[Published]:
        """Publishes several, each of which succeeds or fails by itself; raises when none was
        taken."""
        return [published_of(item) for item in self.publish_all(topic, messages, **options)]


def message_of(data: Buffer | Message | None, options: dict[str, Any]) -> Message:
    """The message that a publish is given, as such or as data and options."""
    if isinstance(data, Message):
        return data
    return Message.of(data, **split_options(options))
