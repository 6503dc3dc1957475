"""When the rows of ledger batches were: all of the time from first to last, or its two ends.

The ledger says how many rows a batch brought and their first and last time. One row that is days
late would so make a step read all days in between. Where the time is long, it is looked how many
rows are near its ends, further and further in; as soon as these are all of them, the middle need
not be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from psycopg import sql

from models.sql import statement
from plant.tables import Table
from storage.connect import Connection
from storage.ledger import LedgerBatch, Span

Times = tuple[datetime, datetime]

#: A shorter time is read as it is: to look for an end would cost as much.
_LONG = timedelta(hours=1)
_FIRST, _FURTHER = timedelta(minutes=5), 4


def spans_of(batches: Iterable[LedgerBatch], table: Table) -> list[tuple[int, Span]]:
    """Return the ids of the *batches* that brought rows of *table*, each with what it brought."""
    return [(b.id, span) for b in batches for span in b.spans if span.table_name == str(table)]


def windows(
    connection: Connection,
    table: Table,
    spans: Sequence[tuple[int, Span]],
    machines: Sequence[str] = (),
) -> list[Times]:
    """Return one time, or two, that have all rows of the batches *spans* in *table*.

    *machines*, all that write to it, are named for a table that has no index on time alone.
    """
    first, last = min(s.from_time for _, s in spans), max(s.to_time for _, s in spans)
    rows = sum(span.rows for _, span in spans)
    end = _FIRST
    while last - first > _LONG and 2 * end < last - first:
        ends = [(first, first + end), (last - end, last)]
        if sum(_count(connection, table, spans, machines, times) for times in ends) >= rows:
            return ends
        end *= _FURTHER
    return [(first, last)]


def _count(
    connection: Connection,
    table: Table,
    spans: Sequence[tuple[int, Span]],
    machines: Sequence[str],
    times: Times,
) -> int:
    command = statement("count_of_machines" if machines else "count_of_batches")
    row = connection.execute(
        command.format(table=sql.Identifier(table.schema, table.name)),
        {
            "batches": [batch for batch, _ in spans], "machines": list(machines),
            "from_time": times[0], "to_time": times[1],
        },
    ).fetchone()  # fmt: skip
    return int(row[0]) if row else 0
