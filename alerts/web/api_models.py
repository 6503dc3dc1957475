"""What the API says and takes; OpenAPI and the checks of every call come from these types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerts.alert import Kind, Severity, State, Suppression
from alerts.resolve import Resolution
from alerts.web.alert_filter import KEEPABLE, Text
from alerts.web.role import Role


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Problem(BaseModel):
    """Why a call was refused."""

    detail: str


class Caller(_Out):
    """Whose token it is."""

    name: str
    role: Role


class CauseOut(_Out):
    """Where and what."""

    line: str
    station: str
    equipment: str
    position: int | None
    characteristic: str
    direction: str


class AlertOut(_Out):
    """An alert as it stands; *details* is the evidence of its latest anomaly."""

    id: int
    kind: Kind
    cause: CauseOut
    state: State
    severity: Severity
    title: str
    since: datetime
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    assignee: str | None
    returned_at: datetime | None
    suppressed: Suppression | None
    parent: int | None
    shelved_until: datetime | None
    resolution: Resolution | None
    cause_code: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    details: dict[str, Any]


class AlertPage(BaseModel):
    """Some alerts, newest first; *before* is what to ask with for those after them."""

    alerts: list[AlertOut]
    before: int | None


class EventOut(_Out):
    """Something that happened to an alert."""

    id: int
    at: datetime
    who: str
    what: str
    why: str
    detail: dict[str, Any]


class SuspectOut(_Out):
    """What deviating cells have in common, and others have not."""

    rank: int
    factor: str
    value: str
    station: str | None
    affected: int
    affected_total: int
    others: int
    others_total: int
    lift: float | None
    p_value: float | None
    q_value: float | None
    sentence: str


class AlertStory(BaseModel):
    """One alert with its history and its suspects."""

    alert: AlertOut
    events: list[EventOut]
    suspects: list[SuspectOut]


class OpenAlertsOut(_Out):
    """Open alerts of some place; *suppressed* ones are not in the others."""

    alerts: int
    unacknowledged: int
    suppressed: int
    worst: Severity | None
    oldest: datetime | None


class StationOut(_Out):
    """One station: *health* is normal, stale or suspected, *data_age_s* null without data."""

    name: str
    title: str
    health: str
    data_age_s: float | None
    open: OpenAlertsOut
    shift_yield: float | None


class LineOut(_Out):
    """One line; *shift_yield* is rolled over its stations."""

    name: str
    stations: list[StationOut]
    open: OpenAlertsOut
    data_age_s: float | None
    stale: int
    shift_yield: float | None
    made: int
    planned: int


class HealthOut(_Out):
    """All lines, and the alerts that are about none of them."""

    lines: list[LineOut]
    elsewhere: OpenAlertsOut


class FigureOut(_Out):
    """A figure of alarm performance against its targets."""

    name: str
    value: float | None
    acceptable: float
    manageable: float
    unit: str
    verdict: str


class BusyCause(_Out):
    """How often a cause called."""

    line: str
    station: str
    equipment: str
    position: int | None
    characteristic: str
    direction: str
    alarms: int
    chatters: bool
    last_at: datetime


class PerformanceOut(_Out):
    """Alarm performance; of all lines when *line* is null."""

    line: str | None
    since: datetime
    figures: list[FigureOut]
    median_wait_s: float | None
    slow_wait_s: float | None
    severities: dict[str, float]
    top: list[BusyCause]


#: Something that can be read, and no NUL, which the database cannot keep.
_SAID = r"^[^\x00]*[^\x00\s][^\x00]*$"
Words = Annotated[str, Field(max_length=4000, pattern=KEEPABLE)]
Reason = Annotated[str, Field(max_length=4000, pattern=_SAID)]


class Note(BaseModel):
    """Why, for the history."""

    model_config = ConfigDict(extra="forbid")

    why: Words = ""


class CommentIn(BaseModel):
    """A comment."""

    model_config = ConfigDict(extra="forbid")

    why: Reason


class AssignIn(Note):
    """Who is to look after the alert; null for nobody."""

    assignee: Annotated[str, Field(max_length=100, pattern=_SAID)] | None


class ShelveIn(BaseModel):
    """Until when the alert is put aside, and why."""

    model_config = ConfigDict(extra="forbid")

    until: AwareDatetime
    why: Reason


class ResolveIn(Note):
    """What it was."""

    resolution: Resolution
    cause_code: Text
