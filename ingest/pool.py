"""Several workers on one machine: each a process of its own, started again when it dies.

A worker of a pool stops when the pool is gone, however it went: their standard input is a pipe
that ends with the pool, and a worker that is left over would keep the next pool's from starting.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

log = logging.getLogger("jellyroll.ingest")

_MAX_PAUSE_S = 5.0
#: A worker that ran so long had no trouble starting.
_SETTLED_S = 5.0
_STOP_TIMEOUT_S = 60.0


def on_end_of_pool(stop: Callable[[], None]) -> None:
    """Call *stop*, in a thread, when the pool that started this process is gone."""

    def wait() -> None:
        while os.read(0, 1024):
            pass
        stop()

    threading.Thread(target=wait, name="end-of-pool", daemon=True).start()


class Pool:
    """Keeps one process of `jellyroll ARGUMENTS` running for each entry of *commands*."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._commands = commands
        self._stop = threading.Event()

    def stop(self) -> None:
        """End `run`; safe from a signal handler."""
        self._stop.set()

    def run(self) -> int:
        """Run until `stop`; return 0, or the code of a worker that will not start."""
        members = [_Member(command) for command in self._commands]
        try:
            while not self._stop.wait(0.2):
                for member in members:
                    member.tend()
                    if member.hopeless:
                        return member.hopeless
        finally:
            for member in members:
                member.terminate()
            deadline_s = time.monotonic() + _STOP_TIMEOUT_S
            for member in members:
                member.wait(deadline_s - time.monotonic())
        return 0


class _Member:
    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._pause_s = 0.1
        self._start_at_s = time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None
        self._has_settled = False
        self.hopeless = 0

    def tend(self) -> None:
        """Start the process, and again when it dies; one that cannot start says itself why."""
        if self._process is None:
            if time.monotonic() >= self._start_at_s:
                self._start_at_s = time.monotonic()
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "jellyroll", *self._command],
                    stdin=subprocess.PIPE,
                    start_new_session=True,
                )
            return
        code = self._process.poll()
        if code is None:
            return
        if time.monotonic() - self._start_at_s > _SETTLED_S:
            self._has_settled = True
            self._pause_s = 0.1
        elif code == 1 and not self._has_settled:
            self.hopeless = code
            return
        self._pause_s = min(2 * self._pause_s, _MAX_PAUSE_S)
        log.warning("worker %d ended with %d; starting another", self._process.pid, code)
        self._process = None
        self._start_at_s = time.monotonic() + self._pause_s

    def terminate(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, timeout_s: float) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(max(timeout_s, 1.0))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
