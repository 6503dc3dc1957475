"""Samples of the pilot's filler as ingest would bring them: signals that hang together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from plant.frames import Frame, block
from plant.model import Plant
from plant.tables import Kind
from tests.models.conftest import FILLER, START_US

#: One row each ten seconds.
STEP_US = 10_000_000

Floats = npt.NDArray[np.float64]
#: Changes the columns of some rows, by name, in place; gets the numbers of the rows.
Change = Callable[[npt.NDArray[np.int64], dict[str, Floats]], None]


@dataclass(frozen=True)
class Samples:
    """Rows of l1-filler-01, numbered from 0, the same however they are cut into frames."""

    plant: Plant = field(repr=False)
    seed: int = 1
    most: int = 40_000

    def frame(self, rows: range, change: Change | None = None, *, offset_us: int = 0) -> Frame:
        """Return *rows*, changed by *change*."""
        station = self.plant.stations["filling"]
        number = np.arange(rows.start, rows.stop)
        random = np.random.default_rng(self.seed)
        common = random.normal(size=self.most)
        for row in range(1, self.most):
            common[row] += 0.7 * common[row - 1]
        values: dict[str, Floats] = {}
        for name, signal in station.signals.items():
            width = station.positions.count if signal.per_position and station.positions else 1
            own = random.normal(size=(self.most, width))[number]
            noise = 0.8 * own + 0.42 * common[number, None]
            column = np.round(signal.nominal + signal.sd * noise, 5)
            if name == "electrolyte_water":  # one a minute
                column[number % 6 != 0] = np.nan
            values[name] = column if signal.per_position else column[:, 0]
        if change is not None:
            change(number, values)
        return block(
            self.plant.tables[Kind.TELEMETRY, "filling"],
            ("time", "equipment", *values),
            (START_US + offset_us + number * STEP_US, [FILLER] * len(number), *values.values()),
        )

    def states(self, states: Mapping[int, str], recipe: str | None = None) -> Frame:
        """Return the states that the filler enters before the numbered rows."""
        return block(
            self.plant.tables[Kind.STATE, "filling"],
            ("time", "equipment", "state", "recipe"),
            (
                np.array([START_US + row * STEP_US - 1_000_000 for row in states]),
                [FILLER] * len(states),
                list(states.values()),
                [recipe] * len(states),
            ),
        )


def shifted(first: int, last: int, signal: str, by: float, position: int = 0) -> Change:
    """Return a change that adds *by* to *signal* from row *first* until before *last*."""

    def change(number: npt.NDArray[np.int64], values: dict[str, Floats]) -> None:
        column = values[signal][:, position - 1] if position else values[signal]
        column[(number >= first) & (number < last)] += by

    return change


def frozen(first: int, last: int, signal: str, at: float, position: int = 0) -> Change:
    """Return a change that holds *signal* at one value; NaN: it is lost."""

    def change(number: npt.NDArray[np.int64], values: dict[str, Floats]) -> None:
        column = values[signal][:, position - 1] if position else values[signal]
        column[(number >= first) & (number < last)] = at

    return change
