#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Publishes the orders of the example with Python, stores them with two workers of which one is
killed, and compares the totals with the input: orders_check.py EXAMPLE-FOLDER [PROGRAM IN C++]"""
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

EXAMPLE = pathlib.Path(sys.argv[1])
LINES = 1500  # of the input


def expected(lines):
    """(orders, cents) of all customers together, without the program's own code."""
    orders = {}
    for line in lines:
        try:
            order = json.loads(line)
            if order["id"] and order["customer"] and order["amount_cents"] >= 0:
                orders.setdefault(order["id"], order)
        except (ValueError, KeyError, TypeError):
            continue
    names = collections.Counter(order["customer"] for order in orders.values())
    return len(names), len(orders), sum(order["amount_cents"] for order in orders.values())


def check_nobody_reads(command):
    """As `totals | true`: it ends without a word."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b""), done


def main():
    lines = (EXAMPLE / "orders.jsonl").read_text(encoding="utf-8").splitlines()[:LINES]
    customers, orders, cents = expected(lines)
    last = ["customers", str(orders), f"{cents // 100}.{cents % 100:02}"]
    with tempfile.TemporaryDirectory(prefix="mecha-orders-") as folder:
        command = [sys.executable, str(EXAMPLE / "python" / "orders.py"), "--data", folder]
        text = pathlib.Path(folder) / "orders.jsonl"
        text.write_text("\n".join(lines) + "\n", encoding="utf-8")
        subprocess.run([*command, "publish", str(text)], check=True, timeout=100)
        killed = subprocess.Popen([*command, "worker"])
        time.sleep(0.5)
        killed.kill()
        killed.wait()
        worker = subprocess.Popen([*command, "worker"])
        deadline = time.monotonic() + 90
        row = []
        while row[1:] != last and time.monotonic() < deadline:
            time.sleep(0.5)
            done = subprocess.run([*command, "totals"], check=True, timeout=60,
                                  capture_output=True, text=True)
            row = done.stdout.splitlines()[-1].split()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
        assert row == [str(customers), *last], (row, customers, last)
        check_nobody_reads([*command, "totals"])
        if len(sys.argv) > 2 and sys.argv[2]:
            subprocess.run([sys.argv[2], "--data", folder, "--verify", str(text)], check=True,
                           timeout=60)
    print("all orders are stored once:", *row)


if __name__ == "__main__":
    main()
