"""Dead letters: messages that could not become rows, kept whole with the reason."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters: all that is given must hold. *topic* is a filter, with + and #.

    *since* and *until* (not included) are when the letter was received.
    """

    ids: Sequence[int] = ()
    reason: Reason | None = None
    topic: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing narrows it down."""
        return self == Choice()


def kept(connection: Connection, choice: Choice, limit: int | None = None) -> list[KeptLetter]:
    """Return the letters of *choice* that nobody has discarded, newest first, at most *limit*."""
    parameters = {
        "ids": list(choice.ids) or None,
        "reason": choice.reason and choice.reason.value,
        "topic": _pattern(choice.topic) if choice.topic else None,
        "since": choice.since,
        "until": choice.until,
        "limit": limit,
    }
    rows = connection.execute(statement("kept_dead_letters"), parameters)
    return [KeptLetter(*row) for row in rows]


def discard(connection: Connection, letters: list[int]) -> None:
    """Drop the payloads of *letters*; they count on in the books and are shown no more."""
    connection.execute(
        "UPDATE ingest.dead_letter SET discarded_at = clock_timestamp(), payload = ''"
        " WHERE id = ANY(%s)",
        (letters,),
    )


def _pattern(topic_filter: str) -> str:
    """Return a regular expression for what an MQTT topic filter matches."""
    levels = topic_filter.split("/")
    # The level above a final # matches, too.
    tail = "(/.*)?" if len(levels) > 1 and levels[-1] == "#" else ""
    words = ["[^/]*" if w == "+" else ".*" if w == "#" else re.escape(w) for w in levels]
    return "^" + "/".join(words[:-1] if tail else words) + tail + "$"


def payload_of(connection: Connection, letter: int) -> bytes | None:
    """Return the payload of *letter*, byte for byte; None if none is kept."""
    row = connection.execute(
        "SELECT payload FROM ingest.dead_letter WHERE id = %s AND discarded_at IS NULL", (letter,)
    ).fetchone()
    return bytes(row[0]) if row else None


def mark_handed_back(connection: Connection, letters: list[int]) -> None:
    """Note that *letters* were given to the broker again, now."""
    connection.execute(
        "UPDATE ingest.dead_letter SET handed_back_at = clock_timestamp() WHERE id = ANY(%s)",
        (letters,),
    )
