"""What the models said of a run: anomalies with their suspects, alerts, cells condemned."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from psycopg import sql

from alerts.correlate import correlate
from bench.scenario import Scenario
from bench.scenario_truth import Done
from plant.model import Plant
from storage.connect import Connection, connect

_ANOMALIES = Path(__file__).with_name("scenario_anomalies.sql")


class Anomaly(NamedTuple):
    """An anomaly that began; *suspects* and their *factors*, the likeliest first."""

    equipment: str
    position: int | None
    characteristic: str
    direction: str
    since: datetime
    time: datetime
    suspects: tuple[str, ...]
    factors: tuple[str, ...]
    sentence: str

    @property
    def chart(self) -> tuple[str, int | None, str]:
        """What alarms, without when."""
        return self.equipment, self.position, self.characteristic


class Seen(NamedTuple):
    """All that was seen from the beginning on; *condemned* are cells that are not to pass."""

    anomalies: tuple[Anomaly, ...]
    alerts: int
    condemned: frozenset[str]


class Outcome(NamedTuple):
    """What one scenario came to: what its faults did, and what was seen of it."""

    scenario: Scenario
    done: tuple[Done, ...]
    seen: Seen


def read_seen(dsn: str, plant: Plant, begin: datetime) -> Seen:
    """Read what the models wrote since *begin*, once alerts have been made of the anomalies."""
    with connect(dsn, application="scenario", autocommit=True) as connection:
        while correlate(connection, plant, []):
            pass
        anomalies = connection.execute(
            sql.SQL(_ANOMALIES.read_text(encoding="utf-8")),  # type: ignore[arg-type]
            {"begin": begin},
        )
        return Seen(
            tuple(Anomaly(*row[:6], tuple(row[6]), tuple(row[7]), row[8]) for row in anomalies),
            _one(connection, "SELECT count(*) FROM alert.alert WHERE since >= %s", begin),
            frozenset(
                cell
                for (cell,) in connection.execute(
                    "SELECT cell FROM analysis.cell_quality WHERE disposition <> 'pass'"
                )
            ),
        )


def _one(connection: Connection, query: str, begin: datetime) -> int:
    row = connection.execute(query, (begin,)).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return int(row[0])
