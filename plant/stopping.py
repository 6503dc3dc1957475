"""SIGTERM and SIGINT tell a service to end."""

from __future__ import annotations

import _thread
from collections.abc import Callable
from types import FrameType


def aside(stop: Callable[[], object]) -> Callable[[int, FrameType | None], None]:
    """Return a handler of signals that calls *stop* on a thread of its own.

    A handler runs in the main thread, whatever that is doing. Were it to set a `threading.Event`
    there while the thread enters the event's `wait`, it would wait for a lock that the thread which
    it has interrupted holds, and the service would never end.
    """

    def handle(_number: int, _frame: FrameType | None) -> None:
        _thread.start_new_thread(stop, ())

    return handle
