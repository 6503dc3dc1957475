"""Acknowledge: a person says that they know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from alerts import record
from alerts.alert import Alert, Happened, after_acknowledgement
from alerts.change import changing
from storage.connect import Connection


def acknowledge(connection: Connection, number: int, who: str, why: str = "") -> Alert:
    """Let *who* take alert *number* and return it as it then is, in one transaction.

    Whoever would have been told next is not. Raise `AlertsError` when there is no such alert,
    `NotAllowedError` when it is closed or has been acknowledged before.
    """
    with changing(connection, number, who, why) as alert:
        taken = replace(
            alert,
            state=after_acknowledgement(alert.state),
            acknowledged_at=datetime.now(UTC),
            acknowledged_by=who,
        )
        record.update(connection, taken)
        record.stop_escalation(connection, number)
        record.add_event(connection, number, Happened.ACKNOWLEDGED, who=who, why=why)
    return taken
