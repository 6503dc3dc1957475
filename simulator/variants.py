"""Variants: the results of a line that makes one recipe after another, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.faults import Fault
from simulator.noise import Floats, Ints
from simulator.pace import Pace
from simulator.results import Results
from simulator.schedule import Making


class Variants(Results):
    """The results of one line's cells, each by the figures of the recipe that was wound then."""

    def __init__(self, making: Making, line: str, seed: int, pace: Pace) -> None:
        super().__init__(making.plants[0], line, seed, pace)
        self._making = making
        self._each = [Results(plant, line, seed, pace) for plant in making.plants]

    def of(
        self, place: str, first: int, count: int, faults: tuple[Fault, ...] = ()
    ) -> dict[str, Floats]:
        """Return the results of cells *first* to *first* + *count* at *place*, as measured."""
        numbers = np.arange(first, first + count, dtype=np.int64)
        found = [
            results.of(place, int(piece[0]), len(piece), faults)
            for results, piece in self._pieces(numbers)
        ]
        return {
            name: np.concatenate([one[name] for one in found])
            for name in self.places[place].station.results
        }

    def nominals(self, place: str, name: str, numbers: Ints) -> Floats:
        """Return what result *name* at *place* should be of each cell, as its recipe says."""
        pieces = self._pieces(numbers)
        return np.concatenate([results.nominals(place, name, piece) for results, piece in pieces])

    def verdicts(self, place: str, numbers: Ints, measured: dict[str, Floats]) -> Ints:
        """Return 1 for each cell with a result outside the limits of its recipe, else 0."""
        verdicts, at = [], 0
        for results, piece in self._pieces(numbers):
            own = {name: values[at : at + len(piece)] for name, values in measured.items()}
            verdicts.append(results.verdicts(place, piece, own))
            at += len(piece)
        return np.concatenate(verdicts)

    def _pieces(self, numbers: Ints) -> Iterator[tuple[Results, Ints]]:
        for recipe, piece in self._making.pieces(numbers, self.pace.times_ms(numbers)):
            yield self._each[recipe], piece
