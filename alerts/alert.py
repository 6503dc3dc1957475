"""Alert: one thing that is wrong, its cause, and the states of its life after ISA-18.2.

    normal ──alarm──> unacknowledged ──acknowledge──> acknowledged ──return──> normal
                         │      ^
                      return  alarm
                         v      │
                        returned ──acknowledge──> normal

An alert is open in every state but normal; a closed alert stays closed, and the next alarm of the
same cause opens a new one. A person may also resolve an alert, which closes it from any state.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple

from alerts.errors import AlertsError


class State(enum.StrEnum):
    """Where an alert is in its life; kept in `alert.alert.state`."""

    #: The process is off, and nobody has said that they know.
    UNACKNOWLEDGED = "unacknowledged"
    #: The process is off, and somebody has taken it.
    ACKNOWLEDGED = "acknowledged"
    #: The process is back, and nobody has said that they know ("returned unacknowledged").
    RETURNED = "returned"
    #: The process is back and somebody knows, or somebody has resolved it: closed.
    NORMAL = "normal"


class Kind(enum.StrEnum):
    """What sort of thing is wrong; kept in `alert.alert.kind`."""

    #: A model's alarm about a value of the process.
    PROCESS = "process"
    #: Nothing comes from a machine any more; never an alarm about a value.
    SIGNAL_LOST = "signal_lost"
    #: An endpoint does not take webhooks.
    ENDPOINT = "endpoint"
    #: So many alarms at once that they are one alert.
    FLOOD = "flood"


class Happened(enum.StrEnum):
    """What an `alert.event` tells."""

    OPENED = "opened"
    #: New evidence, and perhaps another severity.
    UPDATED = "updated"
    REOPENED = "reopened"
    RETURNED = "returned"
    #: Nobody is told for now; *why* is a `Suppression`.
    SUPPRESSED = "suppressed"
    #: What suppressed it is over.
    RELEASED = "released"
    #: The next in line are told, because nobody has acknowledged.
    ESCALATED = "escalated"
    #: Everybody is told again, because nobody has acknowledged.
    REPEATED = "repeated"
    DELIVERY_FAILED = "delivery_failed"
    #: A person had a failed delivery tried again.
    DELIVERY_RETRIED = "delivery_retried"
    ACKNOWLEDGED = "acknowledged"
    COMMENTED = "commented"
    ASSIGNED = "assigned"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    RESOLVED = "resolved"
    MAINTENANCE_PLANNED = "maintenance_planned"
    MAINTENANCE_ENDED = "maintenance_ended"


class Severity(enum.StrEnum):
    """How much it matters, lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low, growing."""
        return list(Severity).index(self)


class Suppression(enum.StrEnum):
    """Why nobody is told of an alert for now."""

    #: A person put it aside until a time.
    SHELVED = "shelved"
    #: Its place is being worked on.
    MAINTENANCE = "maintenance"
    #: Its machine does not produce.
    STOPPED = "stopped"
    #: Another open alert has the same cause.
    EXPLAINED = "explained"
    #: It has not lasted long enough (on-delay).
    DELAYED = "delayed"


class Cause(NamedTuple):
    """What an alert is about; at most one open alert of a kind has the same.

    *station* and *equipment* are empty where it is about a whole line or station, *direction*
    where there is none.
    """

    line: str
    station: str
    equipment: str
    position: int | None
    characteristic: str
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert as it stands in `alert.alert`; *since* is the estimated onset.

    *details* is the evidence of the latest anomaly (`alerts.evidence`).
    """

    id: int
    kind: Kind
    cause: Cause
    state: State
    severity: Severity
    title: str
    since: datetime
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    told_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    assignee: str | None = None
    returned_at: datetime | None = None
    return_due_at: datetime | None = None
    suppressed: Suppression | None = None
    parent: int | None = None
    shelved_until: datetime | None = None
    suspect_factor: str | None = None
    suspect_value: str | None = None
    resolution: str | None = None
    cause_code: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """Return it flat, the parts of the cause beside the rest: for JSON and tables."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "cause"}
        return {**values, **self.cause._asdict()}

    @property
    def is_open(self) -> bool:
        """Tell whether it is not closed yet."""
        return self.state is not State.NORMAL

    @property
    def awaits_somebody(self) -> bool:
        """Tell whether nobody has said yet that they know."""
        return self.state in {State.UNACKNOWLEDGED, State.RETURNED}


class NotAllowedError(AlertsError):
    """A change that the state of an alert does not allow."""


def after_alarm(state: State) -> tuple[State, Happened]:
    """Return what an open alert becomes when its alarm comes (again)."""
    match state:
        case State.UNACKNOWLEDGED | State.ACKNOWLEDGED:
            return state, Happened.UPDATED
        case State.RETURNED:
            return State.UNACKNOWLEDGED, Happened.REOPENED
        case State.NORMAL:
            raise NotAllowedError("the alert is closed; a new alarm opens a new alert")


def after_return(state: State) -> State:
    """Return what an open alert becomes when the process is back; to be back twice is nothing."""
    match state:
        case State.UNACKNOWLEDGED | State.RETURNED:
            return State.RETURNED
        case State.ACKNOWLEDGED:
            return State.NORMAL
        case State.NORMAL:
            raise NotAllowedError("the alert is closed; the process cannot return again")


def after_acknowledgement(state: State) -> State:
    """Return what an alert becomes when a person takes it; raise `NotAllowedError`."""
    match state:
        case State.UNACKNOWLEDGED:
            return State.ACKNOWLEDGED
        case State.RETURNED:
            return State.NORMAL
        case State.ACKNOWLEDGED:
            raise NotAllowedError("the alert has been acknowledged before")
        case State.NORMAL:
            raise NotAllowedError("the alert is closed")
