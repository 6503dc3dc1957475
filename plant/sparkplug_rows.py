"""Rows of telemetry in the making: metrics of one message, gathered by their time."""

from __future__ import annotations

import math
from typing import Any

from plant.frames import Frame, sample
from plant.tables import Column, ColumnType, Table

#: Stands where no metric gave a value; known by identity, and null for a number if it stays.
ABSENT = math.nan


def sample_columns(table: Table) -> list[Column]:
    """Return the columns of a telemetry table that metrics may fill: numbers, then arrays."""
    columns = [c for c in table.columns if c.name in table.payload_names]
    return sorted(columns, key=lambda column: column.type is ColumnType.FLOATS)


class RowMaker:
    """Makes rows of *table* that all have the column of every number.

    Edge nodes report what has changed: every message has other metrics. With as many columns in
    each row a batch is one COPY and not thousands. Only arrays are left out where there are none.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        columns = sample_columns(table)
        self._names = ("time", "equipment", *(c.name for c in columns))
        self._numbers = sum(c.type is not ColumnType.FLOATS for c in columns)
        # One tuple of names for all rows of one form: a batch tells forms apart by it.
        self._forms: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.empty = [ABSENT] * len(columns)

    def row(self, rows: dict[int, list[list[Any]]], time_ms: int, place: int) -> list[Any]:
        """Return the row of *time_ms* with room at *place*, a new one if there is none.

        Two values of one metric for one time become two rows of one key: the later one will win,
        and the earlier is kept.
        """
        at_time = rows.setdefault(time_ms, [])
        if not at_time or at_time[-1][place] is not ABSENT:
            at_time.append(self.empty.copy())
        return at_time[-1]

    def frame(self, equipment: str, time_ms: int, row: list[Any]) -> Frame:
        """Return *row* as a frame of one sample."""
        head = (time_ms * 1000, equipment)
        first = self._numbers
        if len(row) == first:
            return sample(self._table, self._names, (*head, *row))
        tail = zip(self._names[first + 2 :], row[first:], strict=True)
        arrays = [(name, value) for name, value in tail if value is not ABSENT]
        names, values = zip(*arrays, strict=True) if arrays else ((), ())
        form = self._forms.get(names)
        if form is None:
            form = self._forms[names] = (*self._names[: first + 2], *names)
        return sample(self._table, form, (*head, *row[:first], *values))
