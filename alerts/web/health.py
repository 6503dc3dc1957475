"""Line health: every line and station at a glance, for a wall screen and for a phone."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import class_row

from alerts.alert import Severity
from alerts.web.sql import statement
from plant.model import Plant
from storage.connect import Connection

_COUNT_EVERY_S = 15


class Pulse(NamedTuple):
    """What comes from one station; *data_age_s* None: nothing for an hour."""

    line: str
    station: str
    title: str
    health: str
    data_age_s: float | None


class Alarm(NamedTuple):
    """The open alerts of one station; *worst* and *oldest* are of those not suppressed.

    *station* is empty for alerts about a whole line, and *line*, too, for those about none.
    """

    line: str
    station: str
    alerts: int
    unacknowledged: int
    suppressed: int
    worst: int | None
    oldest: datetime | None


class Output(NamedTuple):
    """What one station did in this shift."""

    line: str
    station: str
    cells: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlerts:
    """The open alerts of some place, added up; *suppressed* ones are not in the others."""

    alerts: int = 0
    unacknowledged: int = 0
    suppressed: int = 0
    worst: Severity | None = None
    oldest: datetime | None = None

    @property
    def words(self) -> str:
        """How many, how bad, and whether somebody has them."""
        if not self.alerts:
            return ""
        some = "1 alert" if self.alerts == 1 else f"{self.alerts} alerts"
        taken = "acknowledged" if not self.unacknowledged else f"{self.unacknowledged} to take"
        return f"{some}, {self.worst}, {taken}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StationHealth:
    """One station; *shift_yield* is the share of good cells of this shift, None without cells."""

    name: str
    title: str
    health: str
    data_age_s: float | None
    open: OpenAlerts
    shift_yield: float | None

    @property
    def look(self) -> str:
        """How it is shown: "normal", "stale", "suspected", or the severity of its worst alert."""
        return str(self.open.worst or self.health)

    @property
    def words(self) -> str:
        """What is wrong, in a few words, for a colour never stands alone."""
        if self.open.alerts:
            return self.open.words
        return {"stale": "no data", "suspected": "drift suspected"}.get(self.health, "normal")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineHealth:
    """One line; *shift_yield* is rolled over its stations, *planned* are the cells of the plan.

    *data_age_s* is the age of its newest row, *stale* counts its stations without data, *made* the
    good cells of the last station that reports cells.
    """

    name: str
    stations: tuple[StationHealth, ...]
    open: OpenAlerts
    data_age_s: float | None
    stale: int
    shift_yield: float | None
    made: int
    planned: int

    @property
    def look(self) -> str:
        """How it is shown: as its worst station."""
        if self.open.worst:
            return str(self.open.worst)
        healths = {station.health for station in self.stations}
        return next((look for look in ("stale", "suspected") if look in healths), "normal")


@dataclass(frozen=True, slots=True)
class Health:
    """All lines in the plant's order, and the alerts that are about none of them."""

    lines: tuple[LineHealth, ...]
    elsewhere: OpenAlerts


class ShiftOutput:
    """What the stations did in this shift, counted again every quarter of a minute.

    However many screens ask: it is a look at every cell of the shift. Threads may share it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outputs: list[Output] = []
        self._of: tuple[datetime, int] | None = None

    def read(self, connection: Connection, shift_began: datetime, now: datetime) -> list[Output]:
        """Return what each station did since *shift_began*."""
        of = (shift_began, int(now.timestamp() // _COUNT_EVERY_S))
        with self._lock:
            if self._of != of:
                with connection.cursor(row_factory=class_row(Output)) as cursor:
                    asked = {"since": shift_began}
                    self._outputs = cursor.execute(statement("health_output"), asked).fetchall()
                self._of = of
            return self._outputs


def read_health(
    connection: Connection,
    plant: Plant,
    shift_output: ShiftOutput,
    shift_began: datetime,
    now: datetime,
) -> Health:
    """Return the health of the plant; yields and cells are those since *shift_began*."""
    with connection.cursor(row_factory=class_row(Pulse)) as cursor:
        pulses = cursor.execute(statement("health_stations")).fetchall()
    with connection.cursor(row_factory=class_row(Alarm)) as cursor:
        alarms = cursor.execute(statement("health_alerts")).fetchall()
    outputs = shift_output.read(connection, shift_began, now)
    elapsed_s = (now - shift_began).total_seconds()
    planned = round(plant.production.cells_per_second * elapsed_s)
    names = plant.production.lines
    return Health(
        tuple(line_health(name, planned, pulses, alarms, outputs) for name in names),
        together([alarm for alarm in alarms if alarm.line not in names]),
    )


def line_health(
    line: str,
    planned: int,
    pulses: Sequence[Pulse],
    alarms: Sequence[Alarm],
    outputs: Sequence[Output],
) -> LineHealth:
    """Return the health of *line*; rows of other lines are passed over."""
    own = [pulse for pulse in pulses if pulse.line == line]
    own_alarms = [alarm for alarm in alarms if alarm.line == line]
    output_of = {output.station: output for output in outputs if output.line == line}
    stations = tuple(
        StationHealth(
            name=pulse.station,
            title=pulse.title,
            health=pulse.health,
            data_age_s=pulse.data_age_s,
            open=together([alarm for alarm in own_alarms if alarm.station == pulse.station]),
            shift_yield=_yield(output_of.get(pulse.station)),
        )
        for pulse in own
    )
    yields = [s.shift_yield for s in stations if s.shift_yield is not None]
    counting = [output_of[pulse.station] for pulse in own if pulse.station in output_of]
    return LineHealth(
        name=line,
        stations=stations,
        open=together(own_alarms),
        data_age_s=min((p.data_age_s for p in own if p.data_age_s is not None), default=None),
        stale=sum(station.health == "stale" for station in stations),
        shift_yield=math.prod(yields) if yields else None,
        made=counting[-1].cells - counting[-1].failed if counting else 0,
        planned=planned,
    )


def together(alarms: Sequence[Alarm]) -> OpenAlerts:
    """Add up *alarms*."""
    worst = max((alarm.worst for alarm in alarms if alarm.worst is not None), default=None)
    return OpenAlerts(
        alerts=sum(alarm.alerts for alarm in alarms),
        unacknowledged=sum(alarm.unacknowledged for alarm in alarms),
        suppressed=sum(alarm.suppressed for alarm in alarms),
        worst=None if worst is None else list(Severity)[worst],
        oldest=min((alarm.oldest for alarm in alarms if alarm.oldest), default=None),
    )


def _yield(output: Output | None) -> float | None:
    return 1 - output.failed / output.cells if output and output.cells else None
