"""Message: the body of the webhook that tells what happened to an alert."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from alerts.alert import Alert, Happened, Kind
from alerts.body import (
    Affected,
    By,
    Data,
    EventType,
    Evidence,
    Links,
    Message,
    SuspectPart,
    What,
    Where,
)
from alerts.subject import position_name, signal_of, subject
from plant.model import Plant


def event_type(happened: Happened) -> EventType:
    """Return the type of the webhook, such as `alert.opened`."""
    return cast("EventType", f"alert.{happened}")


def body(
    plant: Plant,
    links: Links,
    alert: Alert,
    tells: EventType,
    at: datetime,
    *,
    by: By | None = None,
) -> bytes:
    """Return the body of the webhook that tells of *alert* what happened at *at*, as UTF-8 JSON.

    Numbers that nobody knows are null.
    """
    details = alert.details
    data = Data(
        alert=alert.id,
        kind=alert.kind,
        state=alert.state,
        severity=alert.severity,
        title=_headline(plant, alert, tells),
        since=alert.since,
        opened_at=alert.opened_at,
        assignee=alert.assignee,
        where=_where(plant, alert),
        what=_what(plant, alert),
        evidence=_evidence(details) if "model" in details else None,
        suspects=[SuspectPart.model_validate(s) for s in details.get("suspects", [])],
        affected=Affected(**details.get("affected", {"cells": None, "query": None})),
        action=details.get("action"),
        links=links,
        by=by,
    )
    return Message(type=tells, timestamp=at, data=data).model_dump_json().encode()


def _headline(plant: Plant, alert: Alert, tells: EventType) -> str:
    if tells != "alert.returned":
        return alert.title
    if alert.cause.equipment and "model" in alert.details:
        return f"{subject(plant, alert.cause)} is back to normal"
    return f"over: {alert.title}"


def _where(plant: Plant, alert: Alert) -> Where:
    cause = alert.cause
    station = plant.stations.get(cause.station)
    return Where(
        enterprise=plant.site.enterprise,
        site=plant.site.name,
        line=cause.line or None,
        station=cause.station or None,
        station_title=station.title if station else None,
        equipment=cause.equipment or None,
        position=cause.position,
        position_name=None if cause.position is None else position_name(plant, cause.station),
    )


def _what(plant: Plant, alert: Alert) -> What | None:
    if alert.kind is not Kind.PROCESS:
        return None
    cause, details = alert.cause, alert.details
    signal = signal_of(plant, cause.equipment, cause.characteristic)
    value, expected, sd = (details.get(name) for name in ("value", "expected", "sd"))
    return What(
        characteristic=cause.characteristic,
        characteristic_title=signal.title if signal else None,
        direction="low" if cause.direction == "low" else "high",
        unit=details.get("unit", "1"),
        value=value,
        expected=expected,
        sd=sd,
        size_sd=None if value is None or expected is None or not sd else (value - expected) / sd,
        low_limit=signal.low if signal else None,
        high_limit=signal.high if signal else None,
    )


def _evidence(details: Mapping[str, Any]) -> Evidence:
    known = {name: details.get(name) for name in Evidence.model_fields}
    return Evidence.model_validate({**known, "contributions": known["contributions"] or []})
