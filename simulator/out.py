"""A run into Parquet without a broker: the rows that ingest would have, a folder per table.

`telemetry.filling/2026-11-22.parquet` has the rows of one day (UTC) of one table, in row groups in
order of time. A file is written under another name and renamed when it is whole.
"""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from plant.errors import UnreadableError
from plant.frames import Frame, merge
from plant.model import Intake, Plant
from plant.payload import PayloadDecoder
from plant.tables import Column, ColumnType, Table
from simulator.message import Message
from simulator.parquet import arrow, parquet

_DAY_US = 86_400_000_000
#: Row groups are written when so many values are held.
_MOST_VALUES = 2_000_000
_PART = ".part"
#: A history may be of any age: nothing is late or ahead here.
_ANY_TIME = Intake(max_lateness_d=1e6, max_ahead_s=1e9, max_payload_bytes=1 << 40)


class OutError(Exception):
    """The folder cannot be used; the text says what to do."""


class SimulatedClock:
    """A clock that stands still but for waits, which take no time; the last ends at the wall's now.

    *ahead_ms* is how much will be waited for in all.
    """

    def __init__(self, ahead_ms: int) -> None:
        self._now_ms = time.time_ns() // 1_000_000 - ahead_ms

    def now_ms(self) -> int:
        """Return milliseconds since the epoch."""
        return self._now_ms

    def wait(self, seconds: float) -> None:
        """Let *seconds* pass at once."""
        self._now_ms += round(1000 * seconds)


class TableFolder:
    """Writes messages of *plant* as rows into *folder*, which must be new or empty.

    As a context manager it closes all files. *unreadable* messages, which a fault has spoilt, have
    no row. Raise `OutError`.
    """

    def __init__(self, folder: Path, plant: Plant) -> None:
        parquet()  # missing, it is to be missed now
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise OutError(f"{folder} is not empty: choose a new folder for --out")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._decoder = PayloadDecoder(plant.model_copy(update={"intake": _ANY_TIME}))
        self._held: dict[Table, list[Frame]] = defaultdict(list)
        self._values = 0
        self.unreadable = 0
        self._writers: dict[tuple[Table, int], tuple[Any, Path]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._flush()
        self._close(set(self._writers))

    def add(self, message: Message) -> None:
        """Take the rows of *message*."""
        try:
            frames = self._decoder.decode(message.topic, message.payload)
        except UnreadableError:
            self.unreadable += 1
            return
        for frame in frames:
            self._held[frame.table].append(frame)
        self._values += message.values + message.rows
        if self._values >= _MOST_VALUES:
            self._flush()

    def _flush(self) -> None:
        written = set()
        for table, frames in self._held.items():
            rows = _rows(table, frames)
            days = rows["time"].cast(arrow().int64()).to_numpy() // _DAY_US
            # In order of time, so each day is one piece.
            for day in np.unique(days).tolist():
                first, end = np.searchsorted(days, [day, day + 1]).tolist()
                self._writer(table, day).write_table(rows.slice(first, end - first))
                written.add((table, day))
        self._held.clear()
        self._values = 0
        self._close(set(self._writers) - written)

    def _writer(self, table: Table, day: int) -> Any:
        if (table, day) not in self._writers:
            folder = self._folder / str(table)
            folder.mkdir(exist_ok=True)
            stem = str(np.datetime64(day, "D"))
            taken = len(list(folder.glob(f"{stem}*")))
            path = folder / f"{stem}{f'-{taken + 1}' if taken else ''}.parquet"
            writer = parquet().ParquetWriter(f"{path}{_PART}", _schema(table), compression="zstd")
            self._writers[table, day] = (writer, path)
        return self._writers[table, day][0]

    def _close(self, keys: set[tuple[Table, int]]) -> None:
        for key in keys:
            writer, path = self._writers.pop(key)
            writer.close()
            Path(f"{path}{_PART}").rename(path)


def _columns(table: Table) -> list[Column]:
    return [column for column in table.columns if column.name != "batch"]


def _schema(table: Table) -> Any:
    return arrow().schema([(c.name, _type(c)) for c in _columns(table)])


def _type(column: Column) -> Any:
    pa = arrow()
    match column.type:
        case ColumnType.TIME:
            return pa.timestamp("us", "UTC")
        case ColumnType.TEXT:
            return pa.string()
        case ColumnType.FLOATS:
            return pa.list_(pa.float64(), column.length)
        case ColumnType.FLOAT:
            return pa.float64()
        case ColumnType.SMALLINT:
            return pa.int16()
        case ColumnType.BIGINT:
            return pa.int64()


def _rows(table: Table, frames: list[Frame]) -> Any:
    """Return the rows of *frames* in order of time; what a frame does not name is null."""
    by_columns: dict[tuple[str, ...], list[Frame]] = defaultdict(list)
    for frame in frames:
        by_columns[frame.columns].append(frame)
    pa, pieces = arrow(), []
    for names, alike in by_columns.items():
        whole = merge(alike)
        known = dict(zip(names, whole.values, strict=True))
        arrays = [
            _array(known[c.name], c) if c.name in known else pa.nulls(whole.rows, _type(c))
            for c in _columns(table)
        ]
        pieces.append(pa.Table.from_arrays(arrays, schema=_schema(table)))
    return pa.concat_tables(pieces).sort_by([("time", "ascending"), ("equipment", "ascending")])


def _array(values: Any, column: Column) -> Any:
    pa = arrow()
    if column.type is ColumnType.FLOATS:
        flat = pa.array(np.ascontiguousarray(values).ravel(), pa.float64(), from_pandas=True)
        return pa.FixedSizeListArray.from_arrays(flat, column.length)
    if column.type is ColumnType.SMALLINT:
        return pa.array(values, pa.float64(), from_pandas=True).cast(pa.int16())
    # NaN is a value that was not measured.
    return pa.array(values, _type(column), from_pandas=True)
