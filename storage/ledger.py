"""The ledger: what came and when, and how far each follower has read it.

A follower asks for batches in the order of their transaction ids, and only for those below every
transaction still running: none can then appear behind its back, whatever commits first.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from storage.connect import Connection
from storage.sql import statement

#: Ingest notifies on it with each commit; a follower may LISTEN to be woken.
CHANNEL = "jellyroll_batch"


@dataclass(frozen=True, slots=True)
class Span:
    """The rows that one batch brought to one table, and their first and last time."""

    table_name: str
    rows: int
    from_time: datetime
    to_time: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """The ledger line of one batch; messages = stored + duplicate_messages + dead_letters."""

    id: int
    worker: str
    received_at: datetime
    messages: int
    rows: int
    value_count: int
    duplicate_messages: int
    dead_letters: int
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerBatch:
    """One committed transaction of an ingest worker."""

    id: int
    xid: int
    committed_at: datetime
    spans: tuple[Span, ...]


def draw_id(connection: Connection) -> int:
    """Return the id of a ledger line that is yet to be written."""
    row = connection.execute("SELECT nextval('ingest.batch_id_seq')").fetchone()
    assert row is not None
    return int(row[0])


def find_entry(connection: Connection, batch: int) -> Entry | None:
    """Return the ledger line of *batch* if it has committed, without its spans."""
    row = connection.execute(
        "SELECT id, worker, received_at, messages, rows, value_count, duplicate_messages,"
        " dead_letters FROM ingest.batch WHERE id = %s",
        (batch,),
    ).fetchone()
    return Entry(*row) if row else None


def write_entry(connection: Connection, entry: Entry) -> None:
    """Write a ledger line in the caller's transaction, beside the rows that it speaks of."""
    connection.execute(
        statement("write_entry"),
        {
            **{f.name: getattr(entry, f.name) for f in fields(entry) if f.name != "spans"},
            "tables": [span.table_name for span in entry.spans],
            "table_rows": [span.rows for span in entry.spans],
            "from_times": [span.from_time for span in entry.spans],
            "to_times": [span.to_time for span in entry.spans],
        },
    )


def follow(connection: Connection, follower: str, limit: int = 500) -> list[LedgerBatch]:
    """Return up to *limit* batches after the place of *follower*, oldest transaction first."""
    rows = connection.execute(
        statement("follow_batches"), {"follower": follower, "limit": limit}
    ).fetchall()
    return [
        LedgerBatch(batch, int(xid), committed_at, tuple(map(Span, *spans)))
        for batch, xid, committed_at, *spans in rows
    ]


def advance(connection: Connection, follower: str, xid: int) -> None:
    """Put *follower* behind transaction *xid*, in the caller's transaction."""
    connection.execute(statement("advance_cursor"), {"follower": follower, "xid": str(xid)})
