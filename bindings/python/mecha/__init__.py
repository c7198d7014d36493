# SPDX-License-Identifier: Apache-2.0
"""Mecha: state, secrets and messages inside this process; back-ends are picked in Dapr YAML.

    with mecha.Runtime("shop", resources="resources") as rt:
        rt.state("orders").set("k1", b"v1")

AsyncRuntime is the same for asyncio.
"""
from .aio import AsyncRuntime
from .components import PubSub, Secrets
from .context import current_trace, trace
from .errors import (Aborted, AlreadyExists, Busy, Cancelled, Closed, DataLoss, DeadlineExceeded,
                     Error, FailedPrecondition, Forked, Gone, Internal, InvalidArgument, NoMemory,
                     NotFound, OutOfRange, PermissionDenied, Reentrant, ResourceExhausted,
                     Retryable, Status, Suspended, Unauthenticated, Unavailable, Unimplemented,
                     VersionMismatch)
from .events import DropMessage, Event, MessageInfo, RetryMessage, Verdict
from .items import Item, Page, Published
from .messages import Message, Write
from .options import (JSON, NEVER_EXPIRES, ApplyOptions, CallOptions, Consistency, DeleteOptions,
                      GetOptions, Ordering, PageOptions, RetryPattern, RetryPolicy, RuntimeOptions,
                      ServeOptions, SetOptions)
from .runtime import Runtime
from .serving import Subscription
from .loading import check_version, connect
from .state import State
from .update import DELETE, UpdateOptions

connect()
__version__ = check_version()

__all__ = ["Aborted", "AlreadyExists", "ApplyOptions", "AsyncRuntime", "Busy", "CallOptions",
           "Cancelled", "Closed", "Consistency", "DELETE", "DataLoss", "DeadlineExceeded",
           "DeleteOptions", "DropMessage", "Error", "Event", "FailedPrecondition", "Forked",
           "GetOptions", "Gone", "Internal", "InvalidArgument", "Item", "JSON", "Message",
           "MessageInfo", "NEVER_EXPIRES", "NoMemory", "NotFound", "Ordering", "OutOfRange",
           "Page", "PageOptions", "PermissionDenied", "PubSub", "Published", "Reentrant",
           "ResourceExhausted", "RetryMessage", "RetryPattern", "RetryPolicy", "Retryable",
           "Runtime", "RuntimeOptions", "Secrets", "ServeOptions", "SetOptions", "State", "Status",
           "Subscription", "Suspended", "Unauthenticated", "Unavailable", "Unimplemented",
           "UpdateOptions", "Verdict", "VersionMismatch", "Write", "current_trace", "trace"]
