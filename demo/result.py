"""What the demo found, counted in the database and not taken on trust."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from demo.simulation import SimulatorReport
from storage.connect import Connection, edition


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one run, written by `--json`.

    *published*, *committed*, *lost* and *twice* count rows, table by table; *dead_letters* counts
    messages. *values_per_s* is the rate at which the history was committed, from its first
    message received to its last transaction. Times are in seconds, memory in 10^6 bytes.
    """

    published: int
    committed: int
    lost: int
    twice: int
    dead_letters: int
    duplicates: int
    values_per_s: float
    history_values: int
    history_s: float
    fault: str
    blamed: str | None
    detected_after_s: float | None
    webhook_delivered: bool
    signature_valid: bool
    other_alerts: int
    ingest_peak_memory_mb: float | None
    edition: str
    total_s: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """Rows that were published against rows that are there."""

    published: int
    committed: int
    lost: int
    twice: int


def count_delivery(connection: Connection, report: SimulatorReport) -> Delivery:
    """Count the rows of each table that the simulator filled."""
    lost = twice = committed = 0
    for table, published in report.tables.items():
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table.split(".")))
        row = connection.execute(query).fetchone()
        present = row[0] if row else 0
        committed += present
        lost += max(0, published - present)
        twice += max(0, present - published)
    return Delivery(sum(report.tables.values()), committed, lost, twice)


@dataclass(frozen=True, slots=True)
class Balance:
    """Sums of the ledger; messages = stored + duplicates + dead_letters."""

    messages: int
    rows: int
    duplicates: int
    dead_letters: int


def balance(connection: Connection) -> Balance:
    """Return the sums over the whole ledger."""
    row = connection.execute(
        "SELECT coalesce(sum(messages), 0), coalesce(sum(rows), 0),"
        " coalesce(sum(duplicate_messages), 0), coalesce(sum(dead_letters), 0) FROM ingest.batch"
    ).fetchone()
    assert row is not None
    return Balance(*map(int, row))


def history_rate(connection: Connection, live_since: datetime | None) -> tuple[int, float]:
    """Return values and seconds of what was received before *live_since*."""
    row = connection.execute(
        "SELECT sum(value_count)::bigint, extract(epoch FROM max(committed_at) - min(received_at))"
        " FROM ingest.batch WHERE received_at < coalesce(%s, 'infinity')",
        (live_since,),
    ).fetchone()
    values, seconds = row or (None, None)
    return int(values or 0), float(seconds or 0.0)


def edition_of(connection: Connection) -> str:
    """Return the edition of TimescaleDB as a word."""
    return edition(connection).value
