"""When to try again: exponential with full jitter, and the receiver's own wish."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """The waits between attempts: up to *first_s*, doubling up to *longest_s*, for *give_up_s*."""

    first_s: float = 5.0
    longest_s: float = 60 * 60.0
    give_up_s: float = 24 * 60 * 60.0

    def delay_s(self, failures: int, retry_after_s: float | None = None) -> float:
        """Return how long to wait after that many *failures* in a row, at least 1.

        Full jitter (anything from nothing to the ceiling) keeps many senders from coming back in
        one wave. What the receiver asked for is the least, but no longer than *longest_s*: an
        alert is worth asking again.
        """
        # Past 2**32 any ceiling is reached; without the bound the power would overflow.
        ceiling = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 32))
        return min(self.longest_s, max(random.uniform(0, ceiling), retry_after_s or 0.0))  # noqa: S311  # no secret

    def is_over(self, tried_for_s: float) -> bool:
        """Tell whether the time since the first attempt is used up."""
        return tried_for_s >= self.give_up_s


def read_retry_after(text: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a `Retry-After` header asks for; None when it says nothing readable.

    It may hold seconds or an HTTP date (RFC 9110, 10.2.3).
    """
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
