"""History: a time range of the database, read back as the messages that it came from.

All tables of the plant are read in slices of time, each with queries of its own: a replay may take
days, and a transaction so long would keep the database from cleaning up.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any

from psycopg import sql

from plant.model import Plant
from plant.tables import Kind, Table
from plant.times import format_time_us, from_us, to_us
from plant.topics import topic_of
from simulator.captured import Captured
from simulator.replay import ReplayError
from simulator.replay_rows import Row, Sheet, messages
from storage.connect import Connection
from storage.schema import missing_columns

_S = 1_000_000
#: Rows of one slice: it is made longer or shorter so that about so many values are held.
_SLICE_VALUES = 500_000
_FIRST_SLICE_US, _LONGEST_SLICE_US = 10 * _S, 3600 * _S


class History:
    """What the machines of *line* (of all lines if None) published in [*from_us*, *to_us*).

    Raise `ReplayError` if there is nothing, or if the database is not that of the plant.
    """

    def __init__(
        self, connection: Connection, plant: Plant, line: str | None, from_us: int, to_us: int
    ) -> None:
        if missing := missing_columns(connection, plant):
            raise ReplayError(
                f"the database lacks {', '.join(missing[:3])}; is --plant its plant file? Then run"
                " `jellyroll migrate` with it first"
            )
        machines = [m for m in plant.equipment.values() if line in {None, m.line}]
        if not machines:
            lines = ", ".join(plant.production.lines)
            raise ReplayError(f"the plant has no line {line!r}; its lines are {lines}")
        self._connection = connection
        self._names = [machine.name for machine in machines]
        self._tables: dict[Table, Kind] = {t: kind for (kind, _), t in plant.tables.items()}
        self._sheets = {
            (kind, machine.name): Sheet(topic_of(plant, machine, kind), _columns(table))
            for machine in machines
            for kind in Kind
            if (table := plant.tables.get((kind, machine.station))) is not None
        }
        span = self._span(from_us, to_us)
        if span is None:
            where = f"line {line}" if line else "the plant"
            raise ReplayError(
                f"the database has no row of {where} from {format_time_us(from_us)} to"
                f" {format_time_us(to_us)}"
            )
        self.first_us, self.last_us = span

    def messages(self, window_us: int) -> Iterator[Captured]:
        """Yield the messages, rows of *window_us* together (`simulator.replay_rows`)."""
        return messages(self._rows(), window_us)

    def _rows(self) -> Iterator[Row]:
        at, length = self.first_us, _FIRST_SLICE_US
        while at <= self.last_us:
            until = min(at + length, self.last_us + 1)
            slices = [(table, self._slice(table, at, until)) for table in self._tables]
            values = sum(_width(table) * len(rows) for table, rows in slices)
            yield from heapq.merge(*(rows for _, rows in slices), key=lambda row: row.time_us)
            if values < _SLICE_VALUES // 2:
                length = min(2 * length, _LONGEST_SLICE_US)
            elif values > _SLICE_VALUES:
                length = max(length // 2, _S)
            at = until
            if not values:
                # Nothing for so long: go on where the next row is.
                span = self._span(until, self.last_us + 1)
                at = span[0] if span else self.last_us + 1

    def _slice(self, table: Table, from_us: int, to_us_: int) -> list[Row]:
        query = _SELECT.format(
            sql.SQL(", ").join(map(sql.Identifier, _columns(table))),
            sql.Identifier(table.schema, table.name),
        )
        kind = self._tables[table]
        found = self._execute(query, from_us, to_us_)
        return [
            Row(to_us(time), self._sheets[kind, name], tuple(values))
            for time, name, *values in found
        ]

    def _span(self, from_us: int, to_us_: int) -> tuple[int, int] | None:
        """Return when the first and the last row in [*from_us*, *to_us_*) are, if there are any."""
        query = sql.SQL(" UNION ALL ").join(
            _SPAN.format(sql.Identifier(table.schema, table.name)) for table in self._tables
        )
        found = self._execute(query, from_us, to_us_)
        spans = [(first, last) for first, last in found if first is not None]
        if not spans:
            return None
        return to_us(min(first for first, _ in spans)), to_us(max(last for _, last in spans))

    def _execute(self, query: sql.Composed, from_us_: int, to_us_: int) -> list[Any]:
        with self._connection.cursor(binary=True) as cursor:
            bounds = {"first": from_us(from_us_), "end": from_us(to_us_), "names": self._names}
            cursor.execute(query, bounds)
            return cursor.fetchall()


_SELECT = sql.SQL(
    "SELECT time, equipment, {} FROM {}"
    " WHERE time >= %(first)s AND time < %(end)s AND equipment = ANY(%(names)s) ORDER BY time"
)
_SPAN = sql.SQL(
    "SELECT min(time), max(time) FROM {}"
    " WHERE time >= %(first)s AND time < %(end)s AND equipment = ANY(%(names)s)"
)


def _columns(table: Table) -> tuple[str, ...]:
    """Return the columns that a payload names, in order."""
    return tuple(c.name for c in table.columns if c.name in table.payload_names)


def _width(table: Table) -> int:
    """Return how many values a row has, each element of an array counted."""
    return sum(max(1, column.length) for column in table.columns)
