# SPDX-License-Identifier: Apache-2.0
"""Once at import: gives the C side what is written in Python, and checks the library's version."""
from __future__ import annotations

import os
import threading

from . import _mecha, context, errors
from .events import Event
from .items import Item

_MINOR = 1000


def version_text(number: int) -> str:
    """1000 as "0.1.0"."""
    return f"{number // 1000000}.{number // _MINOR % 1000}.{number % 1000}"


def check_version(built: int = _mecha.API_VERSION) -> str:
    """The library's version. A library older than the headers this was built with, or of another
    major version, is an ImportError that names both."""
    loaded, text = _mecha.version()
    if loaded // _MINOR < built // _MINOR or loaded // 1000000 != built // 1000000:
        raise errors.make_error(
            _mecha.VERSION, f"this binding of Mecha {version_text(built)} needs libmecha "
            f"{version_text(built)} or later of the same major version, and libmecha {text} is "
            "loaded; install the library that belongs to it", 0, None)
    return text


def connect() -> None:
    """Tells the C side the classes that it makes."""
    _mecha.configure(errors.make_error, context.current.get, Event, Item)
    _mecha.set_main_thread(threading.main_thread().ident or 0)
    os.register_at_fork(after_in_child=lambda: _mecha.set_main_thread(threading.get_ident()))
