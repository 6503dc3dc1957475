"""When each batch became visible, seen from another connection, as a reader would see it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from psycopg import sql

from plant.tables import Table
from storage.connect import Connection
from storage.ledger import CHANNEL
from storage.schema import identifier


class StalledError(Exception):
    """Nothing happens any more; the text says how far it came."""


class Watcher:
    """Reads the ledger at each notice of ingest; *connection* is in autocommit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.execute(f"LISTEN {CHANNEL}")
        connection.execute(
            "CREATE TEMPORARY TABLE seen AS"
            " SELECT id AS batch, messages, clock_timestamp() AS at FROM ingest.batch"
        )
        self.messages = 0

    def wait_for(self, messages: int, check: Callable[[], None], patience_s: float) -> None:
        """Return when *messages* have been committed; raise `StalledError` when none comes.

        *check* is called now and again; it may raise.
        """
        deadline_s = time.monotonic() + patience_s
        while self.messages < messages:
            for _ in self._connection.notifies(timeout=0.5, stop_after=1):
                pass
            new = self._look()
            if new:
                deadline_s = time.monotonic() + patience_s
            elif time.monotonic() > deadline_s:
                raise StalledError(
                    f"{self.messages} of {messages} messages were committed, then none for "
                    f"{patience_s:g} s"
                )
            check()

    def _look(self) -> int:
        # Two workers may commit out of the order of their ids, but never far out of it.
        row = self._connection.execute(
            "WITH new AS (INSERT INTO seen SELECT id, messages, clock_timestamp() FROM ingest.batch"
            " WHERE id > (SELECT coalesce(max(batch), 0) - 100 FROM seen)"
            " AND id NOT IN (SELECT batch FROM seen) RETURNING messages)"
            " SELECT coalesce(sum(messages), 0) FROM new"
        ).fetchone()
        new = int(row[0]) if row else 0
        self.messages += new
        return new

    def drained_s(self) -> float:
        """Return the seconds from the first message taken in to the last one visible."""
        row = self._connection.execute(
            "SELECT extract(epoch FROM (SELECT max(at) FROM seen) - min(received_at))::float8"
            " FROM ingest.batch"
        ).fetchone()
        assert row is not None
        return float(row[0])

    def last_seen_s(self) -> float:
        """Return when the last batch became visible, in seconds since the epoch."""
        row = self._connection.execute("SELECT extract(epoch FROM max(at))::float8 FROM seen")
        found = row.fetchone()
        assert found is not None
        return float(found[0])

    def latency_ms(self, tables: Sequence[Table]) -> tuple[float, float]:
        """Return p50 and p99 from the time in a row to the moment when the row was visible."""
        rows = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT time, batch FROM {}").format(identifier(table)) for table in tables
        )
        query = sql.SQL(
            "SELECT percentile_disc(ARRAY[0.5, 0.99]) WITHIN GROUP"
            " (ORDER BY extract(epoch FROM at - time)::float8 * 1000)"
            " FROM ({}) AS rows JOIN seen USING (batch)"
        )
        row = self._connection.execute(query.format(rows)).fetchone()
        assert row is not None
        return float(row[0][0]), float(row[0][1])

    def count(self, table: Table) -> tuple[int, int]:
        """Return how many rows *table* has, and how many different keys."""
        key = sql.SQL(", ").join(map(sql.Identifier, table.key))
        query = sql.SQL("SELECT coalesce(sum(n), 0), count(*) FROM (SELECT count(*) AS n FROM {}"
                        " GROUP BY {}) AS keys")  # fmt: skip
        row = self._connection.execute(query.format(identifier(table), key)).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    def dead_letters(self) -> int:
        """Return how many messages could not be read."""
        row = self._connection.execute("SELECT count(*) FROM ingest.dead_letter").fetchone()
        assert row is not None
        return int(row[0])

    def values(self) -> int:
        """Return how many numbers were stored."""
        row = self._connection.execute("SELECT sum(value_count) FROM ingest.batch").fetchone()
        assert row is not None
        return int(row[0])
