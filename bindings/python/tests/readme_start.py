#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the first program of the README: readme_start.py README"""
import contextlib
import io
import pathlib
import re
import sys

text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
start = text.partition("## Start")[2]
program = re.search(r"```python\n(.*?)```", start, re.DOTALL).group(1)
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    exec(compile(program, "README.md", "exec"), {"__name__": "__main__"})
assert printed.getvalue() == "{'total': 12} None\npaid {'order': 7}\n", printed.getvalue()
for part in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
    is_async = part.startswith("async with")
    compile(f"async def main():\n{re.sub('^', ' ', part, flags=re.M)}" if is_async else part,
            "README.md", "exec")
print("the README's start works")
