#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Publishes orders and stores each of them once, with a running total per customer.

  orders.py publish FILE    publish the orders of FILE; "-" reads standard input
  orders.py worker          store what comes, until Ctrl-C
  orders.py totals          print the totals

It shares messages and stored orders with the programs of the same name in the other languages.
Everything may be killed at any point and run again.
"""
import argparse
import contextlib
import os
import pathlib
import signal
import sys

import mecha
from ledger import Ledger
from order import Refused, parse_order

BROKER = "order-messages"  # the pubsub component in the YAML
TOPIC = "orders"
SUBSCRIPTION = {"pubsubname": BROKER, "topic": TOPIC, "deadLetterTopic": "orders-refused",
                "metadata": {"redeliveryAttempts": "1000000"}}
AT_ONCE = 100
ORDERS_PER_THREAD = 8  # at hand, so that no thread waits for the broker


def publish(rt, lines, name):
    """Publishing an order again is harmless: a worker stores it once."""
    broker = rt.pubsub(BROKER)
    batch, count, published, skipped = [], 0, 0, 0

    def send():
        for sent in broker.publish_many(TOPIC, batch, retry=mecha.RetryPolicy(limit=30)):
            if sent.error is not None:
                raise sent.error
        batch.clear()

    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        count += 1
        try:
            batch.append(mecha.Message.of(parse_order(line).json, content_type=mecha.JSON))
            published += 1
        except Refused as reason:
            skipped += 1
            print(f"{name}:{number}: skipped: {reason}", file=sys.stderr)
        if len(batch) == AT_ONCE:
            send()
    if batch:
        send()
    print(f"{count} lines: {published} orders published, {skipped} skipped")


def work(rt, threads):
    """Handlers run on several threads; Ctrl-C lets them finish what they have."""
    ledger = Ledger(rt.state("orders"))

    @rt.spec(SUBSCRIPTION, credit=threads * ORDERS_PER_THREAD)
    def handle(event):
        try:
            order = parse_order(event.data)
        except Refused as reason:
            print(f"orders: message refused: {reason}", file=sys.stderr)
            return mecha.Verdict.DROP  # to the dead-letter topic
        ledger.store(order)  # an exception means: try it again
        return mecha.Verdict.OK

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    print(f"worker {os.getpid()} is ready", file=sys.stderr)
    rt.serve(threads)
    print(f"worker: {ledger.stored} orders stored, {ledger.already_stored} stored before, "
          f"{ledger.retries} retries")


def show_totals(rt):
    totals = Ledger(rt.state("orders")).totals()
    for customer, total in sorted(totals.items()):
        print_row(customer, total["orders"], total["total_cents"])
    print_row(f"{len(totals)} customers", sum(each["orders"] for each in totals.values()),
              sum(each["total_cents"] for each in totals.values()))


def print_row(name, orders, cents):
    print(f"{name:24} {orders:8} {cents // 100:11}.{cents % 100:02}")


def options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["publish", "worker", "totals"])
    parser.add_argument("file", nargs="?", help="of publish: one JSON object per line")
    here = pathlib.Path(__file__).resolve().parent
    parser.add_argument("--resources", type=pathlib.Path, default=here.parent / "sqlite",
                        help="where the YAML of store and broker is")
    parser.add_argument("--data", default=".", help="where the files of embedded ones are kept")
    parser.add_argument("--threads", type=int, default=4, help="how many threads store orders")
    given = parser.parse_intermixed_args()
    if (given.what == "publish") != (given.file is not None):
        parser.error("publish takes a FILE, and nothing else does")
    return given


def run(given):
    with contextlib.ExitStack() as stack:
        lines = None
        if given.what == "publish":
            lines = (sys.stdin if given.file == "-"
                     else stack.enter_context(open(given.file, encoding="utf-8")))
        resources = given.resources.resolve()
        os.chdir(given.data)  # embedded stores take relative paths from the current folder
        rt = stack.enter_context(mecha.Runtime("orders", resources=resources))
        if given.what == "publish":
            publish(rt, lines, given.file)
        elif given.what == "worker":
            work(rt, given.threads)
        else:
            show_totals(rt)


def main():
    try:
        run(options())
        sys.stdout.flush()
    except BrokenPipeError:  # as of `totals | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except (OSError, mecha.Error) as problem:
        print(f"orders: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
