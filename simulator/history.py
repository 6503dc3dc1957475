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
        spans = [span for table in self._tables if (span := self._span(table, from_us, to_us))]
        if not spans:
            where = f"line {line}" if line else "the plant"
            raise ReplayError(
                f"the database has no row of {where} from {format_time_us(from_us)} to"
                f" {format_time_us(to_us)}"
            )
        self.first_us = min(first for first, _ in spans)
        self.last_us = max(last for _, last in spans)

    def messages(self, window_us: int) -> Iterator[Captured]:
        """Yield the messages, rows of *window_us* together (`simulator.replay_rows`)."""
        return messages(self._rows(), window_us)

    def _rows(self) -> Iterator[Row]:
        at, length = self.first_us, _FIRST_SLICE_US
        while at <= self.last_us:
            until = min(at + length, self.last_us + 1)
            values = 0
            tables = [self._slice(table, at, until) for table in self._tables]
            for row in heapq.merge(*tables, key=lambda row: row.time_us):
                values += len(row.values)
                yield row
            if values < _SLICE_VALUES // 2:
                length = min(2 * length, _LONGEST_SLICE_US)
            elif values > _SLICE_VALUES:
                length = max(length // 2, _S)
            at = until

    def _slice(self, table: Table, from_us: int, to_us_: int) -> list[Row]:
        query = _SELECT.format(
            sql.SQL(", ").join(map(sql.Identifier, _columns(table))),
            sql.Identifier(table.schema, table.name),
        )
        kind = self._tables[table]
        found = self._execute(query, from_us, to_us_)
        return [Row(to_us(time), self._sheets[kind, name], rest) for time, name, *rest in found]

    def _span(self, table: Table, from_us: int, to_us_: int) -> tuple[int, int] | None:
        query = _SPAN.format(sql.Identifier(table.schema, table.name))
        ((first, last),) = self._execute(query, from_us, to_us_)
        return None if first is None else (to_us(first), to_us(last))

    def _execute(self, query: sql.Composed, from_us_: int, to_us_: int) -> list[Any]:
        with self._connection.cursor(binary=True) as cursor:
            cursor.execute(query, (from_us(from_us_), from_us(to_us_), self._names))
            return cursor.fetchall()


_SELECT = sql.SQL(
    "SELECT time, equipment, {} FROM {}"
    " WHERE time >= %s AND time < %s AND equipment = ANY(%s) ORDER BY time"
)
_SPAN = sql.SQL(
    "SELECT min(time), max(time) FROM {} WHERE time >= %s AND time < %s AND equipment = ANY(%s)"
)


def _columns(table: Table) -> tuple[str, ...]:
    """Return the columns that a payload names, in order."""
    return tuple(c.name for c in table.columns if c.name in table.payload_names)
