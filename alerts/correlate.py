"""Correlate: anomalies become alerts, one open alert per cause.

The move past the anomalies, the alerts, their history and the deliveries that tell of them commit
together: after any crash all of it is there, or none and the anomalies are read again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from alerts import anomaly as anomalies
from alerts import message, outbox, record
from alerts.alert import Alert, Happened, State, after_alarm, after_return
from alerts.anomaly import Anomaly
from alerts.severity import severity_of
from plant.model import Plant
from storage.connect import Connection

_LOG = logging.getLogger("jellyroll.alerts")


def correlate(
    connection: Connection, plant: Plant, endpoints: Sequence[str], limit: int = 200
) -> int:
    """Turn the next anomalies into alerts, in one transaction; return how many there were.

    Each of *endpoints* (their names) gets a delivery for what a technician should know: an alert
    that opens, opens again, returns, or grows more severe.
    """
    with connection.transaction():
        taken = anomalies.take(connection, limit)
        for anomaly in taken:
            _apply(connection, plant, endpoints, anomaly)
    return len(taken)


def _apply(
    connection: Connection, plant: Plant, endpoints: Sequence[str], anomaly: Anomaly
) -> None:
    alert = record.find_open(connection, anomaly.cause)
    if anomaly.is_on:
        alert, happened, is_news = _alarm(connection, plant, alert, anomaly)
    elif alert is None or alert.state is State.RETURNED:
        return  # closed by a person, or back before: nothing changes
    else:
        alert, happened, is_news = _return(connection, alert), Happened.RETURNED, True
    event = record.add_event(connection, alert.id, happened, detail=anomaly.evidence())
    if happened is not Happened.UPDATED:
        _LOG.info("alert %d %s: %s (%s)", alert.id, happened, alert.title, alert.severity)
    if is_news:
        body = message.body(plant, alert, anomaly, happened, event.at)
        outbox.put(
            connection,
            endpoints,
            alert=alert.id,
            event=event.id,
            event_type=message.event_type(happened),
            body=body,
        )


def _alarm(
    connection: Connection, plant: Plant, alert: Alert | None, anomaly: Anomaly
) -> tuple[Alert, Happened, bool]:
    """Open an alert or carry the open one on; return it, what happened, and whether to tell it."""
    severity = severity_of(anomaly, message.signal_of(plant, anomaly))
    title, details = message.title(plant, anomaly), anomaly.evidence()
    if alert is None:
        opened = record.insert(
            connection,
            anomaly.cause,
            severity=severity,
            title=title,
            since=anomaly.since,
            details=details,
        )
        return opened, Happened.OPENED, True
    state, happened = after_alarm(alert.state)
    # While an alert is open its severity only grows: what was high an hour ago and is noise now
    # still wants somebody to look.
    worst = max(severity, alert.severity, key=lambda s: s.rank)
    since = anomaly.since if happened is Happened.REOPENED else min(alert.since, anomaly.since)
    carried_on = replace(alert, state=state, severity=worst, title=title, since=since)
    record.update(connection, carried_on, details)
    is_news = happened is Happened.REOPENED or worst is not alert.severity
    return carried_on, happened, is_news


def _return(connection: Connection, alert: Alert) -> Alert:
    returned = replace(alert, state=after_return(alert.state))
    record.update(connection, returned)
    return returned
