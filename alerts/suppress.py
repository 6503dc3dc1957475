"""Suppress: nobody is told of what somebody put aside, expects, or knows already.

An alert that is suppressed is open all the same and gathers evidence. When its reason is over
and it still awaits somebody, it is told.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from psycopg.rows import dict_row

from alerts import record, route
from alerts.alert import Alert, Happened, Kind, State, Suppression
from alerts.setting import Setting
from alerts.sql import statement
from storage.connect import Connection

_LOG = logging.getLogger("jellyroll.alerts")

#: PackML states in which a machine makes nothing: its values mean nothing to anybody.
NOT_PRODUCING = (
    "Stopped", "Idle", "Suspended", "Held", "Aborted", "Complete", "Stopping", "Aborting",
    "Holding", "Suspending", "Clearing", "Resetting",
)  # fmt: skip


class Reason(NamedTuple):
    """Why an alert is suppressed, in a word and for people; *parent* explains it."""

    suppression: Suppression
    words: str
    parent: int | None = None


def reason(connection: Connection, setting: Setting, alert: Alert) -> Reason | None:
    """Return the first reason that holds now to tell nobody of *alert*; None to tell."""
    return next(_reasons(connection, setting, alert), None)


def _reasons(connection: Connection, setting: Setting, alert: Alert) -> Iterator[Reason]:
    now = datetime.now(UTC)
    if alert.shelved_until is not None and alert.shelved_until > now:
        yield Reason(Suppression.SHELVED, f"shelved until {alert.shelved_until:%Y-%m-%d %H:%M}Z")
    if alert.kind is Kind.ENDPOINT:
        return  # it has no place, and nothing explains it
    cause = alert.cause
    place = {"line": cause.line, "station": cause.station, "equipment": cause.equipment}
    if found := connection.execute(statement("maintenance_at"), place).fetchone():
        yield Reason(Suppression.MAINTENANCE, f"maintenance {found[0]} until {found[1]:%H:%M}Z")
    if alert.kind is Kind.PROCESS:
        state = connection.execute(statement("machine_state"), place).fetchone()
        if state and state[0] in NOT_PRODUCING:
            yield Reason(Suppression.STOPPED, f"{cause.equipment} is {state[0]}")
    if found := connection.execute(statement("alert_parent"), {"id": alert.id}).fetchone():
        yield Reason(Suppression.EXPLAINED, f"alert {found[0]} explains it: {found[1]}", found[0])
    on_delay = timedelta(seconds=setting.config.rules.on_delay_s)
    if alert.kind is Kind.PROCESS and alert.told_at is None and now < alert.opened_at + on_delay:
        yield Reason(Suppression.DELAYED, f"told if it lasts {on_delay.total_seconds():g} s")


def suppress(connection: Connection, setting: Setting, alert: Alert) -> Alert | None:
    """Suppress *alert* if there is a reason, and return it as it then is; None: there is none."""
    found = reason(connection, setting, alert)
    if found is None:
        return None
    suppressed = replace(alert, suppressed=found.suppression, parent=found.parent)
    record.update(connection, suppressed)
    record.stop_escalation(connection, alert.id)
    record.add_event(
        connection, alert.id, Happened.SUPPRESSED,
        why=found.words, detail={"reason": found.suppression, "parent": found.parent},
    )  # fmt: skip
    return suppressed


def release(connection: Connection, setting: Setting) -> int:
    """Look at every suppressed alert again, and return how many are free now.

    *connection* is in autocommit: one is locked only where its reason has changed.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("alert_suppressed")).fetchall()
    freed = 0
    for alert in map(record.alert_of, rows):
        found = reason(connection, setting, alert)
        if found is None or (found.suppression, found.parent) != (alert.suppressed, alert.parent):
            with connection.transaction():
                freed += _release(connection, setting, alert.id)
    return freed


def _release(connection: Connection, setting: Setting, number: int) -> bool:
    alert = record.find(connection, number)
    if alert is None or alert.suppressed is None or not alert.is_open:
        return False
    found = reason(connection, setting, alert)
    if found is not None:
        if (found.suppression, found.parent) != (alert.suppressed, alert.parent):
            suppress(connection, setting, alert)
        return False
    free = replace(alert, suppressed=None, parent=None)
    record.update(connection, free)
    event = record.add_event(
        connection, number, Happened.RELEASED, detail={"reason": alert.suppressed}
    )
    _LOG.info("alert %d is no longer suppressed (%s)", number, alert.suppressed)
    if free.state is State.UNACKNOWLEDGED or (free.told_at is None and free.awaits_somebody):
        route.begin(connection, setting, free, event, "alert.repeated")
    return True
