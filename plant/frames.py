"""Frame: rows of one table, in columns. Every decoder makes it, every writer takes it."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from plant.number import Number
from plant.tables import ColumnType, Table

#: Microseconds since 1970-01-01 UTC, the form in which times travel.
TimeUs = int

#: int64 times; float64 numbers, NaN for null; (n, k) float64 for arrays; lists of text or None.
ColumnData = npt.NDArray[np.int64] | npt.NDArray[np.float64] | list[str | None]


class Frame(NamedTuple):
    """*rows* rows of *table*, one entry of *values* per name in *columns*.

    In a frame of one row that came from a one-sample message the entries are bare values (int
    microseconds, float, text, a 1-d array for an array column); in a block each is a column of
    `ColumnData`. `merge` turns any mixture of the two into one block.
    """

    table: Table
    columns: tuple[str, ...]
    values: tuple[Any, ...]
    rows: int
    is_block: bool
    #: Of the message, in its first frame.
    number: Number | None = None


def sample(table: Table, columns: tuple[str, ...], values: tuple[Any, ...]) -> Frame:
    """Return a frame of one row of bare values."""
    return Frame(table, columns, values, 1, is_block=False)


def block(table: Table, columns: tuple[str, ...], values: tuple[ColumnData, ...]) -> Frame:
    """Return a frame of many rows; all of *values* have the same length."""
    return Frame(table, columns, values, len(values[0]), is_block=True)


def merge(frames: Sequence[Frame]) -> Frame:
    """Return one block with the rows of *frames* in order; all have one table and columns."""
    first = frames[0]
    types = [first.table.by_name[name].type for name in first.columns]
    if all(not frame.is_block for frame in frames):
        return block(first.table, first.columns, _columns(types, zip(*_rows(frames), strict=True)))
    pieces: list[tuple[ColumnData, ...]] = []
    for is_block, group in itertools.groupby(frames, key=lambda frame: frame.is_block):
        if is_block:
            pieces.extend(frame.values for frame in group)
        else:
            pieces.append(_columns(types, zip(*_rows(group), strict=True)))
    if len(pieces) == 1:
        return block(first.table, first.columns, pieces[0])
    joined = tuple(_join(column) for column in zip(*pieces, strict=True))
    return block(first.table, first.columns, joined)


def floats(values: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return *values*, numbers all, as a read-only array; four times as fast as `np.array`."""
    return np.frombuffer(struct.pack(f"{len(values)}d", *values))


def _rows(frames: Iterable[Frame]) -> Iterable[tuple[Any, ...]]:
    return (frame.values for frame in frames)


def _columns(types: list[ColumnType], columns: Iterable[tuple[Any, ...]]) -> tuple[ColumnData, ...]:
    return tuple(_column(t, values) for t, values in zip(types, columns, strict=True))


def _column(column_type: ColumnType, values: tuple[Any, ...]) -> ColumnData:
    match column_type:
        case ColumnType.TEXT:
            return list(values)
        case ColumnType.TIME | ColumnType.BIGINT:
            return np.array(values, dtype=np.int64)
        case ColumnType.FLOATS:
            return np.array(values, dtype=np.float64)
        case _:
            return floats(values)


def _join(pieces: Sequence[ColumnData]) -> ColumnData:
    if isinstance(pieces[0], list):
        return list(itertools.chain.from_iterable(pieces))
    joined: ColumnData = np.concatenate(pieces)  # type: ignore[arg-type]  # one type by column
    return joined
