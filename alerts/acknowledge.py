"""Acknowledge: a person says that they know."""

from __future__ import annotations

from dataclasses import replace

from alerts import record
from alerts.alert import Alert, Happened, after_acknowledgement
from alerts.errors import AlertsError
from storage.connect import Connection


def acknowledge(connection: Connection, number: int, who: str, why: str = "") -> Alert:
    """Let *who* take alert *number* and return it as it then is, in one transaction.

    Raise `AlertsError` when there is no such alert, `NotAllowedError` when it is closed or has
    been acknowledged before.
    """
    with connection.transaction():
        alert = record.find(connection, number)
        if alert is None:
            raise AlertsError(f"there is no alert {number}; `jellyroll alerts list --all` has them")
        taken = replace(alert, state=after_acknowledgement(alert.state))
        record.update(connection, taken)
        record.add_event(connection, number, Happened.ACKNOWLEDGED, who=who, why=why)
    return taken
