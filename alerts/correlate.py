"""Correlate: anomalies become alerts, one open alert per cause.

The move past the anomalies, the alerts, their history and the deliveries that tell of them commit
together: after any crash all of it is there, or none and the anomalies are read again.
"""

from __future__ import annotations

from alerts import anomaly as anomalies
from alerts import evidence, flood, life, record
from alerts.alert import Kind, State
from alerts.anomaly import Anomaly
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
        for anomaly in taken:
            if anomaly.is_on:
                _begin(connection, setting, anomaly)
            else:
                _end(connection, setting, anomaly)
    return len(taken)


def _begin(connection: Connection, setting: Setting, anomaly: Anomaly) -> None:
    plant = setting.plant
    known = record.find_open(connection, anomaly.cause)
    signal = signal_of(plant, anomaly.equipment, anomaly.characteristic)
    severity = severity_of(anomaly, signal, known.severity if known else None)
    if known is None and flood.swallow(connection, setting, anomaly, severity):
        return
    details = evidence.gather(connection, plant, anomaly)
    raised = Alarm(
        kind=Kind.PROCESS,
        cause=anomaly.cause,
        severity=severity,
        title=title(plant, anomaly),
        since=anomaly.since,
        details=details,
        suspect=main_suspect(details["suspects"]),
    )
    life.alarm(connection, setting, raised)


def _end(connection: Connection, setting: Setting, anomaly: Anomaly) -> None:
    alert = record.find_open(connection, anomaly.cause)
    if alert is None:
        # Closed by a person, or swallowed by a flood.
        flood.subside(connection, setting, anomaly)
        return
    if alert.state is State.RETURNED:
        return  # back before: nothing changes
    stay_s = setting.config.rules.off_delay_s
    life.back(connection, setting, alert, anomaly.evidence(), stay_s)
