"""Affected: the cells that passed the place of an alert while the process was off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from alerts.alert import Cause
from alerts.web.sql import statement
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection

_SHOWN = 20


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
    table = plant.tables.get((Kind.CELL, cause.station))
    if table is None or not cause.equipment:
        return None
    where = [sql.SQL("equipment = {}").format(cause.equipment)]
    if cause.position is not None:
        where.append(sql.SQL("position = {}").format(cause.position))
    where.append(sql.SQL("time BETWEEN {} AND {}").format(since.isoformat(), until.isoformat()))
    chosen = statement("affected").format(
        table=sql.Identifier(table.schema, table.name), where=sql.SQL(" AND ").join(where)
    )
    counted = sql.SQL("SELECT count(*) FROM ({}) AS affected").format(chosen)
    row = connection.execute(counted).fetchone()
    first = connection.execute(sql.SQL("{} LIMIT {}").format(chosen, _SHOWN)).fetchall()
    return Affected(
        row[0] if row else 0,
        tuple(cell for (cell,) in first),
        f"{chosen.as_string(connection).strip()};",
    )
