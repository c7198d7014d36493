#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A function on the runtime API of AWS Lambda, in Python; ../README.md tells what it shows. The
environment is that of the C++ program, but for FUNCTION_COPIES."""
import os
import pathlib
import signal
import sys
import threading
import time

import mecha
from counting import BROKER, Consumer, Function
from runtime_api import Failure, Invocation, RuntimeApi

REST_DEADLINE = 1.0  # for handlers of messages, in seconds


class Host:
    """Start, then over and over rest, wake, handle, answer, until a stop signal."""

    def __init__(self) -> None:
        self.address = os.environ.get("AWS_LAMBDA_RUNTIME_API")
        self.rest = os.environ.get("FUNCTION_REST", "suspend")
        self.consumes = os.environ.get("FUNCTION_CONSUMES")
        self.shutdown_seconds = int(os.environ.get("FUNCTION_SHUTDOWN_MS", "300")) / 1000
        if not self.address:
            raise SystemExit("function_host: AWS_LAMBDA_RUNTIME_API is not set")
        if self.rest not in ("suspend", "keep", "none"):
            print(f"function_host: FUNCTION_REST={self.rest}: not suspend, keep or none",
                  file=sys.stderr)
            raise SystemExit(2)
        self.stopping = threading.Event()
        self.api = RuntimeApi(self.address, self._listen_for_signals())
        self.microseconds: dict[str, float] = {}
        self.is_resting = False
        self.is_serving = False
        self.runtime = self._start()
        self.function = Function(self.runtime, self.stopping)
        self.consumer = Consumer(self.runtime)

    def _listen_for_signals(self) -> int:
        """A descriptor that is readable once a stop signal came, so that none is missed."""
        wake, told = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(told)
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: self.stopping.set())
        return wake

    def _start(self) -> mecha.Runtime:
        resources = os.environ.get("FUNCTION_RESOURCES",
                                   str(pathlib.Path(__file__).resolve().parents[1] / "sqlite"))
        begin = time.monotonic_ns()
        try:
            runtime = mecha.Runtime("function-host", resources=resources)
            runtime.start()
        except mecha.Error as error:
            self.api.fail_start(Failure("Runtime.StartFailed", str(error)))
            raise SystemExit(f"function_host: {error}") from error
        self.microseconds["start"] = (time.monotonic_ns() - begin) / 1000
        return runtime

    def run(self) -> None:
        """Until a stop signal."""
        try:
            while not self.stopping.is_set():
                self._fall_asleep()
                invocation = self.api.next()
                if invocation is not None:
                    self._answer(invocation)
        except OSError as error:
            raise SystemExit(f"function_host: {self.address}: {error}") from error
        finally:
            self._shut_down()

    def _shut_down(self) -> None:
        try:
            self.runtime.shutdown(self.shutdown_seconds)
        except mecha.Error as error:
            print(f"function_host: shutdown: {error}", file=sys.stderr)

    def _answer(self, invocation: Invocation) -> None:
        try:
            self._wake()
            is_question = invocation.payload == b'"describe"'
            answer = self._describe() if is_question else self.function.handle(invocation)
        except Failure as failure:
            self.api.fail(invocation, failure)
        else:
            self.api.respond(invocation, answer)

    def _fall_asleep(self) -> None:
        if self.rest == "none" or self.is_resting:
            return
        begin = time.monotonic_ns()
        try:
            self.runtime.suspend(REST_DEADLINE, keep_connections=self.rest == "keep")
            self.is_resting = True
        except mecha.Error as error:  # it runs on; a freeze is survived all the same
            print(f"function_host: cannot rest: {error}", file=sys.stderr)
        self.microseconds["rest"] = (time.monotonic_ns() - begin) / 1000

    def _wake(self) -> None:
        begin = time.monotonic_ns()
        try:
            if self.is_resting:
                self.runtime.resume()
                self.is_resting = False
                self.microseconds["wake"] = (time.monotonic_ns() - begin) / 1000
            if self.consumes and not self.is_serving:
                self.runtime.topic(BROKER, self.consumes)(self.consumer.handle)
                self.runtime.start_serving(threads=1)
                self.is_serving = True
        except mecha.Error as error:
            raise Failure("Function.CannotWake", str(error)) from error

    def _describe(self) -> dict:
        return {"runtime": self.runtime.describe(), "messages": self.consumer.tally,
                "microseconds": {"rest": 0, "wake": 0, **self.microseconds}}


if __name__ == "__main__":
    Host().run()
