"""What cells that were judged faulty one by one have in common."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import numpy as np
from psycopg import sql

from models.columns import read_columns
from models.sql import statement
from models.suspects_cells import read_span
from models.suspects_levels import Cells
from models.suspects_passing import place_name
from models.suspects_rank import Suspect, rank
from models.suspects_scene import Scene
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection


def places_of(
    connection: Connection, plant: Plant, place: tuple[str, str], cells: Collection[str]
) -> list[str]:
    """Return where at a station of a line *cells* were measured, the most frequent places first."""
    table = plant.tables[Kind.CELL, place[1]]
    machines = [machine.name for machine in plant.equipment_at(*place)]
    rows = connection.execute(
        statement("suspect_places").format(table=sql.Identifier(table.schema, table.name)),
        {"cells": list(cells), "machines": machines},
    )
    return [place_name(equipment, position) for equipment, position in rows]


def common_to(
    connection: Connection,
    plant: Plant,
    place: tuple[str, str],
    cells: Collection[str],
    span: tuple[datetime, datetime],
) -> list[Suspect]:
    """Return what *cells* have in common that others have not which were there in *span*, too.

    *place* is a line and one of its stations. The effect in the result is the share of its cells.
    """
    visits = read_span(connection, plant, place, span)
    keys = read_columns(
        connection, statement("suspect_keys"), (("key", ">i8"),), {"cells": list(cells)}
    )
    affected = np.isin(visits.key, keys["key"].astype(np.int64))
    if not affected.any() or affected.all():
        return []
    found = Cells(None, affected.astype(np.float64), affected)
    return rank(found, Scene.read(connection, plant, place[0], visits).factors)
