"""A suspect in words: "Nozzle 3 of l1-filler-01, since 09:42, 412 cells" and how much."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from plant.model import Plant

#: A time of day alone would mean another day after this.
_DAY = timedelta(hours=20)


def sentence(
    plant: Plant,
    name: str,
    *,
    since: datetime,
    until: datetime,
    evidence: str,
    effect: float,
    unit: str,
    of: str = "",
) -> str:
    """Return the words for one suspect.

    *evidence* such as "412 cells" may be empty; *effect* is that of a signal *of* the machine.
    """
    size = f"{of} {amount(effect, unit)}".strip()
    parts = [name, f"since {_moment(plant, since, until)}", evidence, size]
    return ", ".join(part for part in parts if part)


def words(plant: Plant, kind: str, station: str, value: str) -> str:
    """Return "Nozzle 3 of l1-filler-01" for `l1-filler-01:3`, "Roll l1-c-roll-000017-3".

    Of a block of machines: "Tower 1 of l1 (l1-tray-001 to l1-tray-024)".
    """
    machine, _, position = value.rpartition(":")
    positions = plant.stations[station].positions
    if machine and positions is not None:
        name = f"{positions.name.capitalize()} {position} of {machine}"
        return f"Sensor of {name[0].lower()}{name[1:]}" if kind == "sensor" else name
    if kind == "equipment":
        return value
    if kind == "block":
        first, *_, last = plant.blocks_at(station)[value]
        name, _, number = value.removeprefix(f"{first.line}-").rpartition("-")
        place = f"{name.capitalize()} {int(number)} of {first.line}"
        return f"{place} ({first.name} to {last.name})"
    if kind == "shift":
        return f"{value.capitalize()} shift"
    if kind == "sensor":
        return f"Sensor of {value}"
    return f"{kind.partition('_')[0].capitalize()} {value}"


def amount(value: float, unit: str) -> str:
    """Return *value* with its sign, to two digits, and its unit."""
    digits = 0 if value == 0.0 else max(0, 1 - math.floor(math.log10(abs(value))))
    text = f"{abs(value):,.{digits}f}" if digits < 7 else f"{abs(value):.1e}"
    sign = "\N{MINUS SIGN}" if value < 0.0 else "+"
    return f"{sign}{text}" if unit == "1" else f"{sign}{text} {unit}"


def _moment(plant: Plant, since: datetime, until: datetime) -> str:
    local = since.astimezone(ZoneInfo(plant.site.time_zone))
    return f"{local:%H:%M}" if abs(until - since) < _DAY else f"{local:%Y-%m-%d %H:%M}"
