"""What the models said of a run: anomalies with their suspects, alerts, cells condemned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from psycopg import sql

from bench.scenario import Scenario
from bench.scenario_truth import Done
from models.suspects_common import common_to, places_of
from plant.model import Plant
from storage.connect import connect

_ANOMALIES = Path(__file__).with_name("scenario_anomalies.sql")
_CELLS = Path(__file__).with_name("scenario_cells.sql")


class Ranked(NamedTuple):
    """Suspects and their *factors*, the likeliest first, with the *sentence* of the first one."""

    suspects: tuple[str, ...]
    factors: tuple[str, ...]
    sentence: str

    @classmethod
    def of(cls, suspects: Sequence[str], factors: Sequence[str], sentence: str) -> Ranked:
        """Return what the database says as what can be told apart."""
        return cls(tuple(suspects), tuple(factors), sentence)


class Anomaly(NamedTuple):
    """An anomaly that began; *ranked* at its time, and *last* when all was seen."""

    equipment: str
    position: int | None
    characteristic: str
    direction: str
    since: datetime
    time: datetime
    event: int
    ranked: Ranked
    last: Ranked

    @property
    def chart(self) -> tuple[str, int | None, str]:
        """What alarms, without when."""
        return self.equipment, self.position, self.characteristic


class Judged(NamedTuple):
    """A cell that does not just pass; *is_condemned* says that it is held or scrapped."""

    cell: str
    time: datetime
    fault_class: str
    is_condemned: bool


class Seen(NamedTuple):
    """All that was seen from the beginning on.

    *misread* is what the cells that are said to be measured wrongly have in common, the likeliest
    first: of them there is no anomaly.
    """

    anomalies: tuple[Anomaly, ...]
    judged: tuple[Judged, ...]
    misread: tuple[str, ...]

    @property
    def condemned(self) -> frozenset[str]:
        """The cells that are not to pass."""
        return frozenset(one.cell for one in self.judged if one.is_condemned)

    @property
    def faulty(self) -> frozenset[str]:
        """The cells that are said to have a fault, of their own or of their measurement."""
        return frozenset(one.cell for one in self.judged if one.fault_class != "none")

    @property
    def alerts(self) -> int:
        """How many alerts a technician gets: one a day for all that has one first suspect."""
        return len(
            {(one.ranked.suspects[:1] or one.event, one.time.date()) for one in self.anomalies}
        )


class Outcome(NamedTuple):
    """What one scenario came to: what its faults did, and what was seen of it in so many days.

    *took_s* is how long that took to simulate and to watch.
    """

    scenario: Scenario
    done: tuple[Done, ...]
    seen: Seen
    days: float
    took_s: float


def read_seen(dsn: str, plant: Plant, span: tuple[datetime, datetime]) -> Seen:
    """Return what the models wrote in *span*."""
    with connect(dsn, application="scenario", autocommit=True) as connection:
        rows = connection.execute(sql.SQL(_ANOMALIES.read_text("utf-8")), {"begin": span[0]})
        anomalies = tuple(
            Anomaly(*row[:7], *(Ranked.of(*row[at : at + 3]) for at in (7, 10))) for row in rows
        )
        cells = connection.execute(sql.SQL(_CELLS.read_text("utf-8")))
        judged = tuple(Judged(*row) for row in cells)
        line = plant.production.lines[0]
        tray = plant.cell_quality.tray if plant.cell_quality else ""
        wrong = [one.cell for one in judged if one.fault_class == "measurement"]
        found = common_to(connection, plant, (line, tray), wrong, span) if wrong else []
        misread = [suspect.name.value for suspect in found]
        # Cells too few to have anything in common: what is measured wrongly is so by its channel.
        misread = misread or places_of(connection, plant, (line, tray), wrong)
        return Seen(anomalies, judged, tuple(misread))
