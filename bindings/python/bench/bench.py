#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a call costs: a blocking get of 16 and of 1,024 bytes from memory, and gets through the
queue of an event loop with 64 in flight. Prints a line of JSON for each: the median of several
rounds in nanoseconds per operation."""
import asyncio
import gc
import json
import statistics
import time

import mecha

STORE = ("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: store}\n"
         "spec: {type: state.in-memory, version: v1}\n")
ROUNDS, CALLS, WINDOW, EACH = 15, 50_000, 64, 200


def show(name, rounds):
    print(json.dumps({"name": name, "language": "python",
                      "ns": round(statistics.median(rounds), 1)}), flush=True)


def blocking(rt, name, size):
    store = rt.state("store")
    store.set("key", b"x" * size)
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(CALLS):
            store.get("key")
        rounds.append((time.perf_counter() - start) / CALLS * 1e9)
    show(name, rounds)


async def queued():
    async with mecha.AsyncRuntime("bench", resource_texts=STORE) as rt:
        store = rt.state("store")
        await store.set("key", b"x" * 16)

        async def worker():
            for _ in range(EACH):
                await store.get("key", inline=False)
        rounds = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            await asyncio.gather(*[worker() for _ in range(WINDOW)])
            rounds.append((time.perf_counter() - start) / (WINDOW * EACH) * 1e9)
        show("queue_get", rounds)


def main():
    gc.freeze()
    with mecha.Runtime("bench", resource_texts=STORE) as rt:
        blocking(rt, "get_16", 16)
        blocking(rt, "get_1024", 1024)
    asyncio.run(queued())


if __name__ == "__main__":
    main()
