"""Shelve: a person puts an alert aside until a time, and nobody is told of its cause till then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts import record
from alerts.alert import Alert, Happened, NotAllowedError, Suppression
from alerts.change import changing
from alerts.errors import AlertsError
from storage.connect import Connection

#: Shelving is for hours or days; what is to be hidden for longer wants another limit.
LONGEST = timedelta(days=30)


def shelve(connection: Connection, number: int, who: str, why: str, *, until: datetime) -> Alert:
    """Put alert *number* aside until *until* (aware); return it as it then is.

    Its cause stays shelved when the alert closes and opens again before that. A shelved alert may
    be shelved anew, for longer or shorter. Raise `AlertsError` when there is no such alert, no
    reason or no usable time, `NotAllowedError` when it is closed.
    """
    if not why.strip():
        raise AlertsError("shelving needs a reason (--why): others will ask why they heard nothing")
    now = datetime.now(UTC)
    if until.tzinfo is None:
        raise AlertsError(f"{until.isoformat()} has no time zone; add it, as in …T06:00+01:00")
    if not now < until <= now + LONGEST:
        raise AlertsError(
            f"{until.isoformat(timespec='minutes')} is not within the next {LONGEST.days} days;"
            " shelve until a time in them"
        )
    with changing(connection, number, who, why) as alert:
        if not alert.is_open:
            raise NotAllowedError("the alert is closed; only an open one can be shelved")
        shelved = replace(alert, suppressed=Suppression.SHELVED, shelved_until=until)
        record.update(connection, shelved)
        record.stop_escalation(connection, number)
        detail = {"until": until}
        record.add_event(connection, number, Happened.SHELVED, who=who, why=why, detail=detail)
    return shelved


def unshelve(connection: Connection, number: int, who: str, why: str = "") -> Alert:
    """Take alert *number* off the shelf before its time; return it as it then is.

    The service tells of it, unless something else suppresses it. Raise `AlertsError` when there
    is no such alert, `NotAllowedError` when it is closed or not shelved.
    """
    with changing(connection, number, who, why) as alert:
        if not alert.is_open:
            raise NotAllowedError("the alert is closed; it is on no shelf")
        if alert.suppressed is not Suppression.SHELVED:
            raise NotAllowedError("the alert is not shelved")
        # The service sees that no time holds it any more, and looks what else may.
        taken = replace(alert, shelved_until=None)
        record.update(connection, taken)
        record.add_event(connection, number, Happened.UNSHELVED, who=who, why=why)
    return taken
