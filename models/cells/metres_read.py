"""Metres of cells read back: which strips, which machines when, what these showed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from psycopg import sql

from models.cells.cells import Cells, Floats, Ints
from models.cells.metres import (
    ABOUT_M,
    Piece,
    about,
    means,
    own,
    pieces,
    witness,
    witnesses,
)
from models.columns import EPOCH_SHIFT_US, read_columns
from models.sql import statement
from plant.cell_quality import CellQuality
from plant.metres import Metres
from plant.model import Plant
from plant.tables import Kind
from plant.times import from_us, to_us
from storage.connect import Connection

_DAY = timedelta(days=1)
#: What was made of the web lies on stock for so long at most.
_STOCK = timedelta(days=30)
#: Of a batch its last hours count, when it is nearly done.
_BATCH_US = 3 * 3_600_000_000
_US_PER_MIN = 60e6
_SPEED = "web_speed"
_OF_CELLS = np.dtype([("number", ">i8"), ("from_m", ">f8"), ("to_m", ">f8")])
_SAMPLE = (("number", ">i8"), ("at", ">i8"), ("value", ">f8"))
_HEARD = (("number", ">i8"), ("at", ">f8"), ("value", ">f8"))

Times = tuple[datetime, datetime]


class _Strip(NamedTuple):
    """A strip of which there are cells: by row the metres that it gave, NaN for none; its pieces.

    *lane* is 0 where it is none of a roll's.
    """

    name: str
    from_m: Floats
    to_m: Floats
    pieces: tuple[Piece, ...]
    lane: int


class _Passing(NamedTuple):
    """That a strip, or what it was cut of, passed *machine*, its first metre at *begin_us*.

    *end_us* is None where nobody said so, *offset_m* where the strip begins on what passed.
    """

    machine: str
    begin_us: int
    end_us: int | None
    offset_m: float


Passings = Mapping[tuple[str, str], _Passing]


class MetresReader:
    """Adds to cells what `[cell_quality.metres]` of *plant* tells of their metres."""

    def __init__(self, plant: Plant, connection: Connection, quality: CellQuality) -> None:
        self._plant = plant
        self._connection = connection
        self._entries = quality.metres
        self._groups = {entry.group for entry in quality.metres.values()}
        self._born_at = next(name for name, station in plant.stations.items() if station.results)

    def added(self, cells: Cells) -> Cells:
        """Return *cells* with columns for each entry; NaN where nothing is known of the metres."""
        if not self._entries:
            return cells
        columns = {
            column(name): np.full(len(cells), np.nan)
            for name in self._entries
            for column in (own, about, witness, witnesses)
        }
        born_us = cells.times_us[self._born_at]
        known_us = born_us[born_us > 0]
        if len(known_us):
            wound = from_us(int(known_us.min())) - _DAY, from_us(int(known_us.max())) + _DAY
            self._fill(columns, cells, wound)
        return replace(cells, values={**cells.values, **columns})

    def _fill(self, columns: Mapping[str, Floats], cells: Cells, wound: Times) -> None:
        strips = self._strips(cells, wound)
        passings = self._passings(strips, wound)
        heard: dict[tuple[str, tuple[str, ...]], tuple[Floats, Floats]] = {}
        for name, entry in self._entries.items():
            passed = [strip for strip in strips if (strip.name, entry.group) in passings]
            if not passed:
                continue
            columns[own(name)][:], columns[about(name)][:] = self._read(entry, passed, passings)
            if entry.witness:
                key = entry.witness, tuple(strip.name for strip in passed)
                if key not in heard:
                    heard[key] = self._hear(entry.witness, passed, wound)
                columns[witness(name)][:], columns[witnesses(name)][:] = heard[key]

    def _strips(self, cells: Cells, wound: Times) -> list[_Strip]:
        with self._connection.cursor(binary=True) as cursor:
            rows = cursor.execute(
                statement("cell_metres"),
                {"cells": list(cells.cell), "from_time": wound[0], "to_time": wound[1]},
            ).fetchall()
        strips = []
        for name, packed in rows:
            data = np.frombuffer(packed, dtype=_OF_CELLS)
            at = data["number"].astype(np.int64) - 1
            from_m, to_m = (np.full(len(cells), np.nan) for _ in range(2))
            from_m[at], to_m[at] = data["from_m"], data["to_m"]
            lane = name.rpartition("-")[2]
            strips.append(
                _Strip(
                    name, from_m, to_m,
                    tuple(pieces(np.flatnonzero(np.isfinite(from_m)), (from_m + to_m) / 2)),
                    int(lane) if lane.isdigit() else 0,
                )
            )  # fmt: skip
        return strips

    def _passings(self, strips: Sequence[_Strip], wound: Times) -> Passings:
        """Return by strip and group of machines how its metres passed: made there, or mounted."""
        made = self._connection.execute(
            statement("cell_webs"), {"strips": [strip.name for strip in strips]}
        ).fetchall()
        found: dict[tuple[str, str], _Passing] = {}
        offset_m = {(strip.name, strip.name): 0.0 for strip in strips}
        for strip, child, parent, machine, time, from_m in sorted(made, key=lambda r: -to_us(r[4])):
            at_m = offset_m.get((strip, child), 0.0)
            self._note(found, strip, _Passing(machine, to_us(time), None, at_m))
            if from_m is not None:
                offset_m[strip, parent] = at_m + from_m
        machines = [m.name for m in self._plant.equipment.values() if m.group in self._groups]
        mounts = self._connection.execute(
            statement("cell_mounts"),
            {
                "things": list({thing for _, thing in offset_m}), "machines": machines,
                "from_time": wound[0] - _STOCK, "to_time": wound[1],
            },
        ).fetchall()  # fmt: skip
        of_thing: dict[str, list[tuple[str, float]]] = {}
        for (strip, thing), at_m in offset_m.items():
            of_thing.setdefault(thing, []).append((strip, at_m))
        for thing, machine, begin, end in mounts:
            for strip, at_m in of_thing[thing]:
                end_us = to_us(end) if end else None
                self._note(found, strip, _Passing(machine, to_us(begin), end_us, at_m))
        return found

    def _note(self, found: dict[tuple[str, str], _Passing], strip: str, passing: _Passing) -> None:
        """Keep *passing* if it is the last one of *strip* at machines of that group."""
        machine = self._plant.equipment.get(passing.machine)
        if machine is None or machine.group not in self._groups:
            return
        before = found.get((strip, machine.group))
        if before is None or before.begin_us < passing.begin_us:
            found[strip, machine.group] = passing

    def _read(
        self, entry: Metres, strips: Sequence[_Strip], passings: Passings
    ) -> tuple[Floats, Floats]:
        """Return the means over each cell's own metres and over those about.

        Of a batch there is no telling them apart: only the second.
        """
        station = self._plant.stations[entry.station]
        speed = None
        if _SPEED in station.signals:
            speed = station.signal_of(entry.group, _SPEED).nominal
        windows = list(_windows(strips, passings, entry.group, speed))
        lane = "[w.lane]" if station.signals[entry.columns[0]].per_position else ""
        table = self._plant.tables[Kind.TELEMETRY, entry.station]
        samples = read_columns(
            self._connection,
            statement("cell_samples").format(
                values=sql.SQL(" + ").join(
                    sql.SQL("t.") + sql.Identifier(name) + sql.SQL(lane) for name in entry.columns
                ),
                count=len(entry.columns),
                table=sql.Identifier(table.schema, table.name),
            ),
            _SAMPLE,
            {
                "number": list(range(len(windows))),
                "machine": [passing.machine for _, _, passing, _ in windows],
                "lane": [strip.lane for strip, _, _, _ in windows],
                "from_time": [from_us(low) for _, _, _, (low, _) in windows],
                "to_time": [from_us(high) for _, _, _, (_, high) in windows],
            },
        )
        result = tuple(np.full(len(strips[0].from_m), np.nan) for _ in range(2))
        for number, at, values in _by_number(samples):
            strip, rows, passing, (low, high) = windows[number]
            at_us = at + EPOCH_SHIFT_US
            if speed is None:
                result[1][rows] = means(at_us, values, np.array([low]), np.array([high + 1]))[0]
                continue
            at_m = (at_us - passing.begin_us) * speed / _US_PER_MIN - passing.offset_m
            from_m, to_m = strip.from_m[rows], strip.to_m[rows]
            middle = (from_m + to_m) / 2
            result[0][rows], _ = means(at_m, values, from_m, to_m)
            result[1][rows], _ = means(at_m, values, middle - ABOUT_M, middle + ABOUT_M)
        return result[0], result[1]

    def _hear(self, result: str, strips: Sequence[_Strip], wound: Times) -> tuple[Floats, Floats]:
        """Return the mean of *result* among the cells about each cell, and of how many."""
        station, _, name = result.partition(".")
        table = self._plant.tables[Kind.CELL, station]
        windows = [(strip, piece) for strip in strips for piece in strip.pieces]
        found = read_columns(
            self._connection,
            statement("cell_witnesses").format(
                value=sql.Identifier("t", name), table=sql.Identifier(table.schema, table.name)
            ),
            _HEARD,
            {
                "number": list(range(len(windows))),
                "strip": [strip.name for strip, _ in windows],
                "from_m": [piece.from_m for _, piece in windows],
                "to_m": [piece.to_m for _, piece in windows],
                "from_time": wound[0],
                "to_time": wound[1],
            },
        )
        mean = np.full(len(strips[0].from_m), np.nan)
        count = np.zeros(len(mean))
        for number, at_m, values in _by_number(found):
            strip, (rows, _, _) = windows[number]
            middle = (strip.from_m[rows] + strip.to_m[rows]) / 2
            mean[rows], count[rows] = means(at_m, values, middle - ABOUT_M, middle + ABOUT_M)
        return mean, count


def _windows(
    strips: Sequence[_Strip], passings: Passings, group: str, speed: float | None
) -> Iterator[tuple[_Strip, Ints, _Passing, tuple[int, int]]]:
    """Yield strip, rows, passing, and from when to when the machine had the metres about.

    Without a *speed* it is a batch: all of its metres at once, at its end.
    """
    for strip in strips:
        passing = passings[strip.name, group]
        if speed is None:
            if passing.end_us is not None:
                rows = np.concatenate([piece.rows for piece in strip.pieces])
                begin_us = max(passing.begin_us, passing.end_us - _BATCH_US)
                yield strip, rows, passing, (begin_us, passing.end_us)
            continue
        for piece in strip.pieces:
            low, high = (
                passing.begin_us + round((passing.offset_m + edge) * _US_PER_MIN / speed)
                for edge in (max(piece.from_m, 0.0), piece.to_m)
            )
            yield strip, piece.rows, passing, (low, high)


def _by_number(
    found: npt.NDArray[np.void],
) -> Iterator[tuple[int, npt.NDArray[Any], Floats]]:
    """Yield each number of *found* with its places, in order, and values."""
    order = np.lexsort((found["at"], found["number"]))
    number = found["number"][order].astype(np.int64)
    at, values = found["at"][order], found["value"][order].astype(np.float64)
    cuts = np.flatnonzero(np.diff(number)) + 1
    for rows in np.split(np.arange(len(number)), cuts):
        if len(rows):
            kind = np.int64 if found["at"].dtype.kind == "i" else np.float64
            yield int(number[rows[0]]), at[rows].astype(kind), values[rows]
