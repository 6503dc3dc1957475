"""Which loads are looked at together: those that something came of, and their neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.cells.cells import Ints
from plant.model import Plant

#: Loads before and after that show what is usual, and what follows a channel.
BACK, AHEAD = 24, 8
#: Of these the nearest are judged again: what came may tell that a channel misread them.
AGAIN = 12
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """Times at which cells left their trays, in microseconds: *first* to *last* are new.

    *from_us* to *to_us* is to be read, *again_us* and later to be judged.
    """

    first_us: int
    last_us: int
    from_us: int
    again_us: int
    to_us: int


def load_us(plant: Plant) -> int:
    """Return how long a line takes to fill one tray."""
    quality = plant.cell_quality
    assert quality is not None
    positions = plant.stations[quality.tray].positions
    assert positions is not None
    return round(positions.count / plant.production.cells_per_second * _SECOND_US)


def spans(times_us: Ints, load: int) -> Iterator[Span]:
    """Yield the windows about the cells that left their trays at *times_us*, oldest first.

    *load* is how long a tray takes to fill. Cells are in one window where their neighbours overlap.
    """
    ordered = np.sort(times_us)
    breaks = np.flatnonzero(np.diff(ordered) > (BACK + AHEAD) * load)
    for piece in np.split(ordered, breaks + 1):
        if len(piece):
            first, last = int(piece[0]), int(piece[-1])
            yield Span(first, last, first - BACK * load, first - AGAIN * load, last + AHEAD * load)
