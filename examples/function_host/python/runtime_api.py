# SPDX-License-Identifier: Apache-2.0
"""The HTTP interface through which AWS Lambda gives a process invocations and takes the answers."""
import http.client
import json
import re
import select
import time
from typing import NamedTuple, Optional

PREFIX = "/2018-06-01/runtime/"
TRACE = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{24});(?:.*;)?Parent=([0-9a-f]{16})(?:;|$)")


class Invocation(NamedTuple):
    """One invocation of the function."""
    id: str
    payload: bytes
    deadline: float  # seconds since 1970
    traceparent: Optional[str]

    @property
    def time_left(self) -> float:
        """Seconds, less what the answer needs."""
        return self.deadline - time.time() - 0.05


class Failure(Exception):
    """What the caller of the function gets instead of an answer."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class RuntimeApi:
    """`wake_fd` is readable once the process is to stop; that ends the wait for an invocation."""

    def __init__(self, address: str, wake_fd: int) -> None:
        self._connection = http.client.HTTPConnection(address)
        self._wake_fd = wake_fd

    def next(self) -> Optional[Invocation]:
        """Waits, for ever, for the next invocation; None when the process is to stop."""
        response = self._ask("GET", "invocation/next", waits=True)
        if response is None:
            return None
        headers, payload = response
        return Invocation(headers["Lambda-Runtime-Aws-Request-Id"], payload,
                          int(headers["Lambda-Runtime-Deadline-Ms"]) / 1000,
                          traceparent_of(headers.get("Lambda-Runtime-Trace-Id", "")))

    def respond(self, invocation: Invocation, answer: object) -> None:
        """Gives the answer, as JSON."""
        self._ask("POST", f"invocation/{invocation.id}/response", answer)

    def fail(self, invocation: Invocation, failure: Failure) -> None:
        """Ends the invocation with an error."""
        self._fail(f"invocation/{invocation.id}/error", failure)

    def fail_start(self, failure: Failure) -> None:
        """The process cannot start; it is to end after this."""
        self._fail("init/error", failure)

    def _fail(self, path: str, failure: Failure) -> None:
        body = {"errorMessage": str(failure), "errorType": failure.kind, "stackTrace": []}
        self._ask("POST", path, body, {"Lambda-Runtime-Function-Error-Type": failure.kind})

    def _ask(self, method, path, body=None, headers=None, waits=False):
        """The headers and the body of the response. A kept connection that the server has closed
        meanwhile, as after a freeze, is replaced once."""
        text = None if body is None else json.dumps(body).encode()
        for is_kept in (self._connection.sock is not None, False):
            try:
                self._connection.request(method, PREFIX + path, text, headers or {})
                if waits:
                    sock = self._connection.sock
                    if self._wake_fd in select.select([sock, self._wake_fd], [], [])[0]:
                        return None
                response = self._connection.getresponse()
                break
            except (http.client.RemoteDisconnected, ConnectionError):
                self._connection.close()
                if not is_kept:
                    raise
        content = response.read()
        if response.status not in (200, 202):
            raise RuntimeError(f"{method} {path}: status {response.status} {content[:200]!r}")
        return response.headers, content


def traceparent_of(trace_id: str) -> Optional[str]:
    """The trace in the form of W3C; None when there is none."""
    match = TRACE.search(trace_id)
    if match is None:
        return None
    sampled = "01" if "Sampled=1" in trace_id.split(";") else "00"
    return f"00-{match[1]}{match[2]}-{match[3]}-{sampled}"
