"""Frames into their tables: COPY straight in; where a key is met again, through a stage.

The stage tells four outcomes apart. A new key is stored. The same key with equal values is a
duplicate and changes nothing. A value where there was none fills its column. A different value
replaces the old one, and the old row is handed back so that it is kept as a dead letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql

from plant.frames import ColumnData, Frame
from plant.tables import ColumnType, Table
from plant.times import from_us
from storage.connect import Connection
from storage.pack import HEADER, TRAILER, pack, pieces
from storage.schema import identifier
from storage.sql import statement


@dataclass(frozen=True, slots=True)
class Replaced:
    """A row that gave way to a later one with other values for the same key."""

    table: Table
    equipment: str
    row: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of one frame.

    *changed* are the indices of rows that were stored or that changed a row; the other rows
    were there already. *values* counts the numbers stored.
    """

    changed: npt.NDArray[np.int64]
    values: int
    from_time: datetime
    to_time: datetime
    replaced: Sequence[Replaced] = field(default=())


def copy_frame(connection: Connection, frame: Frame, batch: int) -> Copied:
    """Write the rows of block *frame* as part of ledger line *batch*.

    Runs in the caller's transaction, inside a savepoint of its own. Raise what psycopg raises
    when the database is away, full or read-only; a met key is not an error.
    """
    frame = with_batch(frame, batch)
    try:
        with connection.transaction():
            _copy(connection, identifier(frame.table), frame)
    except psycopg.errors.UniqueViolation:
        return _copy_staged(connection, frame, batch)
    return _copied(frame, np.arange(frame.rows))


def with_batch(frame: Frame, batch: int) -> Frame:
    """Return *frame* with its ledger line in column `batch`."""
    column = np.full(frame.rows, batch, dtype=np.int64)
    return frame._replace(columns=(*frame.columns, "batch"), values=(*frame.values, column))


def _copy(connection: Connection, target: sql.Composable, frame: Frame) -> None:
    command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        target, sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        copy.write(HEADER)
        for piece in pieces(frame):
            copy.write(pack(piece))
        copy.write(TRAILER)


def _copy_staged(connection: Connection, frame: Frame, batch: int) -> Copied:
    table = frame.table
    names = frame.columns[:-1]
    values = [n for n in names if n not in table.key]
    from_time, to_time = _span(frame)
    parts = {
        "table": identifier(table),
        "columns": _list(names),
        "key": _list(table.key),
        "same_key": _joined(" AND ", "t.{0} = s.{0}", table.key),
        # Bounds that the planner can see, so that it opens the chunks concerned and no other.
        "span": sql.SQL("t.time BETWEEN {} AND {}").format(from_time, to_time),
        "fills": _joined(" OR ", "(t.{0} IS NULL AND s.{0} IS NOT NULL)", values),
        "conflicts": _joined(" OR ", "(t.{0} <> s.{0})", values),
        "assignments": _joined(", ", "{0} = coalesce(s.{0}, t.{0})", values),
    }
    connection.execute(statement("stage_create").format(**parts))
    _copy(connection, sql.Identifier("stage"), frame)
    ranks = connection.execute(statement("stage_rank").format(**parts)).fetchone()
    replaced: list[Replaced] = []
    for rank in range(1, (ranks[0] if ranks else 0) + 1):
        place = {"rank": rank, "batch": batch}
        connection.execute(statement("stage_insert").format(**parts), place)
        rows = connection.execute(statement("stage_conflicts").format(**parts), place)
        replaced += [Replaced(table, equipment, row) for equipment, row in rows]
        connection.execute(statement("stage_update").format(**parts), place)
    changed = connection.execute("SELECT row - 1 FROM stage WHERE changed ORDER BY row").fetchall()
    connection.execute("DROP TABLE stage")
    return _copied(frame, np.array([r for (r,) in changed], dtype=np.int64), replaced)


def _copied(
    frame: Frame, changed: npt.NDArray[np.int64], replaced: Sequence[Replaced] = ()
) -> Copied:
    return Copied(changed, _count_values(frame, changed), *_span(frame), replaced=replaced)


def _count_values(frame: Frame, rows: npt.NDArray[np.int64]) -> int:
    by_name = frame.table.by_name
    count = 0
    column: ColumnData
    for name, column in zip(frame.columns, frame.values, strict=True):
        if by_name[name].type in {ColumnType.FLOAT, ColumnType.FLOATS}:
            chosen = column if len(rows) == frame.rows else np.asarray(column)[rows]
            count += int(np.count_nonzero(~np.isnan(np.asarray(chosen, dtype=np.float64))))
    return count


def _span(frame: Frame) -> tuple[datetime, datetime]:
    times = np.asarray(frame.values[frame.columns.index("time")], dtype=np.int64)
    return from_us(int(times.min())), from_us(int(times.max()))


def _list(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _joined(separator: str, template: str, names: Sequence[str]) -> sql.Composable:
    if not names:
        return sql.SQL("false")
    pattern = sql.SQL(template)
    return sql.SQL(separator).join(pattern.format(sql.Identifier(name)) for name in names)
