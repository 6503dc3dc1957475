"""Correlate: anomalies become alerts, one open alert per cause.

The move past the anomalies, the alerts, their history and the deliveries that tell of them commit
together: after any crash all of it is there, or none and the anomalies are read again.
"""

from __future__ import annotations

from alerts import anomaly as anomalies
from alerts import evidence, life, record
from alerts.alert import Alert, State
from alerts.anomaly import Anomaly
from alerts.flood import Flood
from alerts.life import Alarm
from alerts.setting import Setting
from alerts.severity import severity_of
from alerts.subject import signal_of, title
from alerts.suspect import main_suspect
from storage.connect import Connection


def correlate(connection: Connection, setting: Setting, limit: int = 200) -> int:
    """Turn the next anomalies into alerts, in one transaction; return how many there were.

    Those who should know get a delivery of an alert that opens, opens again, returns, or changes
    its severity.
    """
    with connection.transaction():
        taken = anomalies.take(connection, limit)
        flood = Flood(connection, setting)
        for anomaly in taken:
            if anomaly.is_on:
                _begin(connection, setting, anomaly, flood)
            else:
                _end(connection, setting, anomaly, flood)
        flood.settle()
    return len(taken)


def _begin(connection: Connection, setting: Setting, anomaly: Anomaly, flood: Flood) -> None:
    plant = setting.plant
    known = _alert(connection, anomaly, flood)
    signal = signal_of(plant, anomaly.equipment, anomaly.characteristic)
    severity = severity_of(anomaly, signal, known.severity if known else None)
    if known is None and flood.swallow(anomaly, severity):
        return
    details = evidence.gather(connection, plant, anomaly)
    raised = Alarm(
        kind=anomaly.kind,
        cause=anomaly.cause,
        severity=severity,
        title=title(plant, anomaly),
        since=anomaly.since,
        details=details,
        suspect=main_suspect(details["suspects"]),
    )
    life.alarm(connection, setting, raised)


def _end(connection: Connection, setting: Setting, anomaly: Anomaly, flood: Flood) -> None:
    alert = _alert(connection, anomaly, flood)
    if alert is None:
        # Closed by a person, or swallowed by a flood.
        flood.subside(anomaly)
        return
    if alert.state is State.RETURNED:
        return  # back before: nothing changes
    stay_s = setting.config.rules.off_delay_s
    life.back(connection, setting, alert, anomaly.evidence(), stay_s)


def _alert(connection: Connection, anomaly: Anomaly, flood: Flood) -> Alert | None:
    if flood.knows(anomaly.cause):
        return None
    return record.find_open(connection, anomaly.cause, anomaly.kind)
