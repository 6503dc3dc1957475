"""The words and the body of a webhook, in the style of Standard Webhooks.

The body is JSON with `type`, `timestamp`, `version` and `data`; docs/alerts.md has all fields. A
new field may be added at any time; a change that could break a reader raises `VERSION`.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import orjson

from alerts.alert import Alert, Happened
from alerts.anomaly import MAX_POINTS, Anomaly
from alerts.severity import size_in_sd
from plant.model import Plant
from plant.signals import Signal
from plant.stations import Station

VERSION = 1

#: UCUM, where people write otherwise.
_FOR_PEOPLE = {
    "1": "", "Cel": "°C", "Ohm": "Ω", "mOhm": "mΩ", "uOhm": "µΩ", "MOhm": "MΩ", "kOhm": "kΩ",
    "A.h": "Ah", "W.h": "Wh", "um": "µm", "mg/cm2": "mg/cm²", "g/cm3": "g/cm³", "N.m": "Nm",
    "1/m3": "1/m³", "Pa.s": "Pa s", "mPa.s": "mPa s", "Pa.m3/s": "Pa m³/s", "10*-6": "ppm",
}  # fmt: skip
#: Their zero is arbitrary, or they are percentages already: a percentage of them misleads.
_NO_PERCENTAGE = frozenset({"Cel", "%"})


def event_type(happened: Happened) -> str:
    """Return the type of the webhook, such as `alert.opened`."""
    return f"alert.{happened}"


def title(plant: Plant, anomaly: Anomaly) -> str:
    """Return one line for a person: where, what, how far off.

    For example "l1-filler-01 nozzle 3: fill mass 6.72 g, expected 6.40 g (+5.0 %)".
    """
    value, expected = _number(anomaly.value, anomaly.sd), _number(anomaly.expected, anomaly.sd)
    unit = _FOR_PEOPLE.get(anomaly.unit, anomaly.unit)
    space = f" {unit}" if unit else ""
    text = f"{subject(plant, anomaly)} {value}{space}, expected {expected}{space}"
    difference = anomaly.value - anomaly.expected
    if not math.isfinite(difference):
        return text
    percent = 100 * difference / anomaly.expected if anomaly.expected else math.inf
    if anomaly.unit in _NO_PERCENTAGE or abs(percent) >= 1000:
        return f"{text} ({_number(difference, anomaly.sd, sign='+')}{space})"
    return f"{text} ({_minus(f'{percent:+.1f}')} %)"


def subject(plant: Plant, anomaly: Anomaly) -> str:
    """Return where and what, such as "l1-filler-01 nozzle 3: fill mass"."""
    place = anomaly.equipment
    if anomaly.position is not None:
        place += f" {_position_name(plant, anomaly)} {anomaly.position}"
    return f"{place}: {anomaly.characteristic.replace('_', ' ')}"


def body(plant: Plant, alert: Alert, anomaly: Anomaly, happened: Happened, at: datetime) -> bytes:
    """Return the body of the webhook that tells what *happened* to *alert* at *at*, as UTF-8 JSON.

    Numbers that nobody knows are null.
    """
    headline = (
        f"{subject(plant, anomaly)} is back to normal"
        if happened is Happened.RETURNED
        else alert.title
    )
    station, signal = _station(plant, anomaly), signal_of(plant, anomaly)
    data = {
        "alert": alert.id,
        "state": alert.state,
        "severity": alert.severity,
        "title": headline,
        "since": alert.since,
        "opened_at": alert.opened_at,
        "where": {
            "enterprise": plant.site.enterprise,
            "site": plant.site.name,
            "line": anomaly.line,
            "station": anomaly.station,
            "station_title": station.title if station else None,
            "equipment": anomaly.equipment,
            "position": anomaly.position,
            "position_name": None if anomaly.position is None else _position_name(plant, anomaly),
        },
        "what": {
            "characteristic": anomaly.characteristic,
            "characteristic_title": signal.title if signal else None,
            "direction": anomaly.direction,
            "unit": anomaly.unit,
            "value": anomaly.value,
            "expected": anomaly.expected,
            "sd": anomaly.sd,
            "size_sd": size_in_sd(anomaly),
            "low_limit": signal.low if signal else None,
            "high_limit": signal.high if signal else None,
        },
        "evidence": {
            "model": anomaly.model,
            "statistic": anomaly.statistic,
            "limit": anomaly.limit_value,
            "samples": anomaly.samples,
            "time": anomaly.time,
            "last_points": anomaly.last_points[-MAX_POINTS:],
        },
    }
    document = {"type": event_type(happened), "timestamp": at, "version": VERSION, "data": data}
    return to_json(document)


def to_json(document: Any) -> bytes:
    """Return *document* as JSON: aware datetimes in UTC with a Z, NaN as null."""
    return orjson.dumps(document, option=orjson.OPT_UTC_Z)


def signal_of(plant: Plant, anomaly: Anomaly) -> Signal | None:
    """Return what the plant model says of the characteristic; None for one it does not name."""
    try:
        return plant.signal(anomaly.equipment, anomaly.characteristic)
    except KeyError:
        return None


def _station(plant: Plant, anomaly: Anomaly) -> Station | None:
    return plant.stations.get(anomaly.station)


def _position_name(plant: Plant, anomaly: Anomaly) -> str:
    station = _station(plant, anomaly)
    return station.positions.name if station and station.positions else "position"


def _number(value: float, sd: float, sign: str = "") -> str:
    """Return *value* with the digits that its spread leaves meaningful."""
    if not math.isfinite(value):
        return "unknown"
    if not 0 < sd < math.inf:
        return _minus(f"{value:{sign}.4g}")
    decimals = max(0, -math.floor(math.log10(sd)))
    return _minus(f"{value:{sign}.2e}" if decimals > 6 else f"{value:{sign}.{decimals}f}")


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
