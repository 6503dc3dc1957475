"""What was measured of given cells at a station, one result or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import numpy as np
from psycopg import sql

from models.columns import read_columns
from models.sql import statement
from models.suspects_levels import Floats, Ints
from plant.model import Plant
from plant.tables import Kind
from plant.times import from_us
from storage.connect import Connection

_PAD = timedelta(seconds=1)


class Measured(NamedTuple):
    """Results *names* of cells at *station*: shape (cells, results), NaN where there is none."""

    station: str
    names: tuple[str, ...]
    values: Floats


def read_measured(
    connection: Connection,
    plant: Plant,
    place: tuple[str, str],
    *,
    key: Ints,
    times_us: Floats,
    names: Sequence[str],
) -> Measured:
    """Return results *names* of the cells *key*, which were at a station of a line at *times_us*.

    *place* is that line and station. Where a cell was there twice it is the later time that counts.
    """
    line, station = place
    known = times_us[np.isfinite(times_us)]
    nothing = Measured(station, tuple(names), np.full((len(key), len(names)), np.nan))
    if not len(known) or not names:
        return nothing
    table = plant.tables[Kind.CELL, station]
    values = sql.SQL(" || ").join(
        sql.SQL("float8send(coalesce(r.{}, 'NaN'))").format(sql.Identifier(name)) for name in names
    )
    command = statement("suspect_results").format(
        table=sql.Identifier(table.schema, table.name), values=values
    )
    rows = read_columns(
        connection,
        command,
        (("key", ">i8"), *((f"v{at}", ">f8") for at in range(len(names)))),
        {
            "from_time": from_us(int(known.min())) - _PAD,
            "to_time": from_us(int(known.max())) + _PAD,
            "machines": [machine.name for machine in plant.equipment_at(line, station)],
        },
    )
    if not len(rows):
        return nothing
    there = rows["key"].astype(np.int64)
    order = np.argsort(there, kind="stable")
    at = np.searchsorted(there[order], key, side="right") - 1
    row = order[at]
    found = (at >= 0) & (there[row] == key)
    read = np.stack([rows[f"v{n}"].astype(np.float64)[row] for n in range(len(names))], axis=1)
    return Measured(station, tuple(names), np.where(found[:, None], read, np.nan))
