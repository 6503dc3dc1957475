"""Body: what a webhook says, as types; docs/alert-webhook.schema.json is made of them.

A new field may be added at any time; a change that could break a reader raises `VERSION`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from alerts.alert import Kind, Severity, State

VERSION: Literal[1] = 1

EventType = Literal[
    "alert.opened",
    "alert.updated",
    "alert.reopened",
    "alert.returned",
    "alert.escalated",
    "alert.repeated",
    "alert.acknowledged",
    "alert.assigned",
    "alert.shelved",
    "alert.resolved",
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null", use_attribute_docstrings=True)


class Where(_Part):
    """The place; station and equipment are null where it is a whole line or station."""

    enterprise: str
    site: str
    line: str | None
    station: str | None
    station_title: str | None
    equipment: str | None
    position: int | None
    """Nozzle, lane, channel: from 1."""
    position_name: str | None


class What(_Part):
    """What is off, for an alert about a value; numbers are in *unit* (UCUM)."""

    characteristic: str
    characteristic_title: str | None
    direction: Literal["low", "high"]
    unit: str
    value: float | None
    """Mean since the onset."""
    expected: float | None
    """Mean of the baseline."""
    sd: float | None
    """Standard deviation of the baseline."""
    size_sd: float | None
    """(value - expected) / sd"""
    low_limit: float | None
    """Of the plant model."""
    high_limit: float | None


class Contribution(_Part):
    """A signal's share in an alarm about many signals together."""

    signal: str
    share: float | None
    value: float | None
    expected: float | None
    unit: str


class Evidence(_Part):
    """What the model saw."""

    anomaly: int | None
    model: str
    statistic: float | None
    limit: float | None
    """The statistic is above it."""
    samples: int
    """Points since the onset."""
    time: datetime
    """Of the last point."""
    last_points: list[tuple[datetime, float | None]] = Field(max_length=25)
    contributions: list[Contribution]
    """Largest first; empty where the alarm is about one value."""


class SuspectPart(_Part):
    """Something that the cells concerned have in common, and the others have not."""

    rank: int
    factor: str
    value: str
    station: str | None
    affected: int
    affected_total: int
    others: int
    others_total: int
    lift: float | None
    q_value: float | None
    sentence: str


class Affected(_Part):
    """The cells concerned: made at the place since the onset."""

    cells: int | None
    """How many when this was written; null where the place knows no cells."""
    query: str | None
    """SQL that lists them."""


class Links(_Part):
    """Where to read on."""

    page: str | None
    dashboard: str | None


class By(_Part):
    """The person who did what this tells of, and what they said."""

    who: str
    why: str


class Data(_Part):
    """The alert as it is now."""

    alert: int
    kind: Kind
    state: State
    severity: Severity
    title: str
    since: datetime
    """Estimated onset."""
    opened_at: datetime
    assignee: str | None
    where: Where
    what: What | None
    """Null where the alert is not about a value."""
    evidence: Evidence | None
    suspects: list[SuspectPart]
    """Best first, at most three."""
    affected: Affected
    action: str | None
    """What to do first."""
    links: Links
    by: By | None
    """Null where no person did it."""


class Message(_Part):
    """The body of a webhook of Jellyroll: an alert, and what happened to it."""

    type: EventType
    timestamp: datetime
    """When it happened."""
    version: Literal[1] = VERSION
    data: Data


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the body."""
    schema = Message.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
