"""Anomalies in the database: alarms begun and ended, grouped into events.

What goes on at one machine while another alarm of it lasts belongs to that alarm's event: a low
dose is low in the dose and in the mass after it. A lost or a stuck sensor is an event of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from models.sql import statement
from storage.connect import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyRow:
    """An alarm that began ("on") or ended ("off") with the identity of its beginning.

    Numbers are in *unit*; *contributions* are shares of signals, the largest first.
    """

    state: str
    line: str
    station: str
    equipment: str
    position: int | None
    characteristic: str
    direction: str
    since: datetime
    time: datetime
    statistic: float
    limit: float
    value: float
    expected: float
    sd: float
    unit: str
    samples: int
    last_points: Sequence[Sequence[Any]]
    model: str
    recipe: str
    contributions: Sequence[Mapping[str, Any]] = field(default=())

    @property
    def is_of_sensor(self) -> bool:
        """Whether it speaks of a sensor and not of what the sensor measures."""
        return ":" in self.characteristic


def write_anomalies(connection: Connection, rows: Sequence[AnomalyRow]) -> list[int]:
    """Write *rows* in order, in the caller's transaction; return the ids of those that began."""
    begun = []
    for row in rows:
        values = {name: getattr(row, name) for name in AnomalyRow.__dataclass_fields__}
        values["last_points"] = Jsonb(list(row.last_points))
        values["contributions"] = Jsonb(list(row.contributions))
        values["alone"] = row.is_of_sensor
        written = connection.execute(statement("insert_anomaly"), values).fetchone()
        assert written is not None
        if row.state == "on":
            begun.append(int(written[0]))
    return begun
