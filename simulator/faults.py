"""Faults as people ask for them: what, where, from when to when, how much."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

from plant.model import Equipment, Plant
from simulator.duration import parse_duration
from simulator.faults_kind import FaultKind, Nature, load_kinds
from simulator.physics import is_counter

__all__ = ["Fault", "FaultError", "parse_fault"]

_GRAMMAR = re.compile(r"(?P<id>\w+)(?P<parts>([:@][^:@]*){0,2})")
_TIMES = re.compile(r"(?P<on>[+-][^.]+(\.\d+[^.]*)?)?(\.\.(?P<off>[+-].+))?")
_HOW = "must look like F12:nozzle=3, F12:nozzle=3@+10m or F12:nozzle=3@+10m..+2h"


class FaultError(ValueError):
    """A fault cannot be put on this line; the text says which there are."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of *kind* at one place of one line.

    *machines* are those it is on (a tower of formation has several), *position* None where it is
    at all positions. *after_ms* and *until_ms* count from the beginning of live; *on_ms* and
    *off_ms*, since the epoch, are None until that is known, *off_ms* also for a fault without end.
    """

    kind: FaultKind
    machines: tuple[Equipment, ...]
    position: int | None = None
    signal: str | None = None
    size: float = 1.0
    after_ms: int = 0
    until_ms: int | None = None
    on_ms: int | None = None
    off_ms: int | None = None

    @property
    def id(self) -> str:
        """The fault's name in the catalogue: F12."""
        return self.kind.id

    @property
    def equipment(self) -> str:
        """The name of the machine, of several the first."""
        return self.machines[0].name

    @property
    def line(self) -> str:
        """The line that has the fault."""
        return self.machines[0].line

    @property
    def is_measured_only(self) -> bool:
        """Whether the cells are as they would be without it."""
        return self.kind.nature is not Nature.CELL

    def started(self, live_from_ms: int) -> Fault:
        """Return the fault with its moments, now that the beginning of live is known."""
        on_ms = live_from_ms + self.after_ms
        off_ms = None if self.until_ms is None else live_from_ms + self.until_ms
        if off_ms is None and self.kind.lasts_ms is not None:
            off_ms = on_ms + self.kind.lasts_ms
        return dataclasses.replace(self, on_ms=on_ms, off_ms=off_ms)


def parse_fault(text: str, plant: Plant) -> Fault:
    """Read `F12:nozzle=3`, `F12@+2h:nozzle=3` or `F12:equipment=l2-filler-04,nozzle=3@+10m..+2h`.

    Without `equipment` or the machine's number it is the first machine on the first line. Raise
    `FaultError` for what the catalogue or the plant has not.
    """
    match = _GRAMMAR.fullmatch(text)
    parts = re.findall(r"([:@])([^:@]*)", match["parts"]) if match else []
    marks = [mark for mark, _ in parts]
    if match is None or len(set(marks)) < len(marks):
        raise FaultError(f"fault {text!r} {_HOW}")
    given = dict(parts)
    places = dict(_place(text, word) for word in given.get(":", "").split(",") if word)
    kind = _kind(text, match["id"], places.pop("kind", None))
    _check_places(text, kind, places)
    machines = _machines(text, plant, kind, places)
    after_ms, until_ms = _moments(text, given["@"]) if "@" in given else (0, None)
    return Fault(
        kind,
        machines,
        _position(text, plant, kind, places),
        _signal(text, plant, kind, machines[0], places),
        _size(text, places.get("size", "1")),
        after_ms,
        until_ms,
    )


def _place(text: str, word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise FaultError(f"fault {text!r}: {word!r} must look like nozzle=3")
    return name.strip(), value.strip()


def _kind(text: str, name: str, variant: str | None) -> FaultKind:
    kinds = load_kinds()
    if name not in kinds:
        raise FaultError(f"fault {name!r} is not known; there is {', '.join(kinds)}")
    variants = kinds[name]
    if variant is None:
        return next(iter(variants.values()))
    if variant not in variants or not variant:
        there = ", ".join(v for v in variants if v)
        raise FaultError(
            f"fault {text!r}: {name} has no kind {variant!r}; "
            + (f"there is {there}" if there else "it has only one: leave kind away")
        )
    return variants[variant]


def _check_places(text: str, kind: FaultKind, places: dict[str, str]) -> None:
    unknown = places.keys() - kind.where.keys() - {"equipment", "size"}
    lacking = kind.position_needed and kind.position is not None and kind.position not in places
    if unknown or lacking:
        takes = [
            f"{name}=<{'name' if name == 'signal' else 'number'}> ({meaning})"
            for name, meaning in kind.where.items()
        ]
        raise FaultError(
            f"fault {text!r}: {kind.id} takes "
            + ", ".join([*takes, "equipment=<name>", "size=<factor>"])
            + (f"; {kind.position} is needed" if lacking else "")
        )


def _machines(
    text: str, plant: Plant, kind: FaultKind, places: dict[str, str]
) -> tuple[Equipment, ...]:
    """Return the machines that are asked for by name, by number, or the first."""
    asked = places.get("equipment")
    if not kind.station:
        if asked is None or asked not in plant.equipment:
            names = list(plant.equipment)
            raise FaultError(
                f"fault {text!r}: {kind.id} needs equipment=<name>, any machine from "
                f"{names[0]} to {names[-1]}"
            )
        return (plant.equipment[asked],)
    _check_plant(text, plant, kind)
    there = [
        m
        for m in plant.equipment.values()
        if m.station == kind.station and (not kind.group or m.group == kind.group)
    ]
    if not there:
        raise FaultError(
            f"fault {text!r}: this plant has no machine {kind.group!r} at station {kind.station!r}"
        )
    if asked is not None and asked not in {m.name for m in there}:
        raise FaultError(
            f"fault {text!r}: {asked!r} is no machine of {kind.id} at station {kind.station!r}; "
            f"they are {there[0].name} to {there[-1].name}"
        )
    line = plant.equipment[asked].line if asked else there[0].line
    group = [m for m in there if m.line == line]
    each = kind.machines_each
    number = places.get(kind.machine) if kind.machine else None
    if number is None:
        first = next(i for i, m in enumerate(group) if m.name == asked) if asked else 0
        return tuple(group[first // each * each :][:each])
    count = -(-len(group) // each)
    at = _number(text, str(kind.machine), number, count, f"line {line!r}")
    chosen = tuple(group[(at - 1) * each : at * each])
    if asked and asked not in {m.name for m in chosen}:
        raise FaultError(f"fault {text!r}: {asked!r} is not {kind.machine} {at}; give one of them")
    return chosen


def _check_plant(text: str, plant: Plant, kind: FaultKind) -> None:
    """Raise `FaultError` where the plant has nothing that shows the fault at its own station."""
    station = plant.stations.get(kind.station)
    own = [effect.name for effect in kind.effects if effect.station == kind.station]
    known = set() if station is None else {*station.signals, *station.results}
    if station is None or (own and known.isdisjoint(own)):
        what = f"no signal or result {own[0]!r} at" if own and station else "no"
        raise FaultError(f"fault {text!r}: this plant has {what} station {kind.station!r}")


def _position(text: str, plant: Plant, kind: FaultKind, places: dict[str, str]) -> int | None:
    if kind.position is None or kind.position not in places:
        return None
    positions = plant.stations[kind.station].positions
    count = positions.count if positions else 1
    return _number(text, kind.position, places[kind.position], count, f"station {kind.station!r}")


def _number(text: str, what: str, asked: str, count: int, owner: str) -> int:
    if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked) <= count:
        raise FaultError(f"fault {text!r}: there is no {what} {asked!r}; {owner} has 1 to {count}")
    return int(asked)


def _signal(
    text: str, plant: Plant, kind: FaultKind, machine: Equipment, places: dict[str, str]
) -> str | None:
    if "signal" not in kind.where:
        return None
    signals = plant.stations[machine.station].signals
    usable = [
        name
        for name in signals
        if kind.message != "reset" or is_counter(plant.signal(machine.name, name))
    ]
    asked = places.get("signal", usable[0] if usable else "")
    if asked not in usable:
        what = "counter" if kind.message == "reset" else "signal"
        there = f" {asked!r}; there is {', '.join(usable)}" if usable else ""
        raise FaultError(f"fault {text!r}: {machine.name} has no {what}{there}")
    return asked


def _size(text: str, asked: str) -> float:
    try:
        size = float(asked)
    except ValueError:
        size = 0.0
    if not 0 < size <= 100:
        raise FaultError(f"fault {text!r}: size {asked!r} must be a factor above 0, such as 0.5")
    return size


def _moments(text: str, times: str) -> tuple[int, int | None]:
    match = _TIMES.fullmatch(times)
    if match is None or not times:
        raise FaultError(f"fault {text!r} {_HOW}")
    after_ms = _moment(text, match["on"] or "+0")
    until_ms = _moment(text, match["off"]) if match["off"] else None
    if until_ms is not None and until_ms <= after_ms:
        raise FaultError(f"fault {text!r}: it goes off before it comes on; swap the two times")
    return after_ms, until_ms


def _moment(text: str, signed: str) -> int:
    try:
        duration = parse_duration(signed[1:])
    except ValueError as error:
        raise FaultError(f"fault {text!r}: {error}") from error
    return -duration if signed[0] == "-" else duration
