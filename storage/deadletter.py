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


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A dead letter as it is kept; *payload_bytes* is its length."""

    id: int
    received_at: datetime
    topic: str
    reason: str
    detail: str
    payload_bytes: int
    handed_back_at: datetime | None


def kept(
    connection: Connection, *, reason: Reason | None = None, ids: list[int] | None = None,
    limit: int | None = None,
) -> list[KeptLetter]:  # fmt: skip
    """Return kept letters, newest first: of one *reason*, of some *ids*, at most *limit*."""
    parameters = {"reason": reason and reason.value, "ids": ids, "limit": limit}
    rows = connection.execute(statement("kept_dead_letters"), parameters)
    return [KeptLetter(*row) for row in rows]


def payload_of(connection: Connection, letter: int) -> bytes | None:
    """Return the payload of *letter*, byte for byte; None if there is no such letter."""
    row = connection.execute(
        "SELECT payload FROM ingest.dead_letter WHERE id = %s", (letter,)
    ).fetchone()
    return bytes(row[0]) if row else None


def mark_handed_back(connection: Connection, letters: list[int]) -> None:
    """Note that *letters* were given to the broker again, now."""
    connection.execute(
        "UPDATE ingest.dead_letter SET handed_back_at = clock_timestamp() WHERE id = ANY(%s)",
        (letters,),
    )
