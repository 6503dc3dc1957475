"""Character: what of a signal's spread is noise of its gauge, and what has a memory or a clock.

The spread that the plant file states is shared out, so that the whole has its sd:

* gauge: new with each sample;
* slow: a first-order process, with two minutes for what machines control and twenty for what
  warms, cools and dries (dew point: 20 min, assumed as in the plant's figures);
* day: the outside, the same for all machines, highest at 21:00 UTC, the afternoon in Kansas;
* shift: the crew, which sets each machine a little in its own way, and opens doors;
* tool: a saw-tooth from new to worn.

A value that is taken rarely (less than each two minutes: a laboratory's) has no memory. All shares
are assumed (A). Day, shift and tool average out over whole days, so the mean stays the nominal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from plant.signals import Signal
from simulator.noise import Floats, Ints, Noise
from simulator.noise_slow import SlowNoise

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_HOTTEST_MS = 21 * _HOUR_MS
SHIFT_MS = 8 * _HOUR_MS
FIRST_SHIFT_MS = 6 * _HOUR_MS  # 06:00, 14:00 and 22:00 UTC
_CONTROL_MS, _CLIMATE_MS = 2 * 60_000, 20 * 60_000
_RARE_HZ = 1 / 120


class Shares(NamedTuple):
    """Shares of a signal's variance; the gauge has the rest."""

    tau_ms: int
    slow: float
    day: float = 0.0
    shift: float = 0.0
    tool: float = 0.0

    @property
    def gauge(self) -> float:
        """What is new with each sample."""
        return 1 - self.slow - self.day - self.shift - self.tool


_CONTROLLED = Shares(_CONTROL_MS, 0.45, shift=0.05)
_WARM = Shares(_CLIMATE_MS, 0.6, day=0.1)
_BY_NAME: dict[str, Shares] = {
    "dew_point": Shares(_CLIMATE_MS, 0.85, day=0.05),
    "overpressure": Shares(_CLIMATE_MS, 0.5, shift=0.15),
    "particles": Shares(_CLIMATE_MS, 0.5, shift=0.15),
    "wet_gap": Shares(_CONTROL_MS, 0.3, tool=0.2),
    "burr_height": Shares(_CONTROL_MS, 0.2, tool=0.3),
    "tip_temperature": Shares(_CONTROL_MS, 0.4, day=0.05, tool=0.2),
    "ram_pressure": Shares(_CONTROL_MS, 0.35, tool=0.15),
}


def shares_of(name: str, signal: Signal) -> Shares:
    """Return how the spread of a machine's signal is made."""
    if signal.rate_hz < _RARE_HZ:
        return Shares(_CONTROL_MS, 0.0)
    return _BY_NAME.get(name, _WARM if signal.unit == "Cel" else _CONTROLLED)


class Character:
    """Makes deviations of the signals of one machine out of plain noise.

    *columns* are the signals in order, each with its name and how many values it has; *worn* tells
    for each time how far gone the tool is, 0 to 1, None where the machine has none.
    """

    def __init__(
        self,
        seed: tuple[int, str],
        columns: Sequence[tuple[str, Signal, int]],
        worn: Callable[[Ints], Floats] | None,
    ) -> None:
        shares = [shares_of(name, signal) for name, signal, count in columns for _ in range(count)]
        # A signal's crew and tool are the same at all of its positions.
        signal_of = np.repeat(np.arange(len(columns)), [count for *_, count in columns])
        self._gauge = np.sqrt([share.gauge for share in shares])
        self._slow = []
        for tau_ms in sorted({s.tau_ms for s in shares if s.slow}):
            mine = np.flatnonzero([s.slow > 0 and s.tau_ms == tau_ms for s in shares])
            noise = Noise(*seed, "slow", tau_ms, width=len(mine))
            weight = np.sqrt([shares[column].slow for column in mine])
            self._slow.append((mine, weight, SlowNoise(noise, tau_ms)))
        self._day = np.sqrt([2 * share.day for share in shares])
        turn = Noise(*seed, "crew", width=len(columns)).uniforms(0, 1)[0][signal_of]
        crew = np.cos(2 * np.pi * (turn + np.arange(3)[:, None] / 3))
        self._shift = crew * np.sqrt([2 * share.shift for share in shares])
        self._tool = np.sqrt([12 * share.tool for share in shares])
        self._worn = worn if self._tool.any() else None

    def deviations(self, normals: Floats, times_ms: Ints) -> Floats:
        """Return deviations of variance 1 of each column; *normals* are plain ones, all columns.

        Both (rows, columns). The same moment has the same deviation but for the gauge's part.
        """
        value = normals * self._gauge
        for columns, weight, slow in self._slow:
            value[:, columns] += slow.at(times_ms) * weight
        shift = (times_ms - FIRST_SHIFT_MS) // SHIFT_MS % 3
        value += self._shift[shift]
        if self._day.any():
            hour = np.cos(2 * np.pi * ((times_ms - _HOTTEST_MS) % _DAY_MS) / _DAY_MS)
            value += hour[:, None] * self._day
        if self._worn is not None:
            value += (self._worn(times_ms) - 0.5)[:, None] * self._tool
        return np.asarray(value)
