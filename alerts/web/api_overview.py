"""What the API says of lines and of alarm performance."""

from __future__ import annotations

from datetime import datetime

from alerts.alert import Severity, State
from alerts.web.api_models import CauseOut, Out


class OpenAlertsOut(Out):
    """Open alerts of some place; *suppressed* ones are not in the others.

    *people* have those that are acknowledged.
    """

    alerts: int
    unacknowledged: int
    suppressed: int
    worst: Severity | None
    oldest: datetime | None
    people: list[str]


class StateOut(Out):
    """Machines in one PackML state, the last of them since then; *stands*: they make nothing."""

    state: str
    machines: int
    since: datetime
    reason: str
    stands: bool


class StationOut(Out):
    """One station: *health* is normal, stale or suspected, *data_age_s* null without data.

    *states* are those of its machines, *stands* is true when all of them do.
    """

    name: str
    title: str
    health: str
    data_age_s: float | None
    open: OpenAlertsOut
    states: list[StateOut]
    stands: bool
    shift_yield: float | None


class ShiftOut(Out):
    """The present shift; its name is empty where alerts.toml has none for this time."""

    name: str
    began: datetime


class StopOut(Out):
    """For how long machines of a station stood in this shift, and why."""

    station: str
    reason: str
    seconds: float


class LineOut(Out):
    """One line; *shift_yield* is rolled over its stations, *state* is that of its pace-maker."""

    name: str
    shift: ShiftOut
    stations: list[StationOut]
    open: OpenAlertsOut
    state: StateOut | None
    machines: int
    stops: list[StopOut]
    data_age_s: float | None
    stale: int
    shift_yield: float | None
    made: int
    planned: int


class HealthOut(Out):
    """All lines, and the alerts that are about none of them."""

    lines: list[LineOut]
    elsewhere: OpenAlertsOut


class FigureOut(Out):
    """A figure of alarm performance against its targets."""

    name: str
    value: float | None
    acceptable: float
    manageable: float
    unit: str
    verdict: str


class BusyCause(CauseOut):
    """How often a cause called."""

    alarms: int
    chatters: bool
    last_at: datetime


class StaleOut(Out):
    """An alert that has been open for more than a day."""

    id: int
    title: str
    severity: Severity
    state: State
    opened_at: datetime


class PerformanceOut(Out):
    """Alarm performance; of all lines when *line* is null.

    Labels with counts: alerts by day, by ten minutes of the last day, and acknowledged ones by
    the time that it took.
    """

    line: str | None
    since: datetime
    figures: list[FigureOut]
    median_wait_s: float | None
    slow_wait_s: float | None
    severities: dict[str, float]
    per_day: list[tuple[str, int]]
    last_day: list[tuple[str, int]]
    waits: list[tuple[str, int]]
    top: list[BusyCause]
    chattering: list[BusyCause]
    stale: list[StaleOut]
