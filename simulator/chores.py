"""Chores: what a machine is held for by itself, as its station has it.

Reels and rolls are changed between those that the record of material has, tools dressed when they
have made their cells; knives, die lips and batches come with time. Between two rolls a machine
runs on (A). Assumed (A): all lengths and periods but those that follow from the plant file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from plant.model import Equipment, Plant
from plant.stations import Station
from simulator.faults_severity import PHASE
from simulator.material import COATED_MS, HOUR_MS, LANES, MIXED_MS, SLIT_MS, machines_of
from simulator.noise import Ints
from simulator.origin import CALENDERED_MS, Origin
from simulator.pace import Pace
from simulator.place import Place
from simulator.timeline import Chore, Role, before, every
from simulator.wear import renewals_ms, tool_cells, turn_ms

_MINUTE_MS = 60_000
#: How long before winding a station works on the cells' material: mixed and coated as the record
#: says, calendered half a day later, dried in the twelve hours before.
_AHEAD_MS: Mapping[str, int] = {
    "mixing": MIXED_MS,
    "coating": COATED_MS,
    "calendering": CALENDERED_MS,
    "slitting": SLIT_MS,
    "vacuum_drying": 12 * HOUR_MS,
}
_BATCHES: Mapping[str, tuple[int, int, str]] = {
    "mixing": (4 * HOUR_MS, 15 * _MINUTE_MS, "batch pumped off"),
    "vacuum_drying": (20 * HOUR_MS, 30 * _MINUTE_MS, "new batch"),
}
#: Places for trays, which form their cells whatever the line does.
_TRAYS = frozenset({"formation"})
_ROLLS: Mapping[str, int] = {
    "coating": COATED_MS, "calendering": CALENDERED_MS, "slitting": SLIT_MS,
}  # fmt: skip
_ROLL_MS, _KNIFE_CHANGE_MS, _LIP_MS, _REEL_MS = 180_000, 900_000, 600_000, 25_000
_TOOLS: Mapping[str, tuple[int, str]] = {
    "welding": (40_000, "tip dressing"),
    "sealing": (60_000, "crimp tool set"),
}


def role_of(name: str, station: Station) -> Role:
    """Return how the machines of *station* take the stops of the line."""
    ahead_ms = _AHEAD_MS.get(name, 0)
    is_room = not station.results and not ahead_ms
    return Role(name, round(station.delay_s * 1000), ahead_ms, is_room or name in _TRAYS)


def chores_of(
    plant: Plant,
    machine: Equipment,
    place: Place | None,
    pace: Pace,
    origins: Sequence[Origin],
) -> tuple[Chore, ...]:
    """Return the chores of *machine*; *origins* are those of its line's cells, by electrode."""
    name, station = machine.station, plant.stations[machine.station]
    phase = -machine.number * PHASE % 1.0
    chores: list[Chore] = []
    if name in _BATCHES:
        period_ms, length_ms, reason = _BATCHES[name]
        chores.append(every(period_ms, length_ms, phase, reason))
    if name in _ROLLS:
        peers = machines_of(plant, machine.line, name, machine.group.rpartition("-")[2])
        chores += [
            before(
                _rolls(origin, peers.index(machine), len(peers), pace, _ROLLS[name]),
                _ROLL_MS,
                "new roll",
            )
            for origin in origins
            if origin.has_winders and machine.group.endswith(f"-{origin.electrode.letter}")
        ]
    if name == "coating":
        chores.append(every(turn_ms(station), _LIP_MS, phase, "die lip cleaned"))
    if name == "slitting":
        chores.append(every(turn_ms(station), _KNIFE_CHANGE_MS, phase, "new knives"))
    if place is not None and machine in place.machines:
        index = place.machines.index(machine)
        if tool_cells(name, station) is not None and name in _TOOLS:
            length_ms, reason = _TOOLS[name]
            chores.append(
                before(lambda a, b: renewals_ms(place, index, pace, a, b), length_ms, reason)
            )
        if name == "winding":
            chores += [
                before(_strips(origin, place, index, pace), _REEL_MS, "new reel")
                for origin in origins
            ]
    return tuple(chores)


def _rolls(
    origin: Origin, index: int, peers: int, pace: Pace, ahead_ms: int
) -> Callable[[int, int], list[int]]:
    """Return what finds the moments at which one of *peers* machines begins a roll."""

    def times(from_ms: int, to_ms: int) -> list[int]:
        cells = LANES * origin.electrode.cells_per_strip
        first, end = (-(-pace.first_from(edge, -ahead_ms) // cells) for edge in (from_ms, to_ms))
        rolls = np.arange(first + (index - first) % peers, end, peers, dtype=np.int64)
        found: list[int] = origin.made_ms(rolls * LANES, ahead_ms).tolist()
        return found

    return times


def _strips(
    origin: Origin, place: Place, index: int, pace: Pace
) -> Callable[[int, int], list[int]]:
    """Return what finds the first moments of strips on one winder."""

    def times(from_ms: int, to_ms: int) -> list[int]:
        first, end = pace.first_from(from_ms), pace.first_from(to_ms)
        before = len(place.machines) * place.positions
        numbers: Ints = np.arange(max(0, first - before), end, dtype=np.int64)
        numbers = numbers[place.machine_of(numbers) == index]
        new = numbers[1:][np.diff(origin.strips(numbers)) != 0]
        found: list[int] = pace.times_ms(new[new >= first]).tolist()
        return found

    return times
