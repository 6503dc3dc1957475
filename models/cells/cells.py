"""Cells as columns: what was measured of them and where. All of `models.cells` works on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

#: A place's number: machine x this + position.
POSITIONS = 1 << 12
NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of one line, one entry each in every array.

    *values* has each `station.result` (NaN: not measured), *places* the machine and position at
    each station (`NOWHERE` where the cell has not been), *times_us* when it was there (0: not),
    *recipe* the name of its recipe, '' where the plant has none.
    """

    line: str
    cell: Texts
    recipe: Texts
    values: Mapping[str, Floats]
    places: Mapping[str, Ints]
    times_us: Mapping[str, Ints]

    def __len__(self) -> int:
        return len(self.cell)

    @property
    def latest_us(self) -> Ints:
        """When each cell's latest result was measured."""
        latest: Ints = np.max(list(self.times_us.values()), axis=0)
        return latest

    def value(self, name: str) -> Floats:
        """Return result *name* of each cell, NaN throughout where nothing is known of it."""
        found = self.values.get(name)
        return np.full(len(self), np.nan) if found is None else found

    def place(self, station: str) -> Ints:
        """Return the place of each cell at *station*."""
        found = self.places.get(station)
        return np.full(len(self), NOWHERE, dtype=np.int64) if found is None else found

    def of(self, rows: Mask | Ints) -> Cells:
        """Return the cells *rows*."""
        return Cells(
            self.line,
            self.cell[rows],
            self.recipe[rows],
            {name: values[rows] for name, values in self.values.items()},
            {name: places[rows] for name, places in self.places.items()},
            {name: times[rows] for name, times in self.times_us.items()},
        )


def joined(one: Cells, other: Cells) -> Cells:
    """Return the cells of both, which are of one line and have the same results and stations."""
    return Cells(
        one.line,
        np.append(one.cell, other.cell),
        np.append(one.recipe, other.recipe),
        {name: np.append(values, other.values[name]) for name, values in one.values.items()},
        {name: np.append(places, other.places[name]) for name, places in one.places.items()},
        {name: np.append(times, other.times_us[name]) for name, times in one.times_us.items()},
    )
