"""Flood: so many new causes at once that one alert for all of them says more than each.

ISA-18.2 calls more than ten alarms in ten minutes a flood: nobody can follow them. Up to a number
of alerts may open in a minute over the whole plant; what comes beyond them goes into one alert per
line. It ends (for new causes) when they come at half that rate.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from alerts import life, record
from alerts.alert import Alert, Cause, Happened, Kind, Severity, State
from alerts.anomaly import Anomaly
from alerts.life import Alarm
from alerts.setting import Setting
from alerts.sql import statement
from alerts.tell import Telling, tell, who_was_told
from storage.connect import Connection

#: Causes of a flood at which those who know of it are told how large it has become.
_WORTH_TELLING = frozenset({10, 100, 1000, 10_000})

#: What to do first, in a flood.
_ACTION = (
    "Look for what the first alerts have in common: a supply, a lot, a computer; acknowledge this"
    " one, and go through its history when the cause is known."
)


def swallow(
    connection: Connection, setting: Setting, anomaly: Anomaly, severity: Severity
) -> Alert | None:
    """Let the flood alert of the line take *anomaly*, which begins and has no alert of its own.

    None: there is no flood, it is to become an alert. Otherwise its evidence stands in the
    history of the flood's alert.
    """
    member = _member(connection, anomaly.cause)
    if member is None and not _is_flood(connection, setting):
        return None
    cause = Cause(anomaly.line, "", "", None, "alarms", "")
    alert = (
        record.find_open(connection, cause, Kind.FLOOD)
        if member is None
        else record.find(connection, member)
    )
    causes = (alert.details.get("causes", 0) if alert else 0) + (member is None)
    worst = severity if alert is None else max(severity, alert.severity, key=lambda s: s.rank)
    title = f"flood of alarms on {anomaly.line}: {causes} cause{'s' * (causes != 1)} in one alert"
    details = {"causes": causes, "action": _ACTION}
    if alert is None or alert.state is State.RETURNED or worst is not alert.severity:
        since = alert.since if alert else anomaly.since
        raised = Alarm(
            kind=Kind.FLOOD, cause=cause, severity=worst, title=title, since=since, details=details
        )
        alert = life.alarm(connection, setting, raised)
    else:
        since = min(alert.since, anomaly.since)
        alert = replace(alert, title=title, since=since, return_due_at=None, details=details)
        record.update(connection, alert, details)
    evidence = anomaly.evidence()
    event = record.add_event(
        connection, alert.id, Happened.UPDATED, why="swallowed", detail=evidence
    )
    connection.execute(statement("flood_member_on"), _parameters(alert.id, anomaly))
    if member is None and causes in _WORTH_TELLING and alert.suppressed is None:
        known = who_was_told(connection, setting, alert)
        tell(connection, setting, alert, event, [Telling("alert.updated", known)])
    return alert


def subside(connection: Connection, setting: Setting, anomaly: Anomaly) -> bool:
    """Note the end *anomaly* of a cause, and tell whether a flood had swallowed it.

    When all its causes have ended, the flood's alert returns.
    """
    member = _member(connection, anomaly.cause)
    if member is None:
        return False
    connection.execute(statement("flood_member_off"), _parameters(member, anomaly))
    alert = record.find(connection, member)
    assert alert is not None
    record.add_event(connection, member, Happened.UPDATED, why="ended", detail=anomaly.evidence())
    left = connection.execute(
        "SELECT FROM alert.flooded WHERE alert = %s AND is_on LIMIT 1", (member,)
    ).fetchone()
    if left is None:
        life.back(connection, setting, alert, stay_s=setting.config.rules.off_delay_s)
    return True


def _member(connection: Connection, cause: Cause) -> int | None:
    """Return the open flood alert that has swallowed *cause*."""
    row = connection.execute(statement("flood_member"), cause._asdict()).fetchone()
    return row[0] if row else None


def _is_flood(connection: Connection, setting: Setting) -> bool:
    """Tell whether new causes come too fast to be alerts of their own."""
    limit = setting.config.rules.flood_alerts_per_min
    row = connection.execute(statement("flood_pace")).fetchone()
    assert row is not None
    opened, swallowed = int(row[0]), int(row[1])
    # It takes half the rate to end a flood, so that it does not end and begin all the time.
    return opened + swallowed >= (limit / 2 if swallowed else limit)


def _parameters(alert: int, anomaly: Anomaly) -> dict[str, Any]:
    return {**anomaly.cause._asdict(), "alert": alert, "anomaly": anomaly.id}
