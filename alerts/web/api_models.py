"""What the API says and takes; OpenAPI and the checks of every call come from these types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerts.alert import Kind, Severity, State, Suppression
from alerts.resolve import Resolution
from alerts.web.alert_filter import KEEPABLE, Text
from alerts.web.role import Role


class Out(BaseModel):
    """What a call gives back, made of an object of ours."""

    model_config = ConfigDict(from_attributes=True)


class Problem(BaseModel):
    """Why a call was refused."""

    detail: str


class Caller(Out):
    """Whose token it is."""

    name: str
    role: Role


class CauseOut(Out):
    """Where and what."""

    line: str
    station: str
    equipment: str
    position: int | None
    characteristic: str
    direction: str


class AlertOut(Out):
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


class EventOut(Out):
    """Something that happened to an alert."""

    id: int
    at: datetime
    who: str
    what: str
    why: str
    detail: dict[str, Any]


class SuspectOut(Out):
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


class DeliveryOut(Out):
    """What was told to an endpoint, or is still to be."""

    id: str
    endpoint: str
    event_type: str
    status: str
    attempts: int
    created_at: datetime
    delivered_at: datetime | None
    last_error: str | None


class DueOut(BaseModel):
    """When a route tells the next, unless somebody acknowledges; *step* counts from 0."""

    route: str
    step: int
    due_at: datetime


class EvidenceOut(Out):
    """What the chart of an alert shows, in its *unit* (UCUM); null is not known.

    The baseline is *expected* with three *sd* on each side, *low* and *high* are the limits of the
    plant model, and the process was off from *since* to *until*.
    """

    points: list[tuple[datetime, float]]
    since: datetime
    until: datetime
    expected: float | None
    sd: float | None
    unit: str
    low: float | None
    high: float | None


class AffectedOut(Out):
    """The cells that passed while the process was off: how many, the first, a query for all."""

    count: int
    first: list[str]
    query: str


class AlertStory(BaseModel):
    """One alert with everything about it; *children* are the alerts that it explains."""

    alert: AlertOut
    events: list[EventOut]
    suspects: list[SuspectOut]
    deliveries: list[DeliveryOut]
    due: list[DueOut]
    children: list[int]
    evidence: EvidenceOut | None
    affected: AffectedOut | None
    dashboard: str | None


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
