"""Wear: how far gone a tool is, and what that does to the machine and to its cells.

A saw-tooth: a tool wears with each cell of its machine and is then dressed or set, the die lip and
the knives with time. Machines show it in their signals (`simulator.character`), and cells in their
results: `moved` gives the deviation of each cell in standard deviations, `kept` how much of its own
spread the rest of the result keeps, so that the whole still has the sd of the plant file:

    value = nominal + sd * (moved(place, name, numbers) + kept(full) * normal)

where *full* is `station.result`, and both are 0 and 1 for a result that no tool moves.

How much is assumed (A): 0.15 standard deviations from a new tool to a worn one, so that it is there
for who looks at many cells, and no control chart of single cells takes it for a shift (with 0.3 the
charts of `jellyroll monitor` had an alarm a day of the pilot line, with 0.15 none in twenty days).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from plant.stations import Station
from simulator.faults_severity import PHASE, saw
from simulator.noise import Floats, Ints
from simulator.pace import Pace
from simulator.physics import is_counter
from simulator.place import Place

#: From a new tool to a worn one, in standard deviations: a worn tip has more contact area, so the
#: current is less dense and the weld poorer; a worn crimp roll leaves the cell higher.
CELL_WEAR: Mapping[str, float] = {
    "welding.tab_resistance": 0.15,
    "welding.can_resistance": 0.15,
    "welding.weld_current": -0.15,
    "sealing.crimp_height": 0.15,
}
#: Cells from one dressing to the next (A); a counter of cells in the plant file says otherwise.
_CELLS: Mapping[str, int] = {"welding": 3_000, "sealing": 20_000}
_DAY_MS = 86_400_000
_MS_PER_MINUTE = 60_000


def tool_cells(name: str, station: Station) -> int | None:
    """Return how many cells a machine of station *name* makes with a tool; None without a tool."""
    if name not in _CELLS:
        return None
    limits = (s.high for s in station.signals.values() if s.unit == "1" and is_counter(s))
    return int(next(limits, None) or _CELLS[name])


def turn_ms(station: Station) -> int:
    """Return how long a tool lasts that wears with time: by its run in km at full speed, or a day.

    A counter in km runs to its limit at the nominal of `web_speed` (m/min).
    """
    speed = station.signals.get("web_speed")
    for signal in station.signals.values():
        if speed is not None and signal.unit == "km" and is_counter(signal) and signal.high:
            return round(signal.high * 1000 / speed.nominal * _MS_PER_MINUTE)
    return _DAY_MS


def used(place: Place, numbers: Ints) -> Ints:
    """Return how many cells the tool had made that each cell met, since it was dressed."""
    cells = tool_cells(place.name, place.station) or 1
    machine = place.machine_of(numbers)
    before = _before(place, machine, numbers)
    return np.asarray((before + _start(machine + 1, cells)) % cells, dtype=np.int64)


def used_at(place: Place, machine: int, pace: Pace, times_ms: Ints) -> Ints:
    """Return how many cells the tool of *machine* (from 0) has made at each time."""
    cells = tool_cells(place.name, place.station) or 1
    before = _before(place, machine, pace.firsts_from(times_ms, place.delay_ms))
    return np.asarray((before + _start(machine + 1, cells)) % cells, dtype=np.int64)


def renewals_ms(place: Place, machine: int, pace: Pace, from_ms: int, to_ms: int) -> list[int]:
    """Return when in [*from_ms*, *to_ms*) the tool of *machine* (from 0) makes its first cell."""
    cells = tool_cells(place.name, place.station) or 1
    edges = pace.firsts_from(np.array([from_ms, to_ms], dtype=np.int64), place.delay_ms)
    start = int(_start(machine + 1, cells))
    first, end = -(-(_before(place, machine, edges) + start) // cells)
    turn = np.arange(first, end, dtype=np.int64) * cells - start
    positions, block = place.positions, place.positions * len(place.machines)
    numbers = turn // positions * block + machine * positions + turn % positions
    times: list[int] = pace.times_ms(numbers, place.delay_ms).tolist()
    return times


def worn_at(station: Station, number: int, times_ms: Ints) -> Floats:
    """Return how worn a tool is that wears with time, 0 to 1, at machine *number*."""
    return saw(times_ms, turn_ms(station), number)


def moved(place: Place, name: str, numbers: Ints) -> Floats | float:
    """Return by how many standard deviations result *name* of each cell is off by its tool."""
    size = CELL_WEAR.get(f"{place.name}.{name}", 0.0)
    cells = tool_cells(place.name, place.station)
    if not size or cells is None:
        return 0.0
    return size * (used(place, numbers) / cells - 0.5)


def kept(full: str) -> float:
    """Return which part of the sd of result *full* is not its tool's."""
    return float(np.sqrt(1 - CELL_WEAR.get(full, 0.0) ** 2 / 12))


def _before(place: Place, machine: Ints | int, numbers: Ints) -> Ints:
    """Return how many of the cells before each are *machine*'s."""
    positions, block = place.positions, place.positions * len(place.machines)
    own = np.clip(numbers % block - np.asarray(machine) * positions, 0, positions)
    return np.asarray(numbers // block * positions + own, dtype=np.int64)


def _start(number: Ints | int, cells: int) -> Ints:
    """Return where in its turn a machine begins, so that no two dress at once."""
    return (np.asarray(number) * PHASE * cells).astype(np.int64) % cells
