"""One transaction for one batch: rows, dead letters, ledger line. Then, and only then, PUBACK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import orjson

from ingest.batch import Batch
from plant.errors import Reason
from plant.model import Plant
from plant.tables import Kind
from plant.topics import topic_of
from storage import deadletter, sequence
from storage.connect import Connection
from storage.copy import Copied, Replaced, copy_frame
from storage.deadletter import DeadLetter
from storage.ledger import CHANNEL, Entry, Span, draw_id, find_entry, write_entry


@dataclass(frozen=True, slots=True)
class Committed:
    """What one committed batch came to; messages = stored + duplicates + dead_letters."""

    messages: int = 0
    rows: int = 0
    values: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    #: Numbers that have not come, by those senders whose messages the batch holds.
    missing: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Committed) -> Committed:
        return Committed(
            self.messages + other.messages,
            self.rows + other.rows,
            self.values + other.values,
            self.duplicates + other.duplicates,
            self.dead_letters + other.dead_letters,
            {**self.missing, **other.missing},
        )


def commit(connection: Connection, plant: Plant, batch: Batch, worker: str) -> Committed:
    """Write *batch* and its ledger line in one transaction; return when it has committed.

    A batch that is tried again, because the connection broke, may have committed unheard: then its
    ledger line is there, and it is not written once more. *connection* must hold the worker's lock,
    which it gets only after the server has ended the broken one.
    """
    if batch.ledger_id is None:
        batch.ledger_id = draw_id(connection)
    elif entry := find_entry(connection, batch.ledger_id):
        return Committed(
            entry.messages, entry.rows, entry.value_count,
            entry.duplicate_messages, entry.dead_letters,
        )  # fmt: skip
    batch_id = batch.ledger_id
    with connection.transaction():
        spans: dict[str, Span] = {}
        changed_items: set[int] = set()
        rows = values = 0
        replaced: list[Replaced] = []
        for group in batch.groups():
            copied = copy_frame(connection, group.frame, batch_id)
            changed_items.update(np.unique(group.items[copied.changed]).tolist())
            rows += len(copied.changed)
            values += copied.values
            replaced += copied.replaced
            _widen(spans, str(group.frame.table), copied)
        dead = deadletter.keep(connection, batch.letters(), batch_id)
        notes = batch.notes() + [_letter_of(plant, row) for row in replaced]
        deadletter.keep(connection, notes, batch_id)
        done = Committed(
            messages=len(batch.items),
            rows=rows,
            values=values,
            duplicates=len(batch.items) - batch.without_rows - dead - len(changed_items),
            dead_letters=dead,
            missing=sequence.note(connection, batch.numbers()),
        )
        write_entry(
            connection,
            Entry(
                batch_id, worker, batch.received_at, done.messages, done.rows, done.values,
                done.duplicates, done.dead_letters, tuple(spans.values()),
            ),
        )  # fmt: skip
        connection.execute(f"NOTIFY {CHANNEL}")
    return done


def _widen(spans: dict[str, Span], table: str, copied: Copied) -> None:
    """Count the rows that *copied* changed; a table of which nothing changed has no span."""
    if not len(copied.changed):
        return
    old = spans.get(table)
    new = Span(table, len(copied.changed), copied.from_time, copied.to_time)
    spans[table] = (
        new
        if old is None
        else Span(
            table,
            old.rows + new.rows,
            min(old.from_time, new.from_time),
            max(old.to_time, new.to_time),
        )
    )


def _letter_of(plant: Plant, replaced: Replaced) -> DeadLetter:
    """Return a row that gave way as the message that would bring it back."""
    row = {k: v for k, v in replaced.row.items() if v is not None and k != "equipment"}
    moment = row.pop("time")
    machine = plant.equipment[replaced.equipment]
    kind = next(
        kind for kind in Kind if plant.tables.get((kind, machine.station)) is replaced.table
    )
    topic = topic_of(plant, machine, kind)
    detail = f"a later message gave other values for this row of {replaced.table} and replaced it"
    return DeadLetter(
        topic, orjson.dumps({"ts": moment, **row}), Reason.CONFLICT, detail, datetime.now(UTC)
    )
