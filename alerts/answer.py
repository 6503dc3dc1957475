"""Answer: what came of an attempt to deliver, and what follows from it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

_WORTH_A_RETRY = frozenset({408, 425, 429})


class Verdict(enum.Enum):
    """What to do with a delivery after an attempt."""

    DELIVERED = enum.auto()
    RETRY = enum.auto()
    FAILED = enum.auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: HTTP *status*, or None where there was no answer.

    *error* is a sentence for a person, empty if all is well; *retry_after_s* what the receiver
    asked for.
    """

    status: int | None
    error: str = ""
    retry_after_s: float | None = None

    @property
    def verdict(self) -> Verdict:
        """2xx is delivered; a 4xx that says "never" ends it; all else is worth another try."""
        if self.status is None:
            return Verdict.RETRY
        if 200 <= self.status < 300:
            return Verdict.DELIVERED
        if 400 <= self.status < 500 and self.status not in _WORTH_A_RETRY:
            return Verdict.FAILED
        return Verdict.RETRY
