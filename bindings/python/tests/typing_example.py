# SPDX-License-Identifier: Apache-2.0
"""What a program's types look like; mypy --strict reads it, nothing runs it."""
from __future__ import annotations

import datetime
from typing import Optional

import mecha


def blocking(rt: mecha.Runtime) -> None:
    store = rt.state("orders")
    item: Optional[mecha.Item] = store.get("k", consistency=mecha.Consistency.STRONG, timeout=1)
    if item is not None:
        value: bytes = item.value
        view: memoryview = item.view
        print(value, view, item.expires)
    etag: str = store.set("k", b"v", ttl=datetime.timedelta(hours=1), first_write=True)
    store.delete("k", etag=etag)
    page: mecha.Page[str] = store.list("p", limit=3)
    secret: Optional[dict[str, str]] = rt.secrets("vault").get("db")
    published: mecha.Published = rt.pubsub("broker").publish("t", "text")
    print(page.items, page.next, secret, published.error)

    @rt.topic("broker", "t", credit=8)
    def handle(event: mecha.Event) -> Optional[mecha.Verdict]:
        name: str = event.topic
        return mecha.Verdict.DROP if name == "bad" else None
    handle_again = handle
    print(handle_again)
    for event in rt.subscribe("broker", "t"):
        with event:
            data: bytes = event.data
            print(data)


async def asynchronous(rt: mecha.AsyncRuntime) -> None:
    store = rt.state("orders")
    item: Optional[mecha.Item] = await store.get("k")
    print(item)

    async def change(old: Optional[bytes]) -> Optional[bytes]:
        return old
    new: Optional[str] = await store.update("k", change) or await store.update("k", lambda old: b"")
    print(new)
    async for event in rt.subscribe("broker", "t"):
        async with event:
            attempt: int = event.attempt
            print(attempt)
    try:
        await store.apply([mecha.Write.set("k", b"v"), mecha.Write.delete("l")], atomic=True)
    except mecha.Aborted as error:
        status: mecha.Status = error.status
        print(status, error.retryable == mecha.Retryable.SAFE)
