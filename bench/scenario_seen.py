"""What the models said of a run: anomalies with their suspects, alerts, cells condemned."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from psycopg import sql

from bench.scenario import Scenario
from bench.scenario_truth import Done
from storage.connect import connect

_ANOMALIES = Path(__file__).with_name("scenario_anomalies.sql")


class Anomaly(NamedTuple):
    """An anomaly that began; *suspects* and their *factors*, the likeliest first."""

    equipment: str
    position: int | None
    characteristic: str
    direction: str
    since: datetime
    time: datetime
    event: int
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
    condemned: frozenset[str]

    @property
    def alerts(self) -> int:
        """How many alerts a technician gets: one a day for all that has one first suspect."""
        return len({(one.suspects[:1] or one.event, one.time.date()) for one in self.anomalies})


class Outcome(NamedTuple):
    """What one scenario came to: what its faults did, and what was seen of it."""

    scenario: Scenario
    done: tuple[Done, ...]
    seen: Seen


def read_seen(dsn: str, begin: datetime) -> Seen:
    """Return what the models wrote since *begin*."""
    with connect(dsn, application="scenario", autocommit=True) as connection:
        rows = connection.execute(sql.SQL(_ANOMALIES.read_text("utf-8")), {"begin": begin})
        condemned = connection.execute(
            "SELECT cell FROM analysis.cell_quality WHERE disposition <> 'pass'"
        )
        return Seen(
            tuple(
                Anomaly._make((*rest, tuple(values), tuple(factors), sentence))
                for *rest, values, factors, sentence in rows
            ),
            frozenset(cell for (cell,) in condemned),
        )
