# SPDX-License-Identifier: Apache-2.0
"""A redis-server of a test's own: on a free loopback port, in a folder of the test, ended by its
process id."""
import shutil
import socket
import subprocess
import time

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
TRIES = 20


def is_installed():
    return shutil.which("redis-server") is not None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PrivateRedis:
    """Runs until kill(); start() starts it again on the same port, with what it kept on disk."""

    def __init__(self, folder, *arguments):
        self.folder = folder
        self.arguments = arguments
        self.process = None
        for _ in range(5):  # another program may take the port before the server does
            self.port = free_port()
            if self._launch():
                return
        raise AssertionError("redis-server does not start")

    def start(self):
        """Another program may have the port for a moment, as the near end of a connection."""
        for _ in range(TRIES):
            if self._launch():
                return
            time.sleep(0.5)
        raise AssertionError(f"redis-server does not start again on port {self.port}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, command):
        """The whole answer to one command in plain words."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(command.encode() + b"\r\nQUIT\r\n")
            answer = b""
            while part := connection.recv(65536):
                answer += part
        return answer.decode()

    def _launch(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", str(self.folder), *self.arguments], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            if self._answers():
                return True
            time.sleep(0.01)
        raise AssertionError("redis-server runs but does not answer for 20 s")

    def _answers(self):
        try:
            return self.ask("PING").startswith("+PONG")
        except OSError:
            return False
