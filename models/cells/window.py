"""Which loads are looked at together: those that something came of, and their neighbours."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from models.cells.cells import Ints
from models.cells.channels import MIN_CELLS
from models.cells.standard import Standard
from plant.model import Plant

#: Loads before and after that show what is usual.
_BACK, _AHEAD = 16, 8
_MOST_BACK = 64
#: Of these the nearest are judged again: what came may tell that a channel misread them.
_AGAIN = 12
_SECOND_US = 1_000_000


class Span(NamedTuple):
    """Times at which cells left their trays, in microseconds.

    Something came of cells from *first_us* to *last_us*; all from *from_us* to *to_us* are looked
    at, from *again_us* on they are judged.
    """

    first_us: int
    last_us: int
    from_us: int
    again_us: int
    to_us: int


class Reach(NamedTuple):
    """How far the neighbours of a load reach, in microseconds."""

    back_us: int
    again_us: int
    ahead_us: int

    @classmethod
    def of(cls, plant: Plant, standard: Standard) -> Reach:
        """Return the reach on a line of *plant*: `MIN_CELLS` cells at each channel, if need be."""
        quality = standard.quality
        tray = plant.stations[quality.tray].positions
        assert tray is not None
        load_us = round(tray.count / plant.production.cells_per_second * _SECOND_US)
        loads = _BACK
        for name in {quality.station_of(measure) for measure in quality.screened} - {quality.tray}:
            station = plant.stations[name]
            channels = sum(group.count for group in station.equipment.values())
            channels *= station.positions.count if station.positions else 1
            loads = max(loads, math.ceil(MIN_CELLS * channels / tray.count))
        return cls(min(loads, _MOST_BACK) * load_us, _AGAIN * load_us, _AHEAD * load_us)

    def spans(self, times_us: Ints) -> Iterator[Span]:
        """Yield the windows about the cells that left their trays at *times_us*, oldest first.

        Cells are in one window where their neighbours overlap.
        """
        ordered = np.sort(times_us)
        breaks = np.flatnonzero(np.diff(ordered) > self.back_us + self.ahead_us)
        for piece in np.split(ordered, breaks + 1):
            if len(piece):
                first, last = int(piece[0]), int(piece[-1])
                yield Span(
                    first, last, first - self.back_us, first - self.again_us, last + self.ahead_us
                )
