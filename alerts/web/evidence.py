"""Evidence: the points around the onset of an alert, with baseline and limits, for its chart."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from psycopg import sql
from pydantic import AwareDatetime, BaseModel, ConfigDict

from alerts.alert import Alert, Cause
from alerts.web.evidence_chart import Evidence
from alerts.web.sql import statement
from plant.model import Plant
from plant.tables import ColumnType, Kind, Table
from storage.connect import Connection

#: What is drawn at most: before the onset, and from it on.
_BEFORE = timedelta(hours=1)
_AFTER = timedelta(hours=3)
_LEAST = timedelta(minutes=10)
_PIECES = 240


class Details(BaseModel):
    """What `alert.alert.details` says of an alert that a chart raised; null is not known."""

    model_config = ConfigDict(extra="ignore")

    since: AwareDatetime
    time: AwareDatetime
    value: float | None = None
    expected: float | None = None
    sd: float | None = None
    unit: str = ""
    statistic: float | None = None
    limit: float | None = None
    samples: int | None = None
    model: str = ""
    last_points: list[tuple[AwareDatetime, float | None]] = []


def read_evidence(
    connection: Connection, plant: Plant, alert: Alert, details: Details, until: datetime
) -> Evidence:
    """Return what there is to draw of *alert* around its onset; *until* then the process was off.

    The points are those of the database, and where it has none any more those of the alert.
    """
    cause = alert.cause
    begin = details.since - min(_BEFORE, max(_LEAST, until - details.since))
    end = min(until + _LEAST, details.since + _AFTER)
    points = _stored(connection, plant, cause, (begin, end))
    if not points:
        points = [(at.astimezone(UTC), v) for at, v in details.last_points if v is not None]
    signal = None
    if cause.equipment in plant.equipment:
        station = plant.stations[plant.equipment[cause.equipment].station]
        if cause.characteristic in {*station.signals, *station.results}:
            signal = plant.signal(cause.equipment, cause.characteristic)
    return Evidence(
        title=alert.title,
        points=points,
        since=details.since,
        until=min(until, end),
        expected=math.nan if details.expected is None else details.expected,
        sd=math.nan if details.sd is None else details.sd,
        ucum=details.unit,
        low=signal.low if signal else None,
        high=signal.high if signal else None,
    )


def _stored(
    connection: Connection, plant: Plant, cause: Cause, window: tuple[datetime, datetime]
) -> list[tuple[datetime, float]]:
    for kind in (Kind.CELL, Kind.TELEMETRY):
        table = plant.tables.get((kind, cause.station))
        if table and cause.characteristic in table.by_name:
            return _read(connection, table, cause, window)
    return []


def _read(
    connection: Connection, table: Table, cause: Cause, window: tuple[datetime, datetime]
) -> list[tuple[datetime, float]]:
    value: sql.Composable = sql.Identifier(cause.characteristic)
    if table.by_name[cause.characteristic].type is ColumnType.FLOATS:
        if cause.position is None:
            return []
        value = sql.SQL("{}[{}]").format(value, sql.Literal(cause.position))
    name = "evidence_cells" if "position" in table.by_name else "evidence_samples"
    query = statement(name).format(value=value, table=sql.Identifier(table.schema, table.name))
    begin, end = window
    asked = {
        "equipment": cause.equipment,
        "position": cause.position,
        "begin": begin,
        "end": end,
        "piece_s": max(0.001, (end - begin).total_seconds() / _PIECES),
    }
    return [(at, float(number)) for at, number in connection.execute(query, asked)]
