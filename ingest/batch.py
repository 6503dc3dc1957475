"""A batch: messages gathered until it is full or old, then committed as one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ingest.item import Item
from plant.frames import Frame, merge
from plant.number import Number
from plant.tables import Table
from storage.deadletter import DeadLetter

#: What a batch may hold; together they bound the memory of a worker. Two batches in hand must be
#: fewer messages than the session's RECEIVE_MAX, or the broker has none left to send meanwhile.
MAX_MESSAGES = 2_000
#: Of payloads, and of what blocks became.
MAX_BYTES = 3 * 1024 * 1024
#: How long the first message of a batch waits for company.
MAX_AGE_S = 0.1


class Group(NamedTuple):
    """All rows of one table and set of columns, and the item that each row came from."""

    frame: Frame
    items: npt.NDArray[np.int64]


class Batch:
    """Messages of one connection, in the order in which they came."""

    def __init__(self, items: list[Item] | None = None) -> None:
        self.items: list[Item] = items or []
        #: Drawn at the first try to commit, and kept for the next.
        self.ledger_id: int | None = None
        self.received_at = datetime.now(UTC)
        self._started_s = time.monotonic()
        self._bytes = 0

    def add(self, item: Item) -> None:
        """Put in *item*."""
        if not self.items:
            self.received_at = datetime.now(UTC)
            self._started_s = time.monotonic()
        self.items.append(item)
        self._bytes += len(item.message.payload)
        outcome = item.outcome
        if not isinstance(outcome, DeadLetter):
            for frame in outcome:
                # What is not a list in a block holds for all rows: a short text, many numbers.
                if frame.is_block:
                    self._bytes += sum(
                        column.nbytes for column in frame.values if isinstance(column, np.ndarray)
                    )

    @property
    def is_full(self) -> bool:
        """Whether no more may be put in."""
        return len(self.items) >= MAX_MESSAGES or self._bytes >= MAX_BYTES

    @property
    def is_due(self) -> bool:
        """Whether it has messages that should wait no longer."""
        return bool(self.items) and (
            self.is_full or time.monotonic() - self._started_s >= MAX_AGE_S
        )

    @property
    def packet_ids(self) -> list[int]:
        """What is to be acknowledged once the batch has committed."""
        ids = (item.message.packet_id for item in self.items)
        return [i for i in ids if i is not None]  # none at QoS 0

    def groups(self) -> Iterator[Group]:
        """Yield the rows table by table, always in the same order of tables.

        The order keeps two workers from waiting for each other's rows in a circle.
        """
        found: dict[tuple[Table, tuple[str, ...]], tuple[list[Frame], list[int]]] = {}
        frames: list[Frame] = []
        origins: list[int] = []
        table: Table | None = None
        columns: tuple[str, ...] = ()
        for index, item in enumerate(self.items):
            outcome = item.outcome
            if isinstance(outcome, DeadLetter):
                continue
            for frame in outcome:
                # Messages of one form share one tuple of names, and mostly follow each other.
                if frame.columns is not columns or frame.table is not table:
                    table, columns = frame.table, frame.columns
                    frames, origins = found.setdefault((table, columns), ([], []))
                frames.append(frame)
                origins.append(index)
        for frames, origins in (found[key] for key in sorted(found, key=_place)):
            if all(frame.rows == 1 for frame in frames):
                yield Group(merge(frames), np.array(origins))
            else:
                rows = np.array([frame.rows for frame in frames])
                yield Group(merge(frames), np.repeat(np.array(origins), rows))

    def letters(self) -> list[DeadLetter]:
        """Return the dead letters of the batch."""
        return [item.outcome for item in self.items if isinstance(item.outcome, DeadLetter)]

    def notes(self) -> list[DeadLetter]:
        """Return the letters beside messages that were read."""
        return [item.note for item in self.items if item.note is not None]

    def numbers(self) -> list[Number]:
        """Return the numbers of the messages that have one."""
        return [item.number for item in self.items if item.number is not None]

    @property
    def without_rows(self) -> int:
        """How many messages were read that have no row to give, such as a birth without values."""
        return sum(item.outcome == [] for item in self.items)

    def halves(self) -> tuple[Batch, Batch]:
        """Return two batches with the first and the second half of the messages."""
        middle = len(self.items) // 2
        first, second = Batch(self.items[:middle]), Batch(self.items[middle:])
        first.received_at = second.received_at = self.received_at
        return first, second


def _place(key: tuple[Table, tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
    """Return what tables are sorted by."""
    return str(key[0]), key[1]
