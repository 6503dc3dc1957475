"""The cells around an anomaly, and which machine and position each of them met."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from psycopg import sql

from models.columns import EPOCH_SHIFT_US, read_columns
from models.sql import statement
from models.suspects_levels import Bools, Floats, Ints
from models.suspects_passing import Passing
from plant.model import Plant
from plant.tables import Kind
from plant.times import from_us
from storage.connect import Connection

#: So many of the newest cells since the onset are looked at, and so many before it.
MOST_CELLS, MOST_BEFORE = 6_500, 3_500
#: Cells before the onset are not looked for further back than this.
_BEFORE = timedelta(days=2)
#: So many of the cells are looked up one by one, to know when the others were at a station.
_PROBES = 48
_PAD = timedelta(minutes=15)
#: A cell passes all its stations within this time.
_AGE = timedelta(days=60)
_COLUMNS = (
    ("key", ">i8"), ("time", ">i8"), ("machine", ">i4"), ("position", ">i4"), ("recipe", ">i4"),
    ("value", ">f8"),
)  # fmt: skip


class Visits(NamedTuple):
    """Cells at one station of a line, a row for each visit.

    *key* tells cells apart; *machine* indexes *machines*; *position* is 0 where there is none;
    *recipe* indexes the plant's; *value* is that of one result, NaN where there is none.
    """

    station: str
    machines: tuple[str, ...]
    key: Ints
    time_us: Ints
    machine: Ints
    position: Ints
    recipe: Ints
    value: Floats

    def only(self, rows: Bools) -> Visits:
        """Return the visits *rows* of these."""
        return self._replace(
            key=self.key[rows],
            time_us=self.time_us[rows],
            machine=self.machine[rows],
            position=self.position[rows],
            recipe=self.recipe[rows],
            value=self.value[rows],
        )

    def passing(self, key: Ints) -> Passing:
        """Return when the cells *key* were here, and where."""
        row = self.rows_of(key)
        here = row >= 0
        return Passing(
            self.station,
            "",
            self.machines,
            np.where(here, self.machine[row], -1) if len(self.key) else row,
            np.where(here, self.position[row], 0) if len(self.key) else row,
            np.where(here, self.time_us[row], np.nan)
            if len(self.key)
            else np.full(len(key), np.nan),
        )

    def rows_of(self, key: Ints) -> Ints:
        """Return for each *key* the row of its latest visit, -1 for a cell that was not here."""
        if not len(self.key):
            return np.full(len(key), -1, dtype=np.int64)
        order = np.lexsort((self.time_us, self.key))
        row = np.searchsorted(self.key[order], key, side="right") - 1
        found = (row >= 0) & (self.key[order][row] == key)
        return np.where(found, order[row], -1)


def read_event(
    connection: Connection,
    plant: Plant,
    place: tuple[str, str],
    result: str,
    *,
    since: datetime,
    until: datetime,
) -> Visits:
    """Return the newest cells with a *result* since an onset, and some from before it.

    *place* is a line and one of its stations.
    """
    before = since - _BEFORE, since - timedelta(microseconds=1)
    parts = [
        _read(connection, plant, place, result, span=(since, until), most=MOST_CELLS),
        _read(connection, plant, place, result, span=before, most=MOST_BEFORE),
    ]
    both = [np.concatenate(columns) for columns in zip(*(p[2:] for p in parts), strict=True)]
    return Visits(*parts[0][:2], *both)


def newest_cells(
    connection: Connection,
    plant: Plant,
    place: tuple[str, str],
    result: str,
    *,
    until: datetime,
    most: int,
) -> Visits:
    """Return the newest cells with a *result* at a station of a line, at most so many."""
    return _read(connection, plant, place, result, span=(until - _BEFORE, until), most=most)


def read_station(
    connection: Connection,
    plant: Plant,
    place: tuple[str, str],
    *,
    probes: Sequence[str],
    until: datetime,
    result: str | None = None,
) -> Visits:
    """Return the visits to a station in the time in which the cells *probes* were there."""
    table = plant.tables[Kind.CELL, place[1]]
    span = connection.execute(
        statement("suspect_span").format(table=sql.Identifier(table.schema, table.name)),
        {"cells": list(probes), "from_time": until - _AGE},
    ).fetchone()
    if span is None or span[0] is None:
        span = until, until - 3 * _PAD  # nobody was there
    return _read(connection, plant, place, result, span=(span[0] - _PAD, span[1] + _PAD))


def read_span(
    connection: Connection, plant: Plant, place: tuple[str, str], span: tuple[datetime, datetime]
) -> Visits:
    """Return all visits to a station in *span*."""
    return _read(connection, plant, place, None, span=span)


def probes_of(connection: Connection, plant: Plant, visits: Visits) -> list[str]:
    """Return the names of some cells, evenly over the time of *visits*."""
    table = plant.tables[Kind.CELL, visits.station]
    order = np.argsort(visits.time_us)
    chosen = order[np.linspace(0, len(order) - 1, min(_PROBES, len(order))).astype(np.int64)]
    times = [from_us(time_us) for time_us in visits.time_us[chosen].tolist()]
    rows = connection.execute(
        statement("suspect_probe").format(table=sql.Identifier(table.schema, table.name)),
        {"times": times, "first": times[0], "last": times[-1], "machines": list(visits.machines)},
    )
    return [name for (name,) in rows]


def _read(
    connection: Connection,
    plant: Plant,
    place: tuple[str, str],
    result: str | None,
    *,
    span: tuple[datetime, datetime],
    most: int | None = None,
) -> Visits:
    line, station = place
    table = plant.tables[Kind.CELL, station]
    machines = tuple(machine.name for machine in plant.equipment_at(line, station))
    value = sql.SQL("NULL::double precision")
    if result is not None:
        value = sql.SQL("r.") + sql.Identifier(result)  # type: ignore[assignment]
    command = statement("suspect_cells").format(
        table=sql.Identifier(table.schema, table.name), value=value
    )
    given = {
        "any_value": most is None,
        "recipes": list(plant.recipes),
        "machines": list(machines),
        "from_time": span[0],
        "to_time": span[1],
        "most": most,
    }
    rows = read_columns(connection, command, _COLUMNS, given)
    return Visits(
        station,
        machines,
        rows["key"].astype(np.int64),
        rows["time"].astype(np.int64) + EPOCH_SHIFT_US,
        rows["machine"].astype(np.int64) - 1,
        rows["position"].astype(np.int64),
        rows["recipe"].astype(np.int64) - 1,
        rows["value"].astype(np.float64),
    )
