"""Anomaly: one word of the monitor, read from `analysis.anomaly` in the order of commit.

The rule of visibility is the ledger's (storage/ledger.py): only rows of transactions below every
one still running, in the order of transaction ids, so that none appears behind the reader's back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from alerts.alert import Cause, Kind
from alerts.sql import statement
from storage.connect import Connection
from storage.ledger import advance

FOLLOWER = "alerts"

#: Notified at each commit that brings anomalies.
CHANNEL = "jellyroll_anomaly"

#: As many of the points before the last anomaly are kept and sent.
MAX_POINTS = 25
MAX_CONTRIBUTIONS = 5


#: How a characteristic begins that is about cells of a whole line with a fault of their own by a
#: measure, as in `faulty_cells.k_value`.
FAULTY_CELLS = "faulty_cells."

#: How a characteristic begins that is about a sensor, as in `stuck:tension`.
LOST, STUCK = "lost", "stuck"


def part(characteristic: str) -> tuple[str, str]:
    """Return fault and signal of a characteristic that is about a sensor; empty where it is not."""
    fault, colon, signal = characteristic.partition(":")
    return (fault, signal) if colon else ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """A row of `analysis.anomaly`; numbers are in *unit*.

    *value* is the mean since the onset *since*, *sd* that of the baseline, *time* that of the
    last point, *last_points* pairs of ISO time and value.
    """

    id: int
    xid: int
    detected_at: datetime
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
    limit_value: float
    value: float
    expected: float
    sd: float
    unit: str
    samples: int
    last_points: list[Any]
    model: str
    contributions: list[dict[str, Any]]

    @property
    def is_on(self) -> bool:
        """Tell whether the alarm has begun, or goes on; false when it has come back."""
        return self.state == "on"

    @property
    def kind(self) -> Kind:
        """What sort of alert it makes: a sensor that gives no value is no alarm about a value."""
        fault, signal = part(self.characteristic)
        return Kind.SIGNAL_LOST if signal and fault == LOST else Kind.PROCESS

    @property
    def cause(self) -> Cause:
        """What is wrong: two anomalies of one cause belong to one alert."""
        return Cause(
            self.line,
            self.station,
            self.equipment,
            self.position,
            self.characteristic,
            self.direction if self.kind is Kind.PROCESS else "",
        )

    def evidence(self) -> dict[str, Any]:
        """Return what the model saw, for the records of the alert; times as they are."""
        return {
            "anomaly": self.id,
            "model": self.model,
            "since": self.since,
            "time": self.time,
            "value": self.value,
            "expected": self.expected,
            "sd": self.sd,
            "unit": self.unit,
            "statistic": self.statistic,
            "limit": self.limit_value,
            "samples": self.samples,
            "last_points": self.last_points[-MAX_POINTS:],
            "contributions": self.contributions[:MAX_CONTRIBUTIONS],
        }


def news(connection: Connection) -> bool:
    """Tell whether anomalies wait, without taking a lock or a transaction id."""
    row = connection.execute(statement("anomaly_news"), {"follower": FOLLOWER}).fetchone()
    return bool(row and row[0])


def take(connection: Connection, limit: int) -> list[Anomaly]:
    """Return the next anomalies and move past them, in the caller's transaction.

    A second reader waits here until the first has committed. Rows of one transaction stay
    together, so more than *limit* may come.
    """
    parameters = {"follower": FOLLOWER, "limit": limit}
    connection.execute(statement("cursor_create"), parameters)
    connection.execute(statement("cursor_lock"), parameters)
    with connection.cursor(row_factory=class_row(Anomaly)) as cursor:
        anomalies = cursor.execute(statement("anomaly_take"), parameters).fetchall()
    if anomalies:
        advance(connection, FOLLOWER, anomalies[-1].xid)
    return anomalies
