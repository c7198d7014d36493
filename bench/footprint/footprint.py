#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What does Mecha cost a program that loads it? Time to load, time to the first operation, memory
beside the clients alone, threads, descriptors and size.

Every number is the median of 31 fresh processes; Mecha and its peer take turns.
"""
import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 31


def probe(*command):
    output = subprocess.run([str(part) for part in command], check=True, capture_output=True,
                            text=True).stdout
    return {name: float(value) for name, value in (line.split() for line in output.splitlines())}


def medians(commands, scratch):
    """{name: {number: median}} of commands run in turns; "DATABASE" becomes a fresh file."""
    samples = {name: [] for name in commands}
    for turn in range(RUNS + 2):
        for name, command in commands.items():
            database = scratch / f"{name}-{turn}.db"
            numbers = probe(*(database if part == "DATABASE" else part for part in command))
            if turn >= 2:  # the first two only warm the page cache
                samples[name].append(numbers)
    return {name: {key: statistics.median(s[key] for s in runs) for key in runs[0]}
            for name, runs in samples.items()}


def write_back(library):
    """Has the kernel write what was just built to the disk. Until then it counts the pages of such
    a file as private dirty memory of whoever maps it: about 1 MB of libmecha.so."""
    for path in [library, *library.parent.glob("mecha/*.so")]:
        with path.open("rb") as file:
            os.fsync(file.fileno())


def stripped_bytes(library, scratch):
    copy = scratch / "stripped.so"
    shutil.copyfile(library, copy)
    subprocess.run(["strip", str(copy)], check=True)
    return copy.stat().st_size


def needed(library):
    """The libraries it links to, which a host pays for even if Mecha itself were empty."""
    dynamic = subprocess.run(["readelf", "-dW", library], check=True, capture_output=True,
                             text=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)


def free_port():
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return probing.getsockname()[1]


@contextlib.contextmanager
def redis_with_tls(scratch):
    """(port, file of the authority) of a private redis-server that speaks TLS only."""
    certificate, key, port = scratch / "server.pem", scratch / "server.key", free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=server",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1",
         "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate,
         "--tls-auth-clients", "no", "--save", "", "--dir", scratch],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(500):
            with socket.socket() as probing:
                if probing.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.01)
        yield str(port), str(certificate)
    finally:
        server.kill()
        server.wait()


def row(case, value, unit, limit=None, peer=None):
    result = {"case": case, "value": round(value, 4), "unit": unit}
    if peer is not None:
        result["peer"] = {"name": "hiredis + sqlite3", "value": round(peer, 4)}
    if limit is not None:
        result["target"] = f"<= {limit:g}" + (" over the peer" if peer is not None else "")
        result["met"] = value - (peer or 0) <= limit
    return result


def measure(options, scratch, tls):
    write_back(Path(options.library))
    found = medians({
        "memory": [options.probe, options.library],
        "tls": [options.probe, options.library, "--tls", *tls],
        "sqlite": [options.probe, options.library, "DATABASE"],
        "libraries": [options.probe, "--libraries", *needed(options.library)],
        "clients": [options.clients],
        "sqlite_alone": [options.clients, "DATABASE"]}, scratch)
    memory, sqlite = found["memory"], found["sqlite"]
    clients, alone = found["clients"], found["sqlite_alone"]
    megabyte = 1024
    load = row("load (dlopen in a C host)", memory["load_ms"], "ms", 3)
    load["peer"] = {"name": "its libraries alone", "value": found["libraries"]["load_ms"]}
    return [
        load,
        row("open, start and first in-memory operation", memory["first_operation_ms"], "ms", 1),
        row("memory after it", memory["rss_kb"] / megabyte, "MB", 4,
            clients["rss_kb"] / megabyte),
        row("memory with a SQLite store in use", sqlite["rss_kb"] / megabyte, "MB", 4,
            alone["rss_kb"] / megabyte),
        row("memory with Redis over TLS in use", found["tls"]["rss_kb"] / megabyte, "MB", 9,
            clients["rss_kb"] / megabyte),
        row("private dirty memory", memory["private_dirty_kb"] / megabyte, "MB", 1.5),
        row("private dirty memory with Redis over TLS", found["tls"]["private_dirty_kb"] / megabyte,
            "MB"),
        row("private dirty memory with SQLite", sqlite["private_dirty_kb"] / megabyte, "MB", None,
            alone["private_dirty_kb"] / megabyte),
        row("threads after blocking use of both stores", sqlite["threads"] - 1, "threads", 0),
        row("descriptors after in-memory use", memory["descriptors"], "descriptors", None,
            clients["descriptors"]),
        row("descriptors with a SQLite store in use", sqlite["descriptors"], "descriptors", None,
            alone["descriptors"]),
        row("stripped library", stripped_bytes(options.library, scratch) / megabyte / 1024, "MB",
            2)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", help="also write the rows to this file")
    parser.add_argument("--library", default="@LIBRARY@")
    parser.add_argument("--probe", default="@PROBE@")
    parser.add_argument("--clients", default="@CLIENTS@")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mecha-footprint-") as folder:
        with redis_with_tls(Path(folder)) as tls:
            rows = measure(options, Path(folder), tls)
    for each in rows:
        peer = f"  peer {each['peer']['value']:g}" if "peer" in each else ""
        target = f"  {each['target']}: {'yes' if each['met'] else 'NO'}" if "met" in each else ""
        print(f"{each['case']:44} {each['value']:9g} {each['unit']}{peer}{target}")
    if options.json:
        report = {"bench": "footprint",
                  "question": "What does Mecha cost a program that loads it?", "rows": rows,
                  "notes": [f"Median of {RUNS} fresh processes each, warm page cache."]}
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    sys.exit(0 if all(each.get("met", True) for each in rows) else 1)


if __name__ == "__main__":
    main()
