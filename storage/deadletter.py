"""Dead letters: messages that could not become rows, kept whole with the reason."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from plant.errors import Reason
from storage.connect import Connection
from storage.sql import statement


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message that was not understood. *redelivered*: the broker had sent it before."""

    topic: str
    payload: bytes
    reason: Reason
    detail: str
    received_at: datetime
    redelivered: bool = False

    @property
    def digest(self) -> bytes:
        """Sha-256 of topic and payload, by which a redelivered message is known again."""
        return hashlib.sha256(self.topic.encode() + b"\0" + self.payload).digest()


def keep(connection: Connection, letters: list[DeadLetter], batch: int) -> int:
    """Keep *letters* as part of ledger line *batch*; return how many were not there already.

    Only a redelivered letter can be there already: two equal bad messages of a machine are two.
    """
    if not letters:
        return 0
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("keep_dead_letter"),
            [
                {
                    "batch": batch,
                    "received_at": letter.received_at,
                    "topic": letter.topic,
                    "payload": letter.payload,
                    "reason": letter.reason.value,
                    "detail": letter.detail,
                    "digest": letter.digest,
                    "redelivered": letter.redelivered,
                }
                for letter in letters
            ],
        )
        return cursor.rowcount
