"""Resolve: an alert ends, because its process is back or because a person says what it was."""

from __future__ import annotations

import enum
from dataclasses import replace
from datetime import UTC, datetime

from alerts import record
from alerts.alert import Alert, Happened, NotAllowedError, State
from alerts.change import changing
from alerts.errors import AlertsError
from storage.connect import Connection


class Resolution(enum.StrEnum):
    """Whether there was something to alert of; the health of the models is counted from it."""

    TRUE_ALARM = "true_alarm"
    FALSE_ALARM = "false_alarm"


#: What it was, by resolution: code and words for people.
CAUSE_CODES: dict[Resolution, dict[str, str]] = {
    Resolution.TRUE_ALARM: {
        "wear": "A part was worn, dirty or clogged",
        "broken": "A part was broken",
        "setting": "A setting or recipe was wrong",
        "material": "Material was out of order",
        "environment": "The room or a supply was out of order",
        "handling": "A person's handling",
        "connection": "A connection or a computer was down",
        "unknown": "It was real, and nobody knows why",
    },
    Resolution.FALSE_ALARM: {
        "sensor": "The measurement was wrong, not the process",
        "planned": "A planned change: new material, recipe or part",
        "test": "A test or a trial",
        "limit": "The limit is too tight for what is normal",
        "noise": "Nothing was found",
    },
}


def resolve(
    connection: Connection,
    number: int,
    who: str,
    why: str = "",
    *,
    resolution: Resolution,
    cause_code: str,
) -> Alert:
    """Say what alert *number* was, and close it if it is open; return it as it then is.

    An alert that closed by itself can be resolved later, once. To resolve is to acknowledge, too.
    Raise `AlertsError` when there is no such alert or code, `NotAllowedError` when it has been
    resolved before.
    """
    known = CAUSE_CODES[resolution]
    if cause_code not in known:
        raise AlertsError(
            f"{cause_code!r} is no cause of a {resolution.replace('_', ' ')};"
            f" choose one of {', '.join(known)}"
        )
    with changing(connection, number, who, why) as alert:
        if alert.resolution is not None:
            raise NotAllowedError(
                f"{alert.resolved_by} has resolved the alert before: {alert.resolution},"
                f" {alert.cause_code}; add a comment if you know better"
            )
        now = datetime.now(UTC)
        known_by = (now, who) if alert.acknowledged_at is None else (
            alert.acknowledged_at, alert.acknowledged_by
        )  # fmt: skip
        resolved = replace(
            alert,
            state=State.NORMAL,
            acknowledged_at=known_by[0],
            acknowledged_by=known_by[1],
            suppressed=None,
            return_due_at=None,
            resolution=resolution,
            cause_code=cause_code,
            resolved_at=now,
            resolved_by=who,
        )
        record.update(connection, resolved)
        record.stop_escalation(connection, number)
        detail = {"resolution": resolution, "cause_code": cause_code, "state": alert.state}
        record.add_event(connection, number, Happened.RESOLVED, who=who, why=why, detail=detail)
    return resolved
