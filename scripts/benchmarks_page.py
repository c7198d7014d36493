#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/benchmarks.md from the JSON files that the benches write.

  benchmarks_page.py OUT_MD JSON...

Format of one file (every key but "bench" and "rows" may be missing):
  {"bench": "state_blocking", "question": "What does ... cost?",
   "machine": {"cpu": "...", "cores": 2},
   "rows": [
     {"case": "get 1 KB", "mecha": {"p50_us": 9.1, "p99_us": 14}, "ratio_p50": 1.02,
      "peer": {"name": "hiredis", "p50_us": 8.9, "p99_us": 13}, "target": "<= 1.05", "met": true},
     {"case": "load", "value": 2.5, "unit": "ms", "target": "<= 3", "met": true}],
   "notes": ["..."]}
A row may carry any other keys; each becomes a column. Numbers inside "mecha" and "peer" become
columns of their own.
"""
import json
import pathlib
import sys

LAST = ("target", "met")


def number(value):
    """A number with three significant digits, without exponent."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if value == int(value) and abs(value) >= 100:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return f"{value:.6f}".rstrip("0").rstrip(".") if "e" in text else text


def cell(value):
    if value is None:
        return ""
    if value is True or value is False:
        return "yes" if value else "**no**"
    return number(value).replace("|", "\\|").replace("\n", " ")


def flat(row):
    """The row as column -> value; {"mecha": {"p50_us": 1}} becomes "mecha p50_us"."""
    out = {}
    for key, value in row.items():
        if isinstance(value, dict):
            name = str(value.get("name", key))
            if "name" in value:
                out[key] = name
            for inner, each in value.items():
                if inner != "name":
                    out[f"{key} {inner}"] = each
        elif isinstance(value, list):
            out[key] = ", ".join(number(each) for each in value)
        else:
            out[key] = value
    if "value" in out and "unit" in out:
        out["value"] = f"{number(out['value'])} {out.pop('unit')}"
    return out


def columns(rows):
    """Every column in the order of first use, the verdict last."""
    names = []
    for row in rows:
        names += [name for name in row if name not in names]
    return [name for name in names if name not in LAST] + [name for name in LAST if name in names]


def shape(row):
    """Rows of one kind (latencies, single values) share a table."""
    return "value" in row


def table(rows):
    names = columns(rows)
    out = ["| " + " | ".join(name.replace("_", " ") for name in names) + " |\n",
           "|" + "---|" * len(names) + "\n"]
    for row in rows:
        out.append("| " + " | ".join(cell(row.get(name)) for name in names) + " |\n")
    return "".join(out)


def section(result):
    rows = [flat(row) for row in result.get("rows", [])]
    out = [f"\n## {result['bench']}\n"]
    if result.get("question"):
        out.append(f"\n{result['question']}\n")
    for kind in (False, True):
        chosen = [row for row in rows if shape(row) is kind]
        if chosen:
            out.append("\n" + table(chosen))
    notes = result.get("notes", [])
    if notes:
        out.append("\n" + "".join(f"- {note}\n" for note in notes))
    machine = result.get("machine", {})
    if machine:
        text = machine if isinstance(machine, str) else ", ".join(
            f"{key} {number(value)}" for key, value in machine.items())
        out.append(f"\nMeasured on: {text}.\n")
    return "".join(out)


def page(results):
    met = sum(row.get("met") is True for result in results for row in result.get("rows", []))
    judged = sum("met" in row for result in results for row in result.get("rows", []))
    head = ("# Benchmarks\n\nWritten by `scripts/bench` from the results in docs/benchmarks; do not"
            " edit. Each program runs Mecha and its peer in turns in the same process, so the"
            " ratios hold on other machines better than the numbers do.\n"
            f"\n{met} of {judged} targets met.\n")
    return head + "".join(section(result) for result in results)


def read(path):
    try:
        result = json.loads(pathlib.Path(path).read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"{path}: is no JSON: {error}")
    if not isinstance(result, dict) or not isinstance(result.get("rows"), list):
        sys.exit(f'{path}: needs an object with "bench" and a list "rows"')
    result.setdefault("bench", pathlib.Path(path).stem)
    return result


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    out, *inputs = arguments
    results = sorted((read(path) for path in inputs), key=lambda result: result["bench"])
    pathlib.Path(out).write_text(page(results))


if __name__ == "__main__":
    main(sys.argv[1:])
