"""Affected: the cells that passed the place of an alert while the process was off.

Of an alert about faulty cells of a line those that were held or scrapped meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from alerts.alert import Cause
from alerts.anomaly import FAULTY_CELLS
from alerts.web.sql import statement
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection

_SHOWN = 20
_FAULTY = "disposition IN ('hold', 'scrap') AND fault_class IN ('product', 'process')"


@dataclass(frozen=True, slots=True)
class Affected:
    """How many cells, the first of them, and the query that gives all of them."""

    count: int
    first: tuple[str, ...]
    query: str


def affected_cells(
    connection: Connection, plant: Plant, cause: Cause, since: datetime, until: datetime
) -> Affected | None:
    """Return the cells of *cause* from *since* to *until*; None where the station sees no cells."""
    if cause.characteristic.startswith(FAULTY_CELLS):
        table = sql.Identifier("analysis", "cell_quality")
        where = [sql.SQL("line = {}").format(cause.line), sql.SQL(_FAULTY)]
    else:
        place = plant.tables.get((Kind.CELL, cause.station))
        if place is None or not cause.equipment:
            return None
        table = sql.Identifier(place.schema, place.name)
        where = [sql.SQL("equipment = {}").format(cause.equipment)]
        if cause.position is not None:
            where.append(sql.SQL("position = {}").format(cause.position))
    where.append(sql.SQL("time BETWEEN {} AND {}").format(since.isoformat(), until.isoformat()))
    chosen = statement("affected").format(table=table, where=sql.SQL(" AND ").join(where))
    counted = sql.SQL("SELECT count(*) FROM ({}) AS affected").format(chosen)
    row = connection.execute(counted).fetchone()
    first = connection.execute(sql.SQL("{} LIMIT {}").format(chosen, _SHOWN)).fetchall()
    return Affected(
        row[0] if row else 0,
        tuple(cell for (cell,) in first),
        f"{chosen.as_string(connection).strip()};",
    )
