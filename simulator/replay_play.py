"""Plays messages in the rhythm in which they came, and knows when it is late."""

from __future__ import annotations

import logging
import queue
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field

from simulator.captured import Captured

#: A message sent later than this is counted, and a lag of this is worth a line in the log.
_LATE_S, _LAG_S = 0.1, 1.0
_REMIND_S = 60.0
#: So many messages are read before they are due.
_AHEAD = 1_000

_log = logging.getLogger("jellyroll.simulator")


@dataclass(slots=True)
class Played:
    """What was sent. Lags are from when a message was due; *lags_s* are the newest 100,000."""

    messages: int = 0
    rows: int = 0
    first_us: int | None = None
    last_us: int = 0
    late: int = 0
    latest_s: float = 0.0
    lags_s: deque[float] = field(default_factory=lambda: deque(maxlen=100_000))

    @property
    def lag_ms(self) -> float:
        """The median lag in milliseconds."""
        return 1000 * statistics.median(self.lags_s) if self.lags_s else 0.0


class Player:
    """Sends messages with *send*, which returns False on a stop, at *speed* times their rhythm.

    A *speed* of 0 is as fast as possible.
    """

    def __init__(
        self, send: Callable[[Captured], bool], speed: float, stop: threading.Event
    ) -> None:
        self._send = send
        self._speed = speed
        self._stop = stop
        #: When the first round began: once its first message was there, however long that took.
        self._begun_s: float | None = None
        self._warned_s = -_REMIND_S
        self.played = Played()

    def play(self, messages: Iterable[Captured], zero_us: int) -> bool:
        """Send *messages*, those of *zero_us* now; return False if stopped."""
        for message in messages:
            due_s = 0.0
            if self._begun_s is None:
                self._begun_s = time.monotonic()
            if self._speed:
                due_s = self._begun_s + (message.time_us - zero_us) / self._speed / 1e6
            if not self._wait(due_s) or not self._send(message):
                return False
            self._count(message, due_s)
        return True

    def rest(self, duration_us: int) -> bool:
        """Let a round of *duration_us* come to its end; return False if stopped."""
        if not self._speed or self._begun_s is None:
            return not self._stop.is_set()
        self._begun_s += duration_us / self._speed / 1e6
        return self._wait(self._begun_s)

    def _wait(self, due_s: float) -> bool:
        wait_s = due_s - time.monotonic()
        return not (self._stop.wait(wait_s) if wait_s > 0 else self._stop.is_set())

    def _count(self, message: Captured, due_s: float) -> None:
        played = self.played
        played.messages += 1
        played.rows += message.rows
        played.last_us = message.time_us
        if not self._speed:
            return
        now_s = time.monotonic()
        lag_s = now_s - due_s
        played.lags_s.append(lag_s)
        played.late += lag_s > _LATE_S
        played.latest_s = max(played.latest_s, lag_s)
        if lag_s > _LAG_S and now_s - self._warned_s >= _REMIND_S:
            self._warned_s = now_s
            _log.warning(
                "cannot keep up: %.1f s behind at speed %g; the broker or this machine is too"
                " slow for it",
                lag_s, self._speed,
            )  # fmt: skip


def read_ahead(messages: Iterable[Captured]) -> Generator[Captured, None, None]:
    """Yield *messages*, read by a thread of its own, so that no reading delays a message.

    What reading raises is raised here. Close the generator to end the thread.
    """
    ready: queue.Queue[Captured | Exception | None] = queue.Queue(_AHEAD)
    closed = threading.Event()

    def hand_over(item: Captured | Exception | None) -> bool:
        while not closed.is_set():
            try:
                ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def read() -> None:
        end: Exception | None = None
        try:
            for message in messages:
                if not hand_over(message):
                    return
        except Exception as error:  # noqa: BLE001  # it is raised where it is waited for
            end = error
        hand_over(end)

    thread = threading.Thread(target=read, name="jellyroll-replay-reader", daemon=True)
    thread.start()
    try:
        while isinstance(item := ready.get(), Captured):
            yield item
        if item is not None:
            raise item
    finally:
        closed.set()
        thread.join()
