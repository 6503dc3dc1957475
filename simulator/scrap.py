"""Scrap: which cells are still on the line when a station's turn comes.

A cell that fails at a station leaves the line there: its failed results are its last. So does one
that is pulled apart for a sample. Nobody repairs a cell (A): a short dose is not topped up.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.faults import Fault
from simulator.noise import Ints
from simulator.physics import SAMPLED_EACH_S
from simulator.results import Results

Mask = npt.NDArray[np.bool_]

#: Cells are looked through in pieces of this many: their results are not kept.
_CELLS = 20_000


class Scrap:
    """Tells which cells of one line come to a station."""

    def __init__(self, results: Results) -> None:
        self._results = results

    def stays(self, place: str, numbers: Ints, faults: tuple[Fault, ...]) -> Mask:
        """Return which of the cells *numbers*, which follow each other, come to *place*."""
        pieces = [numbers[at : at + _CELLS] for at in range(0, len(numbers), _CELLS)]
        found = [self._piece(place, piece, faults) for piece in pieces]
        return np.concatenate(found) if found else np.ones(0, dtype=bool)

    def _piece(self, place: str, numbers: Ints, faults: tuple[Fault, ...]) -> Mask:
        stays = np.ones(len(numbers), dtype=bool)
        delay_ms = self._results.places[place].delay_ms
        for name, earlier in self._results.places.items():
            if earlier.delay_ms < delay_ms:
                measured = self._results.of(name, int(numbers[0]), len(numbers), faults)
                stays &= self._results.verdicts(name, numbers, measured) == 0
                for result in measured:
                    if f"{name}.{result}" in SAMPLED_EACH_S:
                        stays &= np.isnan(measured[result])
        return stays
