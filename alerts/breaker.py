"""Breaker and rate: how an endpoint that fails, or is asked too often, is left in peace.

Both are pure but for the clock that they are given: seconds that only grow.
"""

from __future__ import annotations

from dataclasses import dataclass

from alerts.backoff import BackOff

#: Failures in a row until an endpoint is left in peace.
TRIP_AFTER = 5


@dataclass(slots=True)
class Breaker:
    """Opens after *trip_after* failures in a row, then lets one attempt through at a time.

    While it is open, deliveries wait without an attempt, so that hundreds of them do not each use
    up a time-out. *back_off* says how long until the next probe.
    """

    back_off: BackOff
    trip_after: int = TRIP_AFTER
    failures: int = 0
    resume_at_s: float = 0.0

    @property
    def is_open(self) -> bool:
        """Tell whether the endpoint counts as dead."""
        return self.failures >= self.trip_after

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait before the next attempt; 0 for now."""
        return max(0.0, self.resume_at_s - now_s)

    def failed(self, now_s: float) -> bool:
        """Count a failure; return whether it opened the breaker just now."""
        self.failures += 1
        if self.is_open:
            self.resume_at_s = now_s + self.back_off.delay_s(self.failures - self.trip_after + 1)
        return self.failures == self.trip_after

    def succeeded(self) -> bool:
        """Count a success; return whether it closed the breaker just now."""
        was_open = self.is_open
        self.failures = 0
        self.resume_at_s = 0.0
        return was_open


@dataclass(slots=True)
class Rate:
    """At most *per_minute* attempts in a minute; *burst* of them may come at once.

    A bucket that holds *burst* tokens and is refilled evenly.
    """

    per_minute: float
    burst: float
    tokens: float = 0.0
    filled_at_s: float | None = None

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait before the next attempt; 0 for now."""
        if self.filled_at_s is None:
            self.tokens = self.burst
        else:
            gained = (now_s - self.filled_at_s) * self.per_minute / 60
            self.tokens = min(self.burst, self.tokens + gained)
        self.filled_at_s = now_s
        return max(0.0, (1 - self.tokens) * 60 / self.per_minute)

    def take(self) -> None:
        """Count an attempt."""
        self.tokens -= 1
