"""The truth: what was wrong, where, when, and which cells it touched.

A run that knows its faults knows it without having watched: it is worked out from the numbers of
the cells, for any span of time. It never goes over MQTT.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from plant.times import from_us
from simulator.faults import Fault
from simulator.faults_kind import Effect, Size
from simulator.line import Line
from simulator.parquet import arrow, parquet
from simulator.run import Progress
from storage.connect import connect

#: Cells are looked through in pieces of this many.
_CELLS = 100_000
_ROWS = 50_000


class TruthRow(NamedTuple):
    """One cell that a fault touched, or a fault that touched none: then *cell* is None.

    *nature* says what is false: the cell, only the measurement, the record or the message.
    *severity* is which part of the full effect the cell has, with the size asked for; *effect* is
    the full effect, in words.
    """

    run: datetime
    fault: str
    kind: str
    title: str
    nature: str
    line: str
    station: str
    equipment: str
    position: int | None
    signal: str | None
    size: float
    on_at: datetime
    off_at: datetime | None
    cell: str | None
    touched_at: datetime | None
    severity: float | None
    effect: str


def truth(
    lines: Iterable[Line], faults: Sequence[Fault], from_ms: int, to_ms: int
) -> Iterator[TruthRow]:
    """Yield what *faults* touched in [*from_ms*, *to_ms*): cells of *lines*, even if wound later.

    A fault that has no moment yet, or came after *to_ms*, is not in it.
    """
    for line in lines:
        for fault in faults:
            if fault.line == line.name and fault.on_ms is not None and fault.on_ms < to_ms:
                yield from _of(line, fault, tuple(faults), from_ms, to_ms)


def write_parquet(rows: Iterable[TruthRow], path: Path) -> int:
    """Write *rows* to *path*, and return how many; raise `NoParquetError` without pyarrow."""
    schema, count = _schema(), 0
    with parquet().ParquetWriter(path, schema, compression="zstd") as writer:
        for piece in _pieces(rows):
            columns = dict(zip(TruthRow._fields, map(list, zip(*piece, strict=True)), strict=True))
            writer.write_table(arrow().Table.from_pydict(columns, schema))
            count += len(piece)
    return count


def write_database(rows: Iterable[TruthRow], dsn: str) -> int:
    """Add *rows* to sim.truth of a migrated database, and return how many; raise what psycopg does.

    All of them or none.
    """
    count = 0
    with (
        connect(dsn, application="jellyroll simulate") as connection,
        connection.cursor() as cursor,
        cursor.copy(f"COPY sim.truth ({', '.join(TruthRow._fields)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


class TruthError(ValueError):
    """The truth cannot be written; the text says why and what to do."""


def check_truth(path: Path | None, dsn: str | None) -> None:
    """Raise before a run what would keep `write_truth` from writing after it."""
    if path is not None:
        parquet()
        if not path.parent.is_dir():
            raise TruthError(f"--truth {path}: there is no folder {path.parent}; make it first")
    if dsn is not None:
        with connect(dsn, application="jellyroll simulate") as connection:
            if not connection.execute("SELECT to_regclass('sim.truth') IS NOT NULL").fetchall()[0][
                0
            ]:
                raise TruthError("--truth-database: no table sim.truth; run `jellyroll migrate`")


def write_truth(
    lines: Sequence[Line], progress: Progress, path: Path | None, dsn: str | None
) -> None:
    """Write what the faults of a run touched, as far as the run has come."""
    span = progress.from_ms, progress.time_ms
    if path is not None:
        write_parquet(truth(lines, progress.faults, *span), path)
    if dsn is not None:
        write_database(truth(lines, progress.faults, *span), dsn)


def effect_text(fault: Fault) -> str:
    """Return what *fault* does when it is fully there, in words."""
    magnitude = fault.kind.magnitude
    parts = [f"{magnitude.of} {magnitude.value:g} {magnitude.unit}"]
    return "; ".join(parts + [_words(effect) for effect in fault.kind.effects])


def _of(
    line: Line, fault: Fault, faults: tuple[Fault, ...], from_ms: int, to_ms: int
) -> Iterator[TruthRow]:
    kind = fault.kind
    nobody = TruthRow(
        run=_time(from_ms),
        fault=kind.id,
        kind=kind.variant,
        title=kind.title,
        nature=kind.nature.value,
        line=line.name,
        station=kind.station or fault.machines[0].station,
        equipment=fault.equipment,
        position=fault.position,
        signal=fault.signal,
        size=fault.size,
        on_at=_time(fault.on_ms or 0),
        off_at=None if fault.off_ms is None else _time(fault.off_ms),
        cell=None,
        touched_at=None,
        severity=None,
        effect=effect_text(fault),
    )
    found = False
    first, end = line.hits.reaches.candidates(fault, from_ms, to_ms)
    for at in range(first, end, _CELLS):
        for hit in line.hits.of((fault,), at, min(_CELLS, end - at)):
            severity, times = hit.touch
            own = (severity != 0) & (times >= from_ms) & (times < to_ms)
            if own.any():
                own &= line.come_to(nobody.station, at + np.arange(len(own)), faults)
            cells = line.ids.of(at + np.flatnonzero(own))
            for cell, time, part in zip(
                cells, times[own].tolist(), severity[own].tolist(), strict=True
            ):
                found = True
                yield nobody._replace(cell=cell, touched_at=_time(time), severity=part)
    if not found:
        yield nobody


def _time(time_ms: int) -> datetime:
    return from_us(time_ms * 1000)


def _words(effect: Effect) -> str:
    text = effect.on
    if effect.add is not None:
        text += f" {_range(effect.add, '+g')}"
    elif effect.scale is not None:
        text += f" {_range(effect.scale, '+.4g', 100)} %"
    elif effect.to is not None:
        text += f" to {effect.to:g}"
    else:
        text += f" spread x{effect.spread:g}"
    return text + (f" for {effect.share:.2%} of cells" if effect.share is not None else "")


def _range(size: Size, form: str, factor: float = 1.0) -> str:
    sizes = size if isinstance(size, tuple) else (size,)
    return " to ".join(format(one * factor, form) for one in sizes)


def _pieces(rows: Iterable[TruthRow]) -> Iterator[list[TruthRow]]:
    piece: list[TruthRow] = []
    for row in rows:
        piece.append(row)
        if len(piece) == _ROWS:
            yield piece
            piece = []
    if piece:
        yield piece


def _schema() -> object:
    pa = arrow()
    text, moment = pa.string(), pa.timestamp("us", "UTC")
    types = {"position": pa.int16(), "size": pa.float64(), "severity": pa.float64()}
    moments = {"run", "on_at", "off_at", "touched_at"}
    return pa.schema(
        [(name, types.get(name, moment if name in moments else text)) for name in TruthRow._fields]
    )
