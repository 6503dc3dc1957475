"""The books of one worker: every message that came in is somewhere."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from ingest.commit import Committed


@dataclass
class Tally:
    """Counts since the worker started; messages, where nothing else is said.

    Each is counted where it happens and none is worked out from the others, so that `unbalanced`
    is a check: received = stored + dead letters + duplicates + in hand + returned.
    """

    received: int = 0
    #: Gathered or being committed, not yet acknowledged.
    in_hand: int = 0
    #: In hand when the connection ended; the broker sends them again.
    returned: int = 0
    committed: Committed = field(default_factory=Committed)
    #: Messages that could not be read, by reason; one that is delivered again counts again.
    reasons: Counter[str] = field(default_factory=Counter)
    batches: int = 0
    commit_s: float = 0.0
    connected: bool = False
    database_up: bool = True
    #: When the loop last came round, on the monotonic clock.
    beat_s: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, messages: int) -> None:
        """Enter *messages* as received and in hand."""
        with self._lock:
            self.received += messages
            self.in_hand += messages

    def give_back(self, messages: int) -> None:
        """Enter *messages* in hand as returned: not acknowledged, they will come again."""
        with self._lock:
            self.in_hand -= messages
            self.returned += messages

    def book(self, done: Committed, messages: int, commit_s: float) -> None:
        """Enter *messages* in hand as committed."""
        with self._lock:
            self.in_hand -= messages
            self.committed += done
            self.batches += 1
            self.commit_s += commit_s

    def beat(self) -> None:
        """Say that the loop has come round."""
        self.beat_s = time.monotonic()

    @property
    def unbalanced(self) -> int:
        """Messages that are nowhere; anything but 0 is a fault of this program."""
        with self._lock:
            return self.received - self.committed.messages - self.in_hand - self.returned
