"""Waiting for what another process, or another thread, has to do."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(
    condition: Callable[[], object], what: str = "what was to come", timeout_s: float = 60.0
) -> None:
    """Return as soon as *condition* is true; fail with *what* if it is not within *timeout_s*."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain for {what}"
        time.sleep(0.02)
