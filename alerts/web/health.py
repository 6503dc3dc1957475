"""Line health: every line and station at a glance, for a wall screen and for a phone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import class_row

from alerts.alert import Severity
from alerts.web.machine_state import MachineState, StateGroup, grouped, read_states
from alerts.web.shift import Calendar, ShiftNow
from alerts.web.shift_output import Output, ShiftOutput, ShiftSum, Stop
from alerts.web.sql import statement
from plant.model import Plant
from storage.connect import Connection

#: As many reasons to stand are told of a line.
_STOPS = 3


class Pulse(NamedTuple):
    """What comes from one station; *data_age_s* None: nothing for an hour."""

    line: str
    station: str
    title: str
    health: str
    data_age_s: float | None


class Alarm(NamedTuple):
    """The open alerts of one station; *worst*, *oldest* and *people* are of those not suppressed.

    *station* is empty for alerts about a whole line, and *line*, too, for those about none.
    """

    line: str
    station: str
    alerts: int
    unacknowledged: int
    suppressed: int
    worst: int | None
    oldest: datetime | None
    people: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlerts:
    """The open alerts of some place, added up; *suppressed* ones are not in the others.

    *people* have those that are not *unacknowledged*.
    """

    alerts: int = 0
    unacknowledged: int = 0
    suppressed: int = 0
    worst: Severity | None = None
    oldest: datetime | None = None
    people: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """How many wait for somebody; when none does, who has them."""
        if self.unacknowledged:
            return f"{self.unacknowledged} to take"
        if not self.people:
            return "acknowledged"
        if len(self.people) > 1:
            return f"{self.people[0]} and others have them"
        return f"{self.people[0]} has {'it' if self.alerts == 1 else 'them'}"

    @property
    def words(self) -> str:
        """How many, how bad, and whether somebody has them."""
        if not self.alerts:
            return ""
        some = "1 alert" if self.alerts == 1 else f"{self.alerts} alerts"
        return f"{some}, {self.worst}, {self.who}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StationHealth:
    """One station; *shift_yield* is the share of good cells of this shift, None without cells.

    *states* are those of its machines, that of most machines first.
    """

    name: str
    title: str
    health: str
    data_age_s: float | None
    open: OpenAlerts
    states: tuple[StateGroup, ...]
    shift_yield: float | None

    @property
    def stands(self) -> bool:
        """Tell whether every machine that says what it does makes nothing."""
        return bool(self.states) and all(group.stands for group in self.states)

    @property
    def is_silent(self) -> bool:
        """Tell whether data is missed; a station that stands may fall silent."""
        return self.health == "stale" and not self.stands

    @property
    def look(self) -> str:
        """How it is shown: the severity of its worst alert, "stands", or its health."""
        if self.open.worst:
            return str(self.open.worst)
        return "stands" if self.stands and self.health != "suspected" else self.health

    @property
    def words(self) -> str:
        """What is wrong, in a few words, for a colour never stands alone."""
        if self.open.alerts:
            return self.open.words
        return {"stale": "no data", "suspected": "drift suspected"}.get(self.look, self.look)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineHealth:
    """One line; *shift_yield* is rolled over its stations, *planned* are the cells of the plan.

    *state* is what the machines do that set its pace, those of its first station that makes cells:
    all *machines* of them, or as many as run. *data_age_s* is the age of its newest row, *stale*
    counts its stations without data, *made* the good cells of the last station that reports cells.
    *stops* are the reasons for which machines stood longest in this shift.
    """

    name: str
    shift: ShiftNow
    stations: tuple[StationHealth, ...]
    open: OpenAlerts
    state: StateGroup | None
    machines: int
    data_age_s: float | None
    stale: int
    shift_yield: float | None
    made: int
    planned: int
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """What the database says of all lines now; *pace* is the station that sets their pace."""

    pace: str
    pulses: Sequence[Pulse] = ()
    alarms: Sequence[Alarm] = ()
    states: Sequence[MachineState] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """All lines in the plant's order, and the alerts that are about none of them."""

    lines: tuple[LineHealth, ...]
    elsewhere: OpenAlerts


def read_health(
    connection: Connection,
    plant: Plant,
    shift_output: ShiftOutput,
    calendar: Calendar,
    now: datetime,
) -> Health:
    """Return the health of the plant; yields, cells and stops are those of the present shifts."""
    with connection.cursor(row_factory=class_row(Pulse)) as cursor:
        pulses = cursor.execute(statement("health_stations")).fetchall()
    with connection.cursor(row_factory=class_row(Alarm)) as cursor:
        alarms = cursor.execute(statement("health_alerts")).fetchall()
    pace = next((name for name, station in plant.stations.items() if station.results), "")
    now_there = Readings(pace, pulses, alarms, read_states(connection))
    lines = []
    for name in plant.production.lines:
        shift = calendar.shift_of(name, now)
        planned = plant.production.cells_per_second * (now - shift.began).total_seconds()
        done = shift_output.read(connection, shift.began, now)
        lines.append(line_health(name, now_there, shift, done, round(planned)))
    strangers = [alarm for alarm in alarms if alarm.line not in plant.production.lines]
    return Health(tuple(lines), together(strangers))


def line_health(
    line: str, now_there: Readings, shift: ShiftNow, done: ShiftSum, planned: int
) -> LineHealth:
    """Return the health of *line*; rows of other lines are passed over.

    *done* is what all stations did in this *shift*, *planned* the cells that were to be made.
    """
    own = [pulse for pulse in now_there.pulses if pulse.line == line]
    own_alarms = [alarm for alarm in now_there.alarms if alarm.line == line]
    own_states = [machine for machine in now_there.states if machine.line == line]
    output_of = {output.station: output for output in done.outputs if output.line == line}
    stations = tuple(
        StationHealth(
            name=pulse.station,
            title=pulse.title,
            health=pulse.health,
            data_age_s=pulse.data_age_s,
            open=together([alarm for alarm in own_alarms if alarm.station == pulse.station]),
            states=grouped([m for m in own_states if m.station == pulse.station]),
            shift_yield=_yield(output_of.get(pulse.station)),
        )
        for pulse in own
    )
    yields = [s.shift_yield for s in stations if s.shift_yield is not None]
    counting = [output_of[pulse.station] for pulse in own if pulse.station in output_of]
    paces = grouped([machine for machine in own_states if machine.station == now_there.pace])
    running = [group for group in paces if not group.stands]
    return LineHealth(
        name=line,
        shift=shift,
        stations=stations,
        open=together(own_alarms),
        state=next(iter(running or paces), None),
        machines=sum(group.machines for group in paces),
        data_age_s=min((p.data_age_s for p in own if p.data_age_s is not None), default=None),
        stale=sum(station.is_silent for station in stations),
        shift_yield=math.prod(yields) if yields else None,
        made=counting[-1].cells - counting[-1].failed if counting else 0,
        planned=planned,
        stops=tuple([stop for stop in done.stops if stop.line == line][:_STOPS]),
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
        people=tuple(sorted({name for alarm in alarms for name in alarm.people})),
    )


def _yield(output: Output | None) -> float | None:
    return 1 - output.failed / output.cells if output and output.cells else None
