"""Life: what an alarm, and its end, do to the one open alert of their cause.

Models' anomalies come here by way of `correlate`, what the watch-dogs see directly. Everything is
written in the caller's transaction: the alert, its history and what is told to whom.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts import record, route
from alerts.alert import Alert, Cause, Happened, Kind, Severity, State, after_alarm, after_return
from alerts.setting import Setting
from alerts.suppress import suppress
from alerts.tell import Telling, tell, who_was_told
from storage.connect import Connection

_LOG = logging.getLogger("jellyroll.alerts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something is wrong: what an alert is made of; *since* is the estimated onset.

    *suspect* is the first suspect, factor and value.
    """

    kind: Kind
    cause: Cause
    severity: Severity
    title: str
    since: datetime
    details: dict[str, Any]
    suspect: tuple[str, str] | None = None


def alarm(connection: Connection, setting: Setting, raised: Alarm) -> Alert:
    """Open an alert for *raised*, or carry the open one of its cause on; return it."""
    alert = record.find_open(connection, raised.cause, raised.kind)
    if alert is None:
        return _open(connection, setting, raised)
    return _carry_on(connection, setting, alert, raised)


def back(
    connection: Connection,
    setting: Setting,
    alert: Alert,
    detail: dict[str, Any] | None = None,
    stay_s: float = 0.0,
) -> Alert:
    """Let *alert*, which is open, know that its process is back; return it as it then is.

    It counts as back when it has stayed so for *stay_s*.
    """
    if alert.state is State.RETURNED or alert.return_due_at is not None:
        return alert
    if stay_s > 0:
        waiting = replace(alert, return_due_at=datetime.now(UTC) + timedelta(seconds=stay_s))
        record.update(connection, waiting)
        record.add_event(
            connection, alert.id, Happened.UPDATED,
            why=f"back; it counts when it stays so for {stay_s:g} s", detail=detail,
        )  # fmt: skip
        return waiting
    return _return(connection, setting, alert, detail)


def return_due(connection: Connection, setting: Setting) -> int:
    """Let the alerts return that have been back long enough; return how many there were."""
    numbers = connection.execute(
        "SELECT id FROM alert.alert WHERE return_due_at <= clock_timestamp() ORDER BY id"
    ).fetchall()
    for (number,) in numbers:
        with connection.transaction():
            alert = record.find(connection, number)
            if alert and alert.is_open and alert.return_due_at is not None:
                _return(connection, setting, alert, None)
    return len(numbers)


def _open(connection: Connection, setting: Setting, raised: Alarm) -> Alert:
    alert = record.insert(
        connection,
        raised.cause,
        kind=raised.kind,
        severity=raised.severity,
        title=raised.title,
        since=raised.since,
        details=raised.details,
        suspect=raised.suspect,
    )
    event = record.add_event(connection, alert.id, Happened.OPENED, detail=raised.details)
    if suppressed := suppress(connection, setting, alert):
        _LOG.info(
            "alert %d opened, suppressed (%s): %s", alert.id, suppressed.suppressed, alert.title
        )
        return suppressed
    _LOG.info("alert %d opened: %s (%s)", alert.id, alert.title, alert.severity)
    return route.begin(connection, setting, alert, event, "alert.opened")


def _carry_on(connection: Connection, setting: Setting, alert: Alert, raised: Alarm) -> Alert:
    state, happened = after_alarm(alert.state)
    is_again = happened is Happened.REOPENED
    factor, value = raised.suspect or (alert.suspect_factor, alert.suspect_value)
    now = replace(
        alert,
        state=state,
        severity=raised.severity,
        title=raised.title,
        since=raised.since if is_again else min(alert.since, raised.since),
        details=raised.details,
        suspect_factor=factor,
        suspect_value=value,
        returned_at=None,
        return_due_at=None,
    )
    record.update(connection, now, raised.details)
    change = {} if now.severity is alert.severity else {"severity": [alert.severity, now.severity]}
    event = record.add_event(connection, now.id, happened, detail={**raised.details, **change})
    if not is_again and not change:
        return now
    _LOG.info("alert %d %s: %s (%s)", now.id, happened, now.title, now.severity)
    if now.suppressed is not None:
        return now
    if is_again:
        if suppressed := suppress(connection, setting, now):
            return suppressed
        return route.begin(connection, setting, now, event, "alert.reopened")
    is_worse = now.severity.rank > alert.severity.rank
    if is_worse and state is State.UNACKNOWLEDGED:
        # What is worse may be other people's business: it is routed anew.
        return route.begin(connection, setting, now, event, "alert.updated")
    known = who_was_told(connection, setting, now)
    return tell(connection, setting, now, event, [Telling("alert.updated", known)])


def _return(
    connection: Connection, setting: Setting, alert: Alert, detail: dict[str, Any] | None
) -> Alert:
    # What nobody was told of, somebody's reason to suppress it has answered already.
    is_unheard = alert.suppressed is not None and alert.told_at is None
    returned = replace(
        alert,
        state=State.NORMAL if is_unheard else after_return(alert.state),
        returned_at=datetime.now(UTC),
        return_due_at=None,
    )
    record.update(connection, returned)
    why = f"suppressed, nobody was told: {alert.suppressed}" if is_unheard else ""
    event = record.add_event(connection, alert.id, Happened.RETURNED, why=why, detail=detail)
    # The first of a route who wait for the end of quiet hours are told all the same.
    connection.execute("DELETE FROM alert.escalation WHERE alert = %s AND step > 0", (alert.id,))
    _LOG.info("alert %d returned: %s", alert.id, alert.title)
    if alert.suppressed is not None:
        return returned
    known = who_was_told(connection, setting, returned)
    return tell(connection, setting, returned, event, [Telling("alert.returned", known)])
