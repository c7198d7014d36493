#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the programs of the README, the first one in memory and in files: readme_start.py README"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import mecha


def first(language, chapter, skip=0):
    """A block of code of a chapter."""
    return re.findall(f"```{language}\n(.*?)```", text.partition(chapter)[2], re.DOTALL)[skip]


def check_start(program):
    """It prints what it says."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.stdout == "{'total': 12} None\npaid {'order': 7}\n", done
    assert (done.returncode, done.stderr) == (0, ""), done


def check_handler(program):
    """It stores what is published, and Ctrl-C ends it without a word."""
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as serving:
        with mecha.Runtime("shop", resources="resources") as rt:
            rt.pubsub("messages").publish_json("paid", {"order": 8})
            deadline = time.monotonic() + 30
            while rt.state("orders").get_json("paid-8") != {"order": 8}:
                assert time.monotonic() < deadline and serving.poll() is None
                time.sleep(0.02)
        serving.send_signal(signal.SIGINT)
        assert serving.stderr.read() == b""
    assert serving.returncode == 0


text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
start = first("python", "## Start")
check_start(start)
with tempfile.TemporaryDirectory(prefix="mecha-readme-") as folder:
    os.chdir(folder)
    os.mkdir("resources")
    pathlib.Path("resources/stores.yaml").write_text(first("yaml", "## Start"), encoding="utf-8")
    check_start(start.replace("resource_texts=RESOURCES", 'resources="resources"'))
    check_handler(first("python", "## Asynchronous calls", 1))
    os.chdir("/")
for part in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
    is_async = part.startswith("async with")
    compile(f"async def main():\n{re.sub('^', ' ', part, flags=re.M)}" if is_async else part,
            "README.md", "exec")
print("the README's programs work")
