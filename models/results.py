"""Results per cell and samples of machines, read back as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from psycopg import sql

from models.sql import statement
from plant.tables import Table
from storage.connect import Connection

#: PostgreSQL counts microseconds from 2000-01-01.
_EPOCH_SHIFT_US = 946_684_800_000_000
_SIGNATURE_BYTES, _FLAGS_BYTES = 11, 8
_TRAILER_BYTES = 2
_HEAD = (
    ("batch", ">i8"), ("time", ">i8"), ("tie", ">i8"),
    ("machine", ">i4"), ("position", ">i4"), ("recipe", ">i4"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Results:
    """Rows of one table, by machine, position and recipe, in the ledger's order.

    *machine* and *recipe* are indices in the lists of names that were asked for, *position* 0
    where there is none, *values* of shape (rows, results) with NaN where there is none.
    """

    machine: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    recipe: npt.NDArray[np.int64]
    time_us: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]


def read_results(
    connection: Connection,
    table: Table,
    characteristics: Sequence[str],
    machines: Sequence[str],
    recipes: Sequence[str],
    *,
    batches: Sequence[int],
    spans: Sequence[tuple[datetime, datetime]],
) -> Results:
    """Return the rows that *batches* brought to *table* within *spans*, which do not overlap.

    Rows are in the order of *batches*, within a batch in that of time: the order in which points
    enter a chart. Rows of machines that are not among *machines* are left out; rows that name no
    recipe are of the first of *recipes*.
    """
    commands = [
        statement("read_results").format(
            table=sql.Identifier(table.schema, table.name),
            values=sql.SQL(", ").join(
                sql.SQL("coalesce(r.{}, 'NaN')").format(sql.Identifier(name))
                for name in characteristics
            ),
            machines=list(machines),
            recipes=list(recipes),
            batches=list(batches),
            from_time=span[0],
            to_time=span[1],
        )
        for span in spans
    ]
    return _read(connection, commands, len(characteristics), batches)


def read_samples(
    connection: Connection,
    table: Table,
    columns: Sequence[tuple[str, int]],
    machines: Sequence[str],
    *,
    batches: Sequence[int],
    spans: Sequence[tuple[datetime, datetime]],
) -> Results:
    """Return the rows that *batches* brought to *table* within *spans*, in the ledger's order.

    *columns* are names of signals, with the position (from 1) of an element or 0. Rows come machine
    by machine, for that is how samples can be found.
    """
    commands = [
        statement("read_samples").format(
            table=sql.Identifier(table.schema, table.name),
            values=_values(columns),
            names=sql.SQL(", ").join(sql.Identifier(f"v{at}") for at in range(len(columns))),
            machines=list(machines),
            batches=list(batches),
            from_time=span[0],
            to_time=span[1],
        )
        for span in spans
    ]
    return _read(connection, commands, len(columns), batches)


def read_history(
    connection: Connection,
    table: Table,
    columns: Sequence[tuple[str, int]],
    machine: str,
    span: tuple[datetime, datetime],
) -> Results:
    """Return the samples of *machine* from the first time of *span* until before the second."""
    command = statement("read_history").format(
        table=sql.Identifier(table.schema, table.name),
        values=_values(columns),
        machine=machine,
        from_time=span[0],
        to_time=span[1],
    )
    return _read(connection, [command], len(columns), [0])


def _values(columns: Sequence[tuple[str, int]]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("coalesce(t.{}{}, 'NaN') AS {}").format(
            sql.Identifier(name),
            sql.SQL(f"[{int(position)}]" if position else ""),
            sql.Identifier(f"v{at}"),
        )
        for at, (name, position) in enumerate(columns)
    )


def _read(
    connection: Connection, commands: Sequence[sql.Composed], values: int, batches: Sequence[int]
) -> Results:
    pieces = []
    for command in commands:
        with connection.cursor() as cursor, cursor.copy(command) as copy:
            pieces.append(_unpack(b"".join(copy), values))
    rows = np.concatenate(pieces)
    rank = np.argsort(np.argsort(batches))[np.searchsorted(np.sort(batches), rows["batch"])]
    # Cells of one moment keep one order too (the tie), or a restart might see another.
    order = np.lexsort(
        (rows["tie"], rows["time"], rank, rows["recipe"], rows["position"], rows["machine"])
    )
    rows = rows[order]
    return Results(
        machine=rows["machine"].astype(np.int64) - 1,
        position=rows["position"].astype(np.int64),
        recipe=rows["recipe"].astype(np.int64) - 1,
        time_us=rows["time"].astype(np.int64) + _EPOCH_SHIFT_US,
        values=rows["value"]["v"].astype(np.float64).reshape(len(rows), values),
    )


def _unpack(data: bytes, results: int) -> npt.NDArray[np.void]:
    """Return binary COPY data as records: no column is null or of variable length."""
    layout: list[tuple[object, ...]] = [("fields", ">i2")]
    for name, number in _HEAD:
        layout += [(f"{name}_length", ">i4"), (name, number)]
    layout.append(("value", [("length", ">i4"), ("v", ">f8")], (results,)))
    body = data[_SIGNATURE_BYTES + _FLAGS_BYTES : -_TRAILER_BYTES]
    return np.frombuffer(body, dtype=np.dtype(layout))
