"""Evidence: what an alert keeps of the anomaly that raised it, and what it says beside."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from alerts.anomaly import FAULTY_CELLS, Anomaly
from alerts.subject import signal_of
from alerts.suspect import suspects_of
from plant.model import Plant
from plant.tables import Kind
from storage.connect import Connection

_ACTION_OF_FAULTY = (
    "Hold what the first suspect has made since then; look there for metal particles and burrs, and"
    " open one of the cells."
)


def gather(connection: Connection, plant: Plant, anomaly: Anomaly) -> dict[str, Any]:
    """Return the details of an alert: what the model saw, suspects, cells, what to do."""
    return {
        **anomaly.evidence(),
        "suspects": [suspect._asdict() for suspect in suspects_of(connection, anomaly.id)],
        "affected": affected(connection, plant, anomaly),
        "action": action(plant, anomaly.station, anomaly.equipment, anomaly.characteristic),
    }


def affected(connection: Connection, plant: Plant, anomaly: Anomaly) -> dict[str, Any]:
    """Return how many cells the place has made since the onset, and the SQL that lists them.

    Of an alarm about faulty cells those that are held or scrapped. Both are None where the station
    writes no results per cell, or the plant does not know it.
    """
    if anomaly.characteristic.startswith(FAULTY_CELLS):
        from_where = sql.SQL(
            " FROM analysis.cell_quality WHERE line = {} AND time >= {}"
            " AND disposition IN ('hold', 'scrap') AND fault_class IN ('product', 'process')"
        ).format(anomaly.line, anomaly.since)
        return _counted(connection, from_where)
    table = plant.tables.get((Kind.CELL, anomaly.station))
    if table is None or anomaly.equipment not in plant.equipment:
        return {"cells": None, "query": None}
    where = [
        sql.SQL("equipment = {}").format(anomaly.equipment),
        sql.SQL("time >= {}").format(anomaly.since),
    ]
    if anomaly.position is not None:
        where.append(sql.SQL("position = {}").format(anomaly.position))
    from_where = sql.SQL(" FROM {} WHERE {}").format(
        sql.Identifier(table.schema, table.name), sql.SQL(" AND ").join(where)
    )
    return _counted(connection, from_where)


def _counted(connection: Connection, from_where: sql.Composed) -> dict[str, Any]:
    counted = connection.execute(sql.SQL("SELECT count(*)") + from_where).fetchone()
    assert counted is not None
    query = sql.SQL("SELECT cell, time") + from_where + sql.SQL(" ORDER BY time")
    return {"cells": counted[0], "query": query.as_string(connection)}


def action(plant: Plant, station: str, equipment: str, characteristic: str) -> str | None:
    """Return what the plant model says is to be done first; the signal's word goes first."""
    if characteristic.startswith(FAULTY_CELLS):
        return _ACTION_OF_FAULTY
    signal = signal_of(plant, equipment, characteristic)
    said = signal.action if signal else ""
    known = plant.stations.get(station)
    return said or (known.action if known else "") or None
