"""Stations where cells are measured: which machine and position a cell meets, and when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from plant.model import Equipment
from plant.signals import Signal
from plant.stations import Station
from simulator.noise import Floats, Ints


class ByMachine(NamedTuple):
    """Figures of one result by machine, or one number for all where they are alike."""

    nominal: Floats
    sd: Floats
    low: Floats
    high: Floats


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

    @cached_property
    def by_machine(self) -> dict[str, ByMachine]:
        """The figures of each result; without a limit, infinity stands for it."""
        return {name: _by_machine(signals) for name, signals in self.signals.items()}


def _by_machine(signals: tuple[Signal, ...]) -> ByMachine:
    figures = [
        (
            signal.nominal,
            signal.sd,
            -np.inf if signal.low is None else signal.low,
            np.inf if signal.high is None else signal.high,
        )
        for signal in signals
    ]
    alike = len(set(figures)) == 1
    return ByMachine(*np.array(figures[:1] if alike else figures, dtype=np.float64).T)
