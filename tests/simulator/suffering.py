"""Cells of the pilot line with and without faults, and where each was by its number.

What a cell met is worked out here by hand: one winder winds cell n, 3,797 of them (3,550 of the
anode) from a strip, eight strips from a roll.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from plant.load import PILOT, load_plant
from plant.model import Plant
from simulator.faults import Fault, parse_fault
from simulator.line import Line
from simulator.noise import Floats, Ints
from simulator.results import Results
from simulator.truth import truth

Mask = npt.NDArray[np.bool_]

HOUR_MS = 3_600_000
BEGINNING_MS = 1_577_836_800_000
CATHODE, ANODE = (3_797, 0.790, 0.0253), (3_550, 0.845, 0.0145)
ROLL = 2_610
#: The first cell of a roll of November 2026.
FIRST = ROLL * 8 * 3_797


def wound_ms(numbers: Ints) -> Ints:
    return BEGINNING_MS + numbers * 200_000 // 73


@dataclass(frozen=True)
class Made:
    """Strip, lane, roll and metre of cells, and when their metres were where, in ms."""

    strip: Ints
    metre: Floats
    of: tuple[int, float, float]

    @classmethod
    def of_cells(cls, numbers: Ints, of: tuple[int, float, float] = CATHODE) -> Made:
        return cls(numbers // of[0], np.asarray((numbers % of[0] + 0.5) * of[1]), of)

    @property
    def lane(self) -> Ints:
        return self.strip % 8 + 1

    def rolled_ms(self, hours_before: float) -> Floats:
        roll_ms = wound_ms(self.strip // 8 * 8 * self.of[0])
        return np.asarray(roll_ms - hours_before * HOUR_MS + np.floor(self.metre * 1000))

    @property
    def slit_ms(self) -> Floats:
        begin = wound_ms(self.strip * self.of[0]) - 28 * HOUR_MS
        return np.asarray(begin + np.floor(self.metre * 600))

    @property
    def slurry(self) -> Ints:
        roll_kg = self.of[2] * 3_000 / self.of[1] * 8
        return np.floor((self.strip // 8 + self.metre / 3_000) * roll_kg / 1000).astype(np.int64)


@dataclass(frozen=True)
class Outcome:
    """Cells with and without faults, and what the truth says of them."""

    numbers: Ints
    healthy: dict[str, Floats]
    faulty: dict[str, Floats]
    severity: Floats

    @property
    def changed(self) -> Mask:
        """Which cells differ in any bit of any result."""
        found = np.zeros(len(self.numbers), dtype=bool)
        for full, values in self.healthy.items():
            other = self.faulty[full]
            found |= (values != other) & ~(np.isnan(values) & np.isnan(other))
        return found

    def moved(self, full: str, mask: Mask) -> Floats:
        return (self.faulty[full] - self.healthy[full])[mask]


@cache
def pilot_line() -> tuple[Plant, Line, Results]:
    plant = load_plant(PILOT)
    return plant, Line(plant, "l1", 7), Results(plant, "l1", 7)


def all_results(first: int, count: int, faults: tuple[Fault, ...]) -> dict[str, Floats]:
    results = pilot_line()[2]
    return {
        f"{place}.{name}": values
        for place in results.places
        for name, values in results.of(place, first, count, faults).items()
    }


@cache
def healthy(first: int, count: int) -> dict[str, Floats]:
    return all_results(first, count, ())


def suffer(first: int, count: int, *faults: tuple[str, float]) -> Outcome:
    """Return the cells with *faults*, each a text and the moment that its times count from."""
    plant, line, _ = pilot_line()
    known = tuple(parse_fault(text, plant).started(round(live_ms)) for text, live_ms in faults)
    numbers = np.arange(first, first + count)
    told = dict.fromkeys(line.ids.of(numbers), 0.0)
    for hit in line.hits.of(known, first, count):
        # The days of the cells alone: the truth of a week is a million cells.
        times = hit.touch.times_ms[hit.touch.severity != 0]
        for row in truth([line], [hit.fault], int(times.min()), int(times.max()) + 1):
            if row.cell in told and row.cell is not None:
                told[row.cell] = row.severity or 0.0
    faulty = all_results(first, count, known)
    return Outcome(numbers, healthy(first, count), faulty, np.array(list(told.values())))


def coat_ms(hours_before: float = 48) -> float:
    """Return when the first metre of the roll was coated, or so long before its first cell."""
    return float(wound_ms(np.array([FIRST]))[0]) - hours_before * HOUR_MS


def at(station_s: float, cell: int = FIRST + 2_000) -> float:
    """Return when *cell* comes to a station so long after winding."""
    return float(wound_ms(np.array([cell]))[0]) + station_s * 1000


def later(numbers: Ints) -> Mask:
    mask: Mask = numbers >= FIRST + 2_000
    return mask


def everyone(numbers: Ints) -> Mask:
    return np.ones(len(numbers), dtype=bool)


def of_slurry(numbers: Ints) -> Mask:
    mask: Mask = Made.of_cells(numbers).slurry == 2_007
    return mask


#: Effects as (result, change from, to); of the nominal when the result's name ends with a %.
Sizes = list[tuple[str, float, float]]
#: The first cell of tray place 20; tower 1 ends with place 24.
TRAY_20 = FIRST // (256 * 123) * 256 * 123 + 19 * 256
#: The roll after FIRST's takes the last of slurry 2,006 and begins slurry 2,007.
SLURRY = (FIRST + 30_376, 20_000)
MIXED_MS = at(-54 * 3_600, SLURRY[0])
LANE_3 = (FIRST + 7_000, 5_000)
STRIP = (FIRST, 4_000)
WET: Sizes = [
    ("formation.first_cycle_efficiency", -0.0032, -0.0028),
    ("end_of_line.k_value", 0.19, 0.21),
    ("end_of_line.acir%", 0.0099, 0.0101),
    ("formation.discharge_capacity%", 0.0, 0.0),
]
