"""Clocks: the wall's for people, a stepped one for tests."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time of day and lets it pass."""

    def now_ms(self) -> int:
        """Return milliseconds since the epoch."""

    def wait(self, seconds: float) -> None:
        """Let *seconds* pass, or less when the run is to stop."""


class WallClock:
    """The clock on the wall; *stop* ends a wait early."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def now_ms(self) -> int:
        """Return milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def wait(self, seconds: float) -> None:
        """Sleep for *seconds*, or until the run is to stop."""
        self._stop.wait(seconds)
