# SPDX-License-Identifier: Apache-2.0
"""A server for the runtime API of AWS Lambda, written from its public description: it queues
invocations, hands each to the process that has waited longest, and checks that what comes back
keeps to the protocol. It listens on a free loopback port."""
import http.server
import json
import select
import socket
import threading
import time
import uuid

PREFIX = "/2018-06-01/runtime/"
MOST_BYTES = 6 * 1024 * 1024


class Invocation:
    """One delivery of a payload, and what was answered."""

    def __init__(self, payload, request_id=None, seconds=30.0, trace_id=None):
        self.payload = payload if isinstance(payload, bytes) else payload.encode()
        self.id = request_id or str(uuid.uuid4())
        self.deadline_ms = int((time.time() + seconds) * 1000)
        self.trace_id = trace_id
        self.response = None  # the bytes of a response
        self.error = None     # the document of an error
        self.taken = threading.Event()
        self.answered = threading.Event()

    def json(self, seconds=30):
        """What the function returned. An error fails the test."""
        if not self.answered.wait(seconds):
            raise AssertionError(f"no answer to {self.payload[:80]!r} within {seconds} s")
        if self.error is not None:
            raise AssertionError(f"{self.payload[:80]!r} ended with {self.error}")
        return json.loads(self.response)

    def failure(self, seconds=30):
        """The document of the error. A response fails the test."""
        if not self.answered.wait(seconds):
            raise AssertionError(f"no answer to {self.payload[:80]!r} within {seconds} s")
        if self.error is None:
            raise AssertionError(f"{self.payload[:80]!r} did not fail: {self.response!r}")
        return self.error


class RuntimeApi:
    """`chunked`: payloads come in chunks. `closing`: each connection is closed after one answer.
    `rude`: it is closed without a word after each POST, as after a long freeze."""

    def __init__(self, chunked=False, closing=False, rude=False):
        self.chunked = chunked
        self.closing = closing
        self.rude = rude
        self.violations = []
        self.start_errors = []
        self.changed = threading.Condition()
        self.queued = []
        self.waiting = []   # the tickets of those who asked for an invocation, in order
        self.open = {}      # by id: taken and not answered
        self.tickets = 0
        self.ended = False
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.api = self
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server.server_address[1]}"

    def invoke(self, payload, **options):
        """Queues a payload: bytes, text, or what becomes JSON."""
        if not isinstance(payload, (bytes, str)):
            payload = json.dumps(payload)
        invocation = Invocation(payload, **options)
        with self.changed:
            self.queued.append(invocation)
            self.changed.notify_all()
        return invocation

    def await_waiting(self, count=1, seconds=30):
        """Until so many processes wait for an invocation: they are at rest."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.waiting) >= count, seconds):
                raise AssertionError(f"nobody asks for an invocation within {seconds} s; "
                                     f"start errors: {self.start_errors}")

    def await_start_error(self, seconds=30):
        with self.changed:
            if not self.changed.wait_for(lambda: self.start_errors, seconds):
                raise AssertionError(f"no start error within {seconds} s")
        return self.start_errors[0]

    def take(self, connection):
        """For a handler: the next invocation, or None when nobody waits for it any more."""
        with self.changed:
            self.tickets += 1
            ticket = self.tickets
            self.waiting.append(ticket)
            self.changed.notify_all()
            try:
                while not (self.queued and self.waiting[0] == ticket):
                    if self.ended or has_closed(connection):
                        return None
                    self.changed.wait(0.05)
                if has_closed(connection):
                    return None
                invocation = self.queued.pop(0)
            finally:
                self.waiting.remove(ticket)
                self.changed.notify_all()
            self.open[invocation.id] = invocation
        invocation.taken.set()
        return invocation

    def answer(self, request_id, response=None, error=None):
        """For a handler: False when that invocation is not open."""
        with self.changed:
            invocation = self.open.pop(request_id, None)
        if invocation is None:
            self.violations.append(f"an answer to {request_id}, which is not open")
            return False
        invocation.response, invocation.error = response, error
        invocation.answered.set()
        return True

    def end(self):
        """Fails when the protocol was broken."""
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        if self.violations:
            raise AssertionError(f"the protocol was broken: {self.violations}")


def has_closed(connection):
    readable, _, _ = select.select([connection], [], [], 0)
    if not readable:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    api = None

    def handle_error(self, request, client_address):
        """A process that was killed ends its connection as it likes."""


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def api(self):
        return self.server.api

    def log_message(self, *_):
        pass

    def send(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if self.api.closing:
            self.send_header("Connection", "close")
            self.close_connection = True
        if self.api.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for begin in range(0, len(body), 7000):
                part = body[begin:begin + 7000]
                self.wfile.write(f"{len(part):X};x=y\r\n".encode() + part + b"\r\n")
            self.wfile.write(b"0\r\nTrailing: yes\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def refuse(self, status, kind, what):
        self.api.violations.append(what)
        self.send(status, json.dumps({"errorMessage": what, "errorType": kind}).encode())

    def do_GET(self):
        if self.path != PREFIX + "invocation/next":
            self.refuse(404, "NotFound", f"GET {self.path}")
            return
        invocation = self.api.take(self.connection)
        if invocation is None:
            self.close_connection = True
            return
        headers = [("Lambda-Runtime-Aws-Request-Id", invocation.id),
                   ("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms)),
                   ("Lambda-Runtime-Invoked-Function-Arn",
                    "arn:aws:lambda:us-east-2:123456789012:function:function-host"),
                   ("Content-Type", "application/json")]
        if invocation.trace_id:
            headers.append(("Lambda-Runtime-Trace-Id", invocation.trace_id))
        self.send(200, invocation.payload, headers)

    def do_POST(self):
        length = self.headers.get("Content-Length")
        if length is None or not length.isdigit():
            self.refuse(411, "LengthRequired", f"POST {self.path} without Content-Length")
            self.close_connection = True
            return
        body = self.rfile.read(int(length))
        parts = self.path.removeprefix(PREFIX).split("/")
        if self.path == PREFIX + "init/error":
            self.take_error(body, None)
        elif len(parts) == 3 and parts[0] == "invocation" and parts[2] == "error":
            self.take_error(body, parts[1])
        elif len(parts) == 3 and parts[0] == "invocation" and parts[2] == "response":
            self.take_response(body, parts[1])
        else:
            self.refuse(404, "NotFound", f"POST {self.path}")
        if self.api.rude:
            self.close_connection = True

    def take_response(self, body, request_id):
        if len(body) > MOST_BYTES:
            self.refuse(413, "RequestEntityTooLarge", f"a response of {len(body)} bytes")
        elif self.api.answer(request_id, response=body):
            self.accept()
        else:
            self.send(400, b'{"errorMessage":"not open","errorType":"InvalidRequestID"}')

    def take_error(self, body, request_id):
        try:
            error = json.loads(body)
            text = {name: error[name] for name in ("errorMessage", "errorType")}
            is_whole = all(isinstance(part, str) and part for part in text.values())
            is_whole &= isinstance(error.get("stackTrace", []), list)
            is_whole &= self.headers["Lambda-Runtime-Function-Error-Type"] == error["errorType"]
        except (ValueError, KeyError, TypeError):
            is_whole = False
        if not is_whole:
            self.refuse(400, "InvalidErrorShape", f"the error {body[:200]!r}")
            return
        if request_id is None:
            with self.api.changed:
                self.api.start_errors.append(error)
                self.api.changed.notify_all()
        elif not self.api.answer(request_id, error=error):
            self.send(400, b'{"errorMessage":"not open","errorType":"InvalidRequestID"}')
            return
        self.accept()

    def accept(self):
        self.send(202, b'{"status":"OK"}', [("Content-Type", "application/json")])
