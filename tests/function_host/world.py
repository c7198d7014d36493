# SPDX-License-Identifier: Apache-2.0
"""What tests of a function host stand on: the program in a private folder, its broker and store."""
import os
import pathlib
import signal
import sqlite3
import subprocess
import time

from runtime_api import RuntimeApi

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "function_host"
SECONDS = 30  # for anything that is waited for


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def wait_until(condition, what, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s it does not hold that {what}")
        time.sleep(0.02)


class World:
    """A folder with the resources of the example, and the hosts that run in it. State is in SQLite
    unless `store` says otherwise; `redis` is where a server listens."""

    def __init__(self, command, folder, broker="sqlite", redis=None, store="sqlite"):
        self.command = command
        self.folder = folder
        self.resources = folder / "resources"
        self.resources.mkdir()
        self.hosts = []
        for name, back_end in (("counts.yaml", store), ("events.yaml", broker)):
            text = (EXAMPLE / back_end / name).read_text()
            if redis is not None:
                text = text.replace("localhost:6379", f"127.0.0.1:{redis.port}")
            (self.resources / name).write_text(text)

    def start(self, api=None, prefix=(), **environment):
        host = Host(self, api or RuntimeApi(), prefix, environment)
        self.hosts.append(host)
        return host

    def rows(self, like):
        """The store as it is, by key without the application's name; empty before it is made."""
        try:
            with sqlite3.connect(f"file:{self.folder / 'counts.db'}?mode=ro", uri=True) as store:
                rows = store.execute("SELECT key, value FROM state WHERE key LIKE ?",
                                     ("function-host||" + like,)).fetchall()
        except sqlite3.OperationalError:
            return {}
        return {key.removeprefix("function-host||"): value for key, value in rows}

    def is_locked(self):
        """Whether somebody is in the middle of a write to one of the files."""
        for file in self.folder.glob("*.db"):
            try:
                with sqlite3.connect(file, timeout=0, isolation_level=None) as database:
                    database.execute("BEGIN IMMEDIATE")
                    database.execute("ROLLBACK")
            except sqlite3.OperationalError:
                return True
        return False

    def end(self):
        for host in self.hosts:
            host.kill()
        for host in self.hosts:
            host.api.end()


class Host:
    """The program under test, and the runtime API it asks."""

    def __init__(self, world, api, prefix, environment):
        self.world = world
        self.api = api
        self.log = world.folder / f"host{len(world.hosts)}.log"
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith(("FUNCTION_", "AWS_"))}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*prefix, *world.command], cwd=world.folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT,
                env={**clean, "AWS_LAMBDA_RUNTIME_API": api.address,
                     "FUNCTION_RESOURCES": str(world.resources), **environment})

    def invoke(self, payload, **options):
        return self.api.invoke(payload, **options)

    def describe(self):
        return self.invoke('"describe"').json()

    def rest(self, count=1):
        """Until it waits for an invocation."""
        self.api.await_waiting(count)

    def freeze(self):
        """Not in the middle of a write to a file: that stays locked for the others, whatever the
        library does."""
        def stop():
            self.process.send_signal(signal.SIGSTOP)
            wait_until(lambda: self.status("State").startswith("T"), "the process is stopped")
            if self.world.is_locked():
                self.thaw()
                return False
            return True
        wait_until(stop, "it is stopped outside a write")

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def status(self, name):
        """A line of /proc/PID/status."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return line.split(":", 1)[1].strip()
        raise AssertionError(f"the process has no {name}")

    def open_files(self):
        folder = pathlib.Path(f"/proc/{self.process.pid}/fd")
        return [os.readlink(entry) for entry in folder.iterdir()]

    def stop(self, seconds=SECONDS):
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.process.wait(seconds)

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()
