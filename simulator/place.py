"""Stations where cells are measured: which machine and position a cell meets, and when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from plant.model import Equipment
from plant.signals import Signal
from plant.stations import Station
from simulator.noise import Ints


@dataclass(frozen=True)
class Place:
    """A station of one line with results: its machines, and which cell meets which of them."""

    name: str
    station: Station
    machines: tuple[Equipment, ...]

    @property
    def delay_ms(self) -> int:
        """From winding to this station."""
        return round(self.station.delay_s * 1000)

    @property
    def positions(self) -> int:
        """Positions of one machine; 1 where the plant names none."""
        return self.station.positions.count if self.station.positions else 1

    def machine_of(self, numbers: Ints) -> Ints:
        """Return the machine of each cell from 0: all positions of one, then the next machine."""
        return numbers // self.positions % len(self.machines)

    def position_of(self, numbers: Ints) -> Ints:
        """Return the position of each cell, from 1, in turn."""
        return numbers % self.positions + 1

    @cached_property
    def signals(self) -> dict[str, tuple[Signal, ...]]:
        """Each result as each machine has it."""
        return {
            name: tuple(self.station.signal_of(m.group, name) for m in self.machines)
            for name in self.station.results
        }
