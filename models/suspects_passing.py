"""Where cells, or the material in them, were: machines and positions as factors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

import numpy as np

from models.suspects_levels import Bools, Factor, Floats, Ints
from plant.model import Plant
from plant.stations import Station


class Passing(NamedTuple):
    """Cells at one station, an entry per cell of the event.

    *electrode* is the last word of the machines' group where they make an electrode (`c` of
    `coater-c`), else empty: a cell has material of several. *machine* indexes *machines*, -1 where
    the cell was not here; *position* is 0 where there is none; *time_us* NaN where nobody knows.
    """

    station: str
    electrode: str
    machines: tuple[str, ...]
    machine: Ints
    position: Ints
    time_us: Floats


class Places(Sequence[str]):
    """The positions of *machines* by number, `l1-filler-01:3`; named only when asked for."""

    def __init__(self, machines: Sequence[str], count: int) -> None:
        self._machines = machines
        self._count = count

    def __len__(self) -> int:
        return len(self._machines) * self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        machine, position = divmod(index, self._count)
        return place_name(self._machines[machine], position + 1)

    def index(self, value: str, start: int = 0, stop: int | None = None) -> int:  # noqa: ARG002
        """Return the index of a name; raise `ValueError` for one that is none of these."""
        machine, _, position = value.rpartition(":")
        if not position.isdigit() or not 0 < int(position) <= self._count:
            raise ValueError(value)
        return self._machines.index(machine) * self._count + int(position) - 1


def place_name(equipment: str, position: int | None) -> str:
    """Return `l1-filler-01:3`, or the machine alone."""
    return equipment if position is None else f"{equipment}:{position}"


def machine_kind(station: Station) -> str:
    """Return the factor that a machine of *station* is: one with signals per channel is a tray."""
    holds_trays = position_kind(station) == "channel" and any(
        signal.per_position for signal in station.signals.values()
    )
    return "tray" if holds_trays else "equipment"


def position_kind(station: Station) -> str:
    """Return the factor that a position of *station* is: lane, channel, else position."""
    name = station.positions.name if station.positions else ""
    return name if name in {"lane", "channel"} else "position"


def place_factors(station: Station, passing: Passing) -> Iterator[Factor]:
    """Yield machine and, where there are any, position as factors."""
    machine, axis = passing.machine, passing.time_us
    yield Factor(machine_kind(station), passing.station, passing.machines, machine, axis)
    if station.positions is None or not passing.position.any():
        return
    count = station.positions.count
    known = (machine >= 0) & (passing.position > 0) & (passing.position <= count)
    code = np.where(known, machine * count + passing.position - 1, -1)
    places = Places(passing.machines, count)
    yield Factor(position_kind(station), passing.station, places, code, axis)


def block_factors(plant: Plant, passing: Passing) -> Iterator[Factor]:
    """Yield what machines that stand together have in common, where any do: towers of trays."""
    groups = plant.stations[passing.station].equipment.values()
    if not any(group.block for group in groups):
        return
    blocks = plant.blocks_at(passing.station)
    names = list(blocks)
    of = {machine.name: at for at, name in enumerate(names) for machine in blocks[name]}
    table = np.array([*(of.get(machine, -1) for machine in passing.machines), -1], dtype=np.int64)
    # The last entry is that of cells that were not here.
    yield Factor("block", passing.station, names, table[passing.machine], passing.time_us)


def mask_of(
    passing: Passing, equipment: str, position: int | None, span_us: tuple[float, float]
) -> Bools:
    """Return which cells passed a machine, at *position* if not None, within a time."""
    if equipment not in passing.machines:
        return np.zeros(len(passing.machine), dtype=np.bool_)
    mask: Bools = passing.machine == passing.machines.index(equipment)
    if position is not None and passing.position.any():
        mask &= passing.position == position
    with np.errstate(invalid="ignore"):
        mask &= (passing.time_us >= span_us[0]) & (passing.time_us <= span_us[1])
    return mask
