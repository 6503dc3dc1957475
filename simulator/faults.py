"""Faults as data: what, where, since when, how much; the truth that an evaluation compares with."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from plant.model import Plant
from simulator.duration import parse_duration

CATALOGUE = Path(__file__).with_name("faults.toml")

_GRAMMAR = re.compile(r"(?P<id>\w+)(:(?P<places>[^@]+))?(@\+(?P<after>.+))?")


class FaultError(ValueError):
    """A fault cannot be put on this line; the text says which there are."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One entry of faults.toml: *magnitude* is the relative change of *result*."""

    title: str
    station: str
    result: str
    position: str
    magnitude: float
    source: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A step of one result at one position of one machine.

    *on_ms* is None until the moment is known: *after_ms* after the beginning of live.
    """

    id: str
    station: str
    result: str
    equipment: str
    position: int
    magnitude: float
    after_ms: int = 0
    on_ms: int | None = None

    def started(self, live_from_ms: int) -> Fault:
        """Return the fault with its moment, now that the beginning of live is known."""
        return dataclasses.replace(self, on_ms=live_from_ms + self.after_ms)


def load_kinds(path: Path = CATALOGUE) -> dict[str, FaultKind]:
    """Return the kinds of faults by their id."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: FaultKind(**entry) for name, entry in entries.items()}


def parse_fault(text: str, plant: Plant) -> Fault:
    """Read `F12:nozzle=3`, `F12:equipment=l2-filler-04,nozzle=3` or `F12:nozzle=3@+10m`.

    Without `equipment` it is the first machine of the station on the first line. Raise
    `FaultError` for what the catalogue or the plant has not.
    """
    match = _GRAMMAR.fullmatch(text)
    if match is None:
        raise FaultError(f"fault {text!r} must look like F12:nozzle=3 or F12:nozzle=3@+10m")
    kinds = load_kinds()
    kind = kinds.get(match["id"])
    if kind is None:
        raise FaultError(f"fault {match['id']!r} is not known; there is {', '.join(kinds)}")
    places = dict(_place(text, word) for word in (match["places"] or "").split(",") if word)
    unknown = places.keys() - {kind.position, "equipment"}
    if unknown or kind.position not in places:
        raise FaultError(
            f"fault {text!r}: {match['id']} takes {kind.position}=<number> and, where there are "
            f"several machines, equipment=<name>"
        )
    try:
        after_ms = parse_duration(match["after"]) if match["after"] else 0
    except ValueError as error:
        raise FaultError(f"fault {text!r}: {error}") from error
    equipment = _equipment(text, plant, kind, places.get("equipment"))
    position = _position(text, plant, kind, places[kind.position])
    return Fault(
        match["id"], kind.station, kind.result, equipment, position, kind.magnitude, after_ms
    )


def _place(text: str, word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise FaultError(f"fault {text!r}: {word!r} must look like nozzle=3")
    return name.strip(), value.strip()


def _equipment(text: str, plant: Plant, kind: FaultKind, asked: str | None) -> str:
    station = plant.stations.get(kind.station)
    if station is None or kind.result not in station.results:
        raise FaultError(
            f"fault {text!r}: this plant has no result {kind.result!r} at station {kind.station!r}"
        )
    machines = [m.name for m in plant.equipment.values() if m.station == kind.station]
    if asked is not None and asked not in machines:
        raise FaultError(
            f"fault {text!r}: {asked!r} is no machine of station {kind.station!r}; "
            f"they are {machines[0]} to {machines[-1]}"
        )
    return asked or machines[0]


def _position(text: str, plant: Plant, kind: FaultKind, asked: str) -> int:
    positions = plant.stations[kind.station].positions
    count = positions.count if positions else 1
    if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked) <= count:
        raise FaultError(
            f"fault {text!r}: there is no {kind.position} {asked!r}; "
            f"station {kind.station!r} has 1 to {count}"
        )
    return int(asked)
