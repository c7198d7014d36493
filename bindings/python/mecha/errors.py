# SPDX-License-Identifier: Apache-2.0
"""What goes wrong: one exception class per status, all of them an Error."""
from __future__ import annotations

import enum
from typing import Any, Optional

from . import _mecha


class Status(enum.IntEnum):
    """How an operation ended: 0 and above is success, below is failure."""
    OK = _mecha.OK
    PENDING = _mecha.PENDING
    PARTIAL = _mecha.PARTIAL
    CANCELLED = _mecha.CANCELLED
    UNKNOWN = _mecha.UNKNOWN
    INVALID_ARGUMENT = _mecha.INVALID_ARGUMENT
    DEADLINE_EXCEEDED = _mecha.DEADLINE_EXCEEDED
    NOT_FOUND = _mecha.NOT_FOUND
    ALREADY_EXISTS = _mecha.ALREADY_EXISTS
    PERMISSION_DENIED = _mecha.PERMISSION_DENIED
    RESOURCE_EXHAUSTED = _mecha.RESOURCE_EXHAUSTED
    FAILED_PRECONDITION = _mecha.FAILED_PRECONDITION
    ABORTED = _mecha.ABORTED
    OUT_OF_RANGE = _mecha.OUT_OF_RANGE
    UNIMPLEMENTED = _mecha.UNIMPLEMENTED
    INTERNAL = _mecha.INTERNAL
    UNAVAILABLE = _mecha.UNAVAILABLE
    DATA_LOSS = _mecha.DATA_LOSS
    UNAUTHENTICATED = _mecha.UNAUTHENTICATED
    BUSY = _mecha.BUSY
    CLOSED = _mecha.CLOSED
    FORKED = _mecha.FORKED
    REENTRANT = _mecha.REENTRANT
    VERSION = _mecha.VERSION
    NO_MEMORY = _mecha.NO_MEMORY
    GONE = _mecha.GONE
    SUSPENDED = _mecha.SUSPENDED
    OUTCOME_UNKNOWN = _mecha.OUTCOME_UNKNOWN
    DEADLOCK = _mecha.DEADLOCK
    STUCK = _mecha.STUCK

    @classmethod
    def of(cls, number: int) -> Status:
        """The status of that number; UNKNOWN for one of a newer library."""
        try:
            return cls(number)
        except ValueError:
            return cls.UNKNOWN


class Retryable(enum.IntEnum):
    """Whether trying again can help. NO is false, the others are true."""
    NO = _mecha.RETRYABLE_NO
    SAFE = _mecha.RETRYABLE_SAFE
    ONLY_IF_IDEMPOTENT = _mecha.RETRYABLE_ONLY_IF_IDEMPOTENT


class Error(Exception):
    """Why an operation failed; its text says what, where, and what to do next."""

    status: Status = Status.UNKNOWN
    retryable: Retryable = Retryable.NO
    _result: Optional[_mecha.Result] = None

    @property
    def maybe_applied(self) -> bool:
        """True when a failed write may have happened all the same."""
        return self._result is not None and bool(
            self._result.info()[3] & _mecha.RESULT_MAYBE_APPLIED)

    @property
    def tries(self) -> int:
        """How often the operation was tried; 0 when it was refused before."""
        return 0 if self._result is None else self._result.info()[5]

    @property
    def code(self) -> int:
        """An HTTP or gRPC code from a peer; 0: none."""
        return 0 if self._result is None else self._result.info()[1]

    @property
    def items(self) -> list[Any]:
        """The items of the failed operation, as far as it has any."""
        return [] if self._result is None else self._result.items()

    def detail(self, name: str) -> Optional[str]:
        """One part of the error: component, type, operation, applied, file, line, cause, max_ops,
        index; None when it has no such part."""
        return None if self._result is None else self._result.detail(name)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (int(self.status), str(self), int(self.retryable))


class Cancelled(Error):
    """The operation was cancelled."""


class InvalidArgument(Error, ValueError):
    """Something given to it is wrong."""


class DeadlineExceeded(Error, TimeoutError):
    """Its time was over."""


class NotFound(Error, LookupError):
    """There is no component, topic or document of that name."""


class AlreadyExists(Error):
    """There is one already."""


class PermissionDenied(Error):
    """Scopes or the back-end do not allow it."""


class ResourceExhausted(Error):
    """Disk, memory or a quota is full."""


class FailedPrecondition(Error):
    """Something must happen first: not started, a read-only file."""


class Aborted(Error):
    """An etag did not match, or the key exists already."""


class OutOfRange(Error):
    """Larger than a limit."""


class Unimplemented(Error):
    """This component cannot do it."""


class Internal(Error):
    """A mistake inside the library or the component."""


class Unavailable(Error):
    """The back-end cannot be reached."""


class DataLoss(Error):
    """What is stored cannot be read."""


class Unauthenticated(Error):
    """The back-end does not accept who we are."""


class Busy(Error):
    """Too much is in flight; nothing was started."""


class Closed(Error):
    """The runtime is closed."""


class Forked(Error):
    """The runtime belongs to the parent process; open one after the fork."""


class Reentrant(Error):
    """It would block one of the runtime's own threads."""


class VersionMismatch(Error, ImportError):
    """Binding and library do not fit."""


class NoMemory(Error, MemoryError):
    """There is no memory left."""


class Gone(Error):
    """The event is not open any more: answered, taken back, or too late."""


class Suspended(Error):
    """The runtime is suspended."""


_CLASSES: dict[int, type[Error]] = {
    Status.CANCELLED: Cancelled,
    Status.INVALID_ARGUMENT: InvalidArgument,
    Status.DEADLINE_EXCEEDED: DeadlineExceeded,
    Status.NOT_FOUND: NotFound,
    Status.ALREADY_EXISTS: AlreadyExists,
    Status.PERMISSION_DENIED: PermissionDenied,
    Status.RESOURCE_EXHAUSTED: ResourceExhausted,
    Status.FAILED_PRECONDITION: FailedPrecondition,
    Status.ABORTED: Aborted,
    Status.OUT_OF_RANGE: OutOfRange,
    Status.UNIMPLEMENTED: Unimplemented,
    Status.INTERNAL: Internal,
    Status.UNAVAILABLE: Unavailable,
    Status.DATA_LOSS: DataLoss,
    Status.UNAUTHENTICATED: Unauthenticated,
    Status.BUSY: Busy,
    Status.CLOSED: Closed,
    Status.FORKED: Forked,
    Status.REENTRANT: Reentrant,
    Status.VERSION: VersionMismatch,
    Status.NO_MEMORY: NoMemory,
    Status.GONE: Gone,
    Status.SUSPENDED: Suspended,
}
_ADVICE = {
    Status.FORKED: "the runtime belongs to the parent process; open one in this process",
    Status.CLOSED: "the runtime is closed; open a new one",
    Status.SUSPENDED: "the runtime is suspended; resume it first",
}


def make_error(status: int, message: str, retryable: int,
               result: Optional[_mecha.Result]) -> Error:
    """The exception for a failed operation. The C side calls it."""
    if result is None or message == _mecha.status_name(status):
        message = _ADVICE.get(Status.of(status), message) if message.isupper() else message
    error = _CLASSES.get(status, Error)(message)
    error.status = Status.of(status)
    error.retryable = Retryable(retryable)
    error._result = result
    return error


def _rebuild(status: int, message: str, retryable: int) -> Error:
    return make_error(status, message, retryable, None)


__all__ = ["Aborted", "AlreadyExists", "Busy", "Cancelled", "Closed", "DataLoss",
           "DeadlineExceeded", "Error", "FailedPrecondition", "Forked", "Gone", "Internal",
           "InvalidArgument", "NoMemory", "NotFound", "OutOfRange", "PermissionDenied",
           "Reentrant", "ResourceExhausted", "Retryable", "Status", "Suspended",
           "Unauthenticated", "Unavailable", "Unimplemented", "VersionMismatch"]
