"""Event: an anomaly whose suspects are asked for, and a suspect as it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from models.sql import statement
from models.suspects_passing import machine_kind, place_name, position_kind
from plant.model import Plant
from storage.connect import Connection


class Event(NamedTuple):
    """An anomaly that began, as `analysis.anomaly` has it; *event* is the id of its first one."""

    id: int
    event: int
    line: str
    station: str
    equipment: str
    position: int | None
    characteristic: str
    since: datetime
    time: datetime
    value: float
    expected: float
    sd: float
    unit: str
    recipe: str
    contributions: Sequence[Mapping[str, Any]]

    @property
    def place(self) -> str:
        """Machine and position in one word."""
        return place_name(self.equipment, self.position)

    def place_kind(self, plant: Plant) -> str:
        """Return the factor that the place is."""
        station = plant.stations[self.station]
        return machine_kind(station) if self.position is None else position_kind(station)


class Written(NamedTuple):
    """One row of `analysis.suspect` but for anomaly and rank; the meaning of all is there."""

    factor: str
    value: str
    station: str
    affected: int
    affected_total: int
    others: int
    others_total: int
    lift: float | None
    p_value: float | None
    q_value: float | None
    since: datetime
    effect: float
    unit: str
    sentence: str


def read_events(connection: Connection, anomalies: Sequence[int]) -> list[Event]:
    """Return those of *anomalies* that began, the first one first."""
    rows = connection.execute(statement("suspect_events"), {"anomalies": list(anomalies)})
    return [Event(*row) for row in rows]


def write(connection: Connection, anomaly: int, suspects: Sequence[Written]) -> None:
    """Write the suspects of *anomaly*, the first one first.

    A list that was there already is replaced: it goes to `analysis.suspect_past`.
    """
    row = connection.execute(statement("suspect_replace"), {"anomaly": anomaly}).fetchone()
    assert row is not None
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("insert_suspect"),
            [(anomaly, row[0] + 1, rank, *suspect) for rank, suspect in enumerate(suspects, 1)],
        )


def first_of(connection: Connection, anomaly: int) -> tuple[str, str] | None:
    """Return factor and value of the first suspect of *anomaly* as it stands."""
    row = connection.execute(
        "SELECT factor, value FROM analysis.suspect WHERE anomaly = %s AND rank = 1", (anomaly,)
    ).fetchone()
    return None if row is None else (row[0], row[1])
