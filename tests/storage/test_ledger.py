"""Following the ledger: everything once, in the order of transactions, nothing overtaken."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from storage.connect import Connection, connect
from storage.ledger import Entry, LedgerBatch, Span, advance, follow, write_entry

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def write(connection: Connection, batch: int, *spans: Span) -> None:
    write_entry(connection, Entry(batch, "worker", NOW, 1, 1, 1, 0, 0, spans))


def ids(batches: list[LedgerBatch]) -> list[int]:
    return [batch.id for batch in batches]


def test_a_follower_gets_each_batch_with_its_spans(migrated_database: str) -> None:
    span = Span("cell.filling", 3, NOW, NOW)
    with connect(migrated_database, application="test", autocommit=True) as connection:
        write(connection, 1, span, Span("telemetry.filling", 2, NOW, NOW))
        write(connection, 2)
        batches = follow(connection, "monitor")
        assert ids(batches) == [1, 2]
        assert batches[0].spans[0] == span
        assert batches[1].spans == ()
        advance(connection, "monitor", batches[0].xid)
        assert ids(follow(connection, "monitor")) == [2]
        assert ids(follow(connection, "another")) == [1, 2]


def test_a_batch_is_not_shown_while_an_older_transaction_still_runs(migrated_database: str) -> None:
    """Else the older one would appear behind the follower's place, and be missed."""
    with (
        connect(migrated_database, application="slow") as slow,
        connect(migrated_database, application="quick", autocommit=True) as quick,
    ):
        write(slow, 1)
        write(quick, 2)
        assert ids(follow(quick, "monitor")) == []
        slow.commit()
        assert ids(follow(quick, "monitor")) == [1, 2]


def test_the_place_is_kept_with_the_work_or_not_at_all(migrated_database: str) -> None:
    with connect(migrated_database, application="test", autocommit=True) as connection:
        write(connection, 1)
        (batch,) = follow(connection, "monitor")
        with connection.transaction():
            advance(connection, "monitor", batch.xid)
            raise psycopg.Rollback
        assert ids(follow(connection, "monitor")) == [1]
