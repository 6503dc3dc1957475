"""Where the metres of a cell were, and when: the way back from cells to the machines before them.

The names and times are those of the material events; what these do not tell is assumed: a roll is
calendered 12 h after it was coated, a slurry is 4 h in the mixer, and a strip goes half an hour
after it was slit into the next batch of a vacuum dryer. The dryers take turns so that a batch is
done before the strip is used: 18 h with five dryers, 11 h with one.

A coater makes one roll after another, however many winders use them at once: roll *r* begins with
the cell that would be its first if all strips were wound one by one. A slitter's strips likewise.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from plant.model import Equipment, Plant
from simulator.material import (
    COATED_MS,
    ELECTRODES,
    HOUR_MS,
    LANES,
    MIXED_MS,
    ROLL_M,
    SLIT_MS,
    SLURRY_KG,
    Electrode,
    machines_of,
)
from simulator.noise import Floats, Ints
from simulator.pace import BEGINNING_MS, Pace
from simulator.wear import worn_at

CALENDERED_MS = 36 * HOUR_MS
_MIXING_MS = 4 * HOUR_MS
TO_DRYER_MS = HOUR_MS // 2
#: From the strip's arrival at the dryers to the end of its batch at the latest.
_DRY_WITHIN_MS = 22 * HOUR_MS
#: At 60 m/min and, slitting, at 100.
MS_PER_M, MS_PER_SLIT_M = 1000, 600


class Origin:
    """The material of the cells of one line, of one electrode."""

    def __init__(self, plant: Plant, line: str, pace: Pace, letter: str) -> None:
        self._pace = pace
        self.electrode: Electrode = next(e for e in ELECTRODES if e.letter == letter)
        self._stations = plant.stations
        self._winders = len(machines_of(plant, line, "winding"))
        self._machines = {
            step: machines_of(plant, line, step, letter)
            for step in ("mixing", "coating", "calendering", "slitting", "vacuum_drying")
        }

    def strips(self, numbers: Ints) -> Ints:
        """Return the strip of each cell."""
        turn = numbers // self._winders
        return turn // self.electrode.cells_per_strip * self._winders + numbers % self._winders

    def lanes(self, numbers: Ints) -> Ints:
        """Return the lane of each cell's strip, from 1."""
        return self.strips(numbers) % LANES + 1

    def begin_ms(self, strips: Ints) -> Ints:
        """Return the time of each strip's first cell."""
        first = strips // self._winders * self.electrode.cells_per_strip * self._winders
        return self._pace.times_ms(first + strips % self._winders)

    def made_ms(self, strips: Ints, lead_ms: int) -> Ints:
        """Return when each strip was made, *lead_ms* before its turn; a roll with its first."""
        return self._pace.times_ms(strips * self.electrode.cells_per_strip, -lead_ms)

    def latest(self, times_ms: Ints, lead_ms: int) -> Ints:
        """Return the last strip with `made_ms` at each of *times_ms* or before."""
        return (self._pace.firsts_from(times_ms + 1, -lead_ms) - 1) // (
            self.electrode.cells_per_strip
        )

    def rolls(self, numbers: Ints) -> Ints:
        """Return the roll of each cell."""
        return self.strips(numbers) // LANES

    def metres(self, numbers: Ints) -> Floats:
        """Return the middle of each cell's metres of its strip."""
        turn = numbers // self._winders % self.electrode.cells_per_strip
        return np.asarray((turn + 0.5) * self.electrode.cell_m, dtype=np.float64)

    def slurries(self, numbers: Ints) -> Ints:
        """Return the slurry of each cell."""
        return self.slurries_at(self.rolls(numbers), self.metres(numbers))

    def slurries_at(self, rolls: Ints, metres: Floats) -> Ints:
        """Return the slurry of each metre, in the shape of both."""
        share = self.electrode.roll_kg / SLURRY_KG
        return np.floor((rolls + metres / ROLL_M) * share).astype(np.int64)

    def slurry_ms(self, slurries: Ints) -> Ints:
        """Return when each slurry came into the mixer: before the first roll that takes of it."""
        rolls = np.floor(slurries / (self.electrode.roll_kg / SLURRY_KG)).astype(np.int64)
        return self.made_ms(rolls * LANES, MIXED_MS)

    def batches(self, numbers: Ints) -> Ints:
        """Return the batch of the vacuum dryers that each cell's strip is in."""
        ready = self.made_ms(self.strips(numbers), SLIT_MS) + TO_DRYER_MS - BEGINNING_MS
        return -(-ready // self.batch_ms)

    @property
    def batch_ms(self) -> int:
        """How long after one batch of the dryers the next begins."""
        return _DRY_WITHIN_MS // (len(self._machines["vacuum_drying"]) + 1)

    def mixed(self, numbers: Ints, machine: Equipment) -> tuple[npt.NDArray[np.bool_], Ints, Ints]:
        """Return which cells have their slurry from *machine*, and from when to when it was in."""
        slurries = self.slurries(numbers)
        time = self.slurry_ms(slurries)
        return self._by("mixing", slurries, machine), time, time + _MIXING_MS

    def coated(self, numbers: Ints, machine: Equipment) -> tuple[npt.NDArray[np.bool_], Ints]:
        """Return which cells *machine* coated, and when the middle of their metres."""
        return self._rolled("coating", numbers, machine, COATED_MS)

    def calendered(self, numbers: Ints, machine: Equipment) -> tuple[npt.NDArray[np.bool_], Ints]:
        """Return which cells went through *machine*, and when the middle of their metres."""
        return self._rolled("calendering", numbers, machine, CALENDERED_MS)

    def knives(self, numbers: Ints) -> Floats:
        """Return how worn the knives were that slit the middle of each cell's metres, 0 to 1."""
        worn = np.zeros(len(numbers))
        for machine in self._machines["slitting"]:
            mine, times = self.slit(numbers, machine)
            worn[mine] = worn_at(self._stations["slitting"], machine.number, times[mine])
        return worn

    def slit(self, numbers: Ints, machine: Equipment) -> tuple[npt.NDArray[np.bool_], Ints]:
        """Return which cells *machine* slit, and when the middle of their metres."""
        time = self.made_ms(self.strips(numbers), SLIT_MS)
        passed = (self.metres(numbers) * MS_PER_SLIT_M).astype(np.int64)
        return self._by("slitting", self.rolls(numbers), machine), time + passed

    def dried(self, numbers: Ints, machine: Equipment) -> tuple[npt.NDArray[np.bool_], Ints]:
        """Return which cells' strips were in a batch of *machine*, and when the batch ended."""
        batches = self.batches(numbers)
        end = BEGINNING_MS + (batches + len(self._machines["vacuum_drying"])) * self.batch_ms
        return self._by("vacuum_drying", batches, machine), end

    @property
    def ahead_ms(self) -> int:
        """How long after its slurry was mixed the last cell of it may be wound, at most."""
        epochs = math.ceil(LANES / self._winders) + 1
        rolls = math.ceil(SLURRY_KG / self.electrode.roll_kg) + 1
        cells = epochs * rolls * self.electrode.cells_per_strip * self._winders
        return MIXED_MS + _MIXING_MS + self._pace.longest_ms(cells)

    @property
    def has_winders(self) -> bool:
        """Whether the line winds cells at all; without winders there is no way back."""
        return self._winders > 0

    def _rolled(
        self, step: str, numbers: Ints, machine: Equipment, lead_ms: int
    ) -> tuple[npt.NDArray[np.bool_], Ints]:
        rolls = self.rolls(numbers)
        passed = (self.metres(numbers) * MS_PER_M).astype(np.int64)
        return self._by(step, rolls, machine), self.made_ms(rolls * LANES, lead_ms) + passed

    def _by(self, step: str, things: Ints, machine: Equipment) -> npt.NDArray[np.bool_]:
        machines = self._machines[step]
        if machine not in machines:
            return np.zeros(len(things), dtype=bool)
        mask: npt.NDArray[np.bool_] = things % len(machines) == machines.index(machine)
        return mask
