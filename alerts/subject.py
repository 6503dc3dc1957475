"""Subject: an alert in one line for a person: where, what, how far off."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from alerts.alert import Cause
from alerts.anomaly import FAULTY_CELLS, LOST, STUCK, Anomaly, part
from plant.model import Plant
from plant.signals import Signal

#: The characteristic of an alarm about all signals of a machine together.
MULTIVARIATE = "multivariate"

#: UCUM, where people write otherwise.
FOR_PEOPLE = {
    "1": "", "Cel": "°C", "Ohm": "Ω", "mOhm": "mΩ", "uOhm": "µΩ", "MOhm": "MΩ", "kOhm": "kΩ",
    "A.h": "Ah", "W.h": "Wh", "um": "µm", "mg/cm2": "mg/cm²", "g/cm3": "g/cm³", "N.m": "Nm",
    "1/m3": "1/m³", "Pa.s": "Pa s", "mPa.s": "mPa s", "Pa.m3/s": "Pa m³/s", "10*-6": "ppm",
}  # fmt: skip
#: Their zero is arbitrary, or they are percentages already: a percentage of them misleads.
_NO_PERCENTAGE = frozenset({"Cel", "%"})


def title(plant: Plant, anomaly: Anomaly) -> str:
    """Return one line for a person: where, what, how far off.

    For example "l1-filler-01 nozzle 3: fill mass 6.72 g, expected 6.40 g (+5.0 %)".
    """
    fault, _ = part(anomaly.characteristic)
    where = subject(plant, anomaly.cause)
    if fault == LOST:
        return f"{where} gives no value"
    if anomaly.characteristic.startswith(FAULTY_CELLS):
        return f"{where}, {_faulty(anomaly)}"
    if anomaly.contributions:
        return f"{where} off, most of all {_first(anomaly.contributions[0])}"
    value, expected = _number(anomaly.value, anomaly.sd), _number(anomaly.expected, anomaly.sd)
    unit = FOR_PEOPLE.get(anomaly.unit, anomaly.unit)
    space = f" {unit}" if unit else ""
    if fault == STUCK:
        return f"{where} stuck at {value}{space}"
    text = f"{where} {value}{space}, expected {expected}{space}"
    difference = anomaly.value - anomaly.expected
    if not math.isfinite(difference):
        return text
    percent = 100 * difference / anomaly.expected if anomaly.expected else math.inf
    if anomaly.unit in _NO_PERCENTAGE or abs(percent) >= 1000:
        size = f"{_number(difference, anomaly.sd, sign='+')}{space}"
    else:
        size = f"{_minus(f'{percent:+.1f}')} %"
    return f"{text} ({size})"


def subject(plant: Plant, cause: Cause) -> str:
    """Return where and what, such as "l1-filler-01 nozzle 3: fill mass"."""
    place = cause.equipment or cause.line
    if cause.position is not None:
        place += f" {position_name(plant, cause.station)} {cause.position}"
    _, signal = part(cause.characteristic)
    if cause.characteristic == MULTIVARIATE:
        what = "pattern of signals"
    elif cause.characteristic.startswith(FAULTY_CELLS):
        what = f"faulty cells by {cause.characteristic.removeprefix(FAULTY_CELLS)}"
    else:
        what = f"sensor of {signal}" if signal else cause.characteristic
    return f"{place}: {what.replace('_', ' ')}"


def position_name(plant: Plant, station: str) -> str:
    """Return what the station calls its positions, such as "nozzle"."""
    known = plant.stations.get(station)
    return known.positions.name if known and known.positions else "position"


def signal_of(plant: Plant, equipment: str, characteristic: str) -> Signal | None:
    """Return what the plant model says of the characteristic; None for one it does not name."""
    try:
        return plant.signal(equipment, part(characteristic)[1] or characteristic)
    except KeyError:
        return None


def _faulty(anomaly: Anomaly) -> str:
    """Return how many cells; value and expected are percentages."""
    faulty, usual = (anomaly.samples * share / 100.0 for share in (anomaly.value, anomaly.expected))
    return f"{faulty:,.0f} of {anomaly.samples:,}, {usual:,.1f} would be usual"


def _first(contribution: Mapping[str, Any]) -> str:
    unit = FOR_PEOPLE.get(contribution["unit"], contribution["unit"])
    value, expected = (
        "unknown" if number is None else f"{number:.4g} {unit}".rstrip()
        for number in (contribution["value"], contribution["expected"])
    )
    return _minus(f"{contribution['signal'].replace('_', ' ')} {value}, expected {expected}")


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
