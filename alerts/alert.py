"""Alert: one thing that is wrong, its cause, and the states of its life after ISA-18.2.

    normal ──alarm──> unacknowledged ──acknowledge──> acknowledged ──return──> normal
                         │      ^
                      return  alarm
                         v      │
                        returned ──acknowledge──> normal

An alert is open in every state but normal; a closed alert stays closed, and the next alarm of the
same cause opens a new one.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from alerts.errors import AlertsError


class State(enum.StrEnum):
    """Where an alert is in its life; kept in `alert.alert.state`."""

    #: The process is off, and nobody has said that they know.
    UNACKNOWLEDGED = "unacknowledged"
    #: The process is off, and somebody has taken it.
    ACKNOWLEDGED = "acknowledged"
    #: The process is back, and nobody has said that they know ("returned unacknowledged").
    RETURNED = "returned"
    #: The process is back and somebody knows: closed.
    NORMAL = "normal"


class Happened(enum.StrEnum):
    """What an `alert.event` tells; the first four can be the type of a webhook, `alert.opened`."""

    OPENED = "opened"
    UPDATED = "updated"
    REOPENED = "reopened"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    DELIVERY_FAILED = "delivery_failed"


class Severity(enum.StrEnum):
    """How much it matters, lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low, growing."""
        return list(Severity).index(self)


class Cause(NamedTuple):
    """What an alert is about; at most one open alert has the same."""

    line: str
    station: str
    equipment: str
    position: int | None
    characteristic: str
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert as it stands in `alert.alert`; *since* is the estimated onset."""

    id: int
    cause: Cause
    state: State
    severity: Severity
    title: str
    since: datetime
    opened_at: datetime


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
