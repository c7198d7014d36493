#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What does a call cost from Python, Go and Rust, beside the same call from C?

  languages [--json FILE]

Runs each language's own bench in turns with the one in C, several times over, and compares the
medians. A binding registers its command in the CMake property MECHA_LANGUAGE_BENCHES.
"""
import json
import os
import statistics
import subprocess
import sys

C_PROBE = "@C_PROBE@"
COMMANDS = "@COMMANDS@"  # language|program|argument..., separated by ;
# Beside which case of the probe in C, where it has no such one.
LIKE = {"get_1024_into_buffer": "get_1024"}
TURNS = 5
CASES = {"get_16": "blocking get of 16 B from memory",
         "get_1024": "blocking get of 1 KB from memory",
         "get_1024_into_buffer": "the same into a buffer of the caller's",
         "queue_get": "get of 16 B through a queue"}
# Nanoseconds: more than C takes at most, or, for the queue, in all.
EXTRA = {"rust": 10, "go": 150, "python": 400}
THROUGH_QUEUE = {"python": 4000, "go": 1000}


def measure(command):
    """Name of the case -> nanoseconds per operation."""
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=300)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["name"]: line["ns"] for line in lines}


def medians(runs):
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def row(language, case, c_ns, own_ns):
    """One line of the report, judged where the case has a target."""
    made = {"case": f"{language}, {CASES[case]}",
            "mecha": {"name": language, "ns": round(own_ns, 1)},
            "peer": {"name": "C", "ns": round(c_ns, 1)}, "over C": round(own_ns - c_ns, 1)}
    if case == "queue_get":
        limit = THROUGH_QUEUE.get(language)
        if limit:
            made |= {"target": f"<= {limit} ns", "met": own_ns <= limit}
    else:
        made |= {"target": f"<= {EXTRA[language]} ns over C",
                 "met": own_ns - c_ns <= EXTRA[language]}
    return made


def main():
    rows = []
    for entry in filter(None, COMMANDS.split(";")):
        language, *command = entry.split("|")
        if not os.path.exists(command[0]):
            print(f"{language}: {command[0]} is not there; it is built by\n"
                  f"  ctest --test-dir build/release -R '^{language}_build$'")
            continue
        own, peer = [], []
        for _ in range(TURNS):
            peer.append(measure([C_PROBE]))
            own.append(measure(command))
        own, peer = medians(own), medians(peer)
        rows += [row(language, case, peer[LIKE.get(case, case)], own[case])
                 for case in CASES if case in own]
    for each in rows:
        met = {True: "met", False: "MISSED", None: ""}[each.get("met")]
        print(f"{each['case']:45} {each['mecha']['ns']:8} ns, C {each['peer']['ns']:8} ns  "
              f"{each.get('target', ''):20} {met}")
    if "--json" in sys.argv:
        report = {"bench": "languages", "question": __doc__.splitlines()[0],
                  "machine": {"cores": os.cpu_count()}, "rows": rows,
                  "notes": ["Through the queue asyncio has 64 in flight, the others 512; nothing "
                            "completes inline.",
                            "Go's rounds are long enough to have their share of garbage "
                            "collection, with the small heap of a bench."]}
        with open(sys.argv[sys.argv.index("--json") + 1], "w", encoding="utf-8") as file:
            json.dump(report, file, indent=2)
    return 0 if all(each.get("met", True) for each in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
