"""The cells of formation by their numbers: what their curves hang on, worked out once."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from simulator.faults import Fault
from simulator.formation_cell import DISCHARGE, Cells, cells_of
from simulator.results import Results

_BATCHES_A_BLOCK = 32


class FormationCells:
    """The cells of one line's formation station *place*.

    What it worked out it keeps in blocks: 48 bytes a cell, of one and a half fillings.
    """

    def __init__(self, results: Results, place: str) -> None:
        self._results = results
        self._place = results.places[place]
        self._size = self._place.positions * _BATCHES_A_BLOCK
        self._most = 2 + 3 * len(self._place.machines) // (2 * _BATCHES_A_BLOCK)
        self._blocks = OrderedDict[tuple[int, tuple[int, ...]], npt.NDArray[np.float32]]()
        self._faults: tuple[Fault, ...] = ()

    def batch(self, first: int, faults: tuple[Fault, ...], time_ms: int) -> Cells:
        """Return the cells of the batch that begins with *first*.

        They have met those of *faults* that had come by *time_ms*.
        """
        if faults != self._faults:
            self._blocks.clear()
            self._faults = faults
        known = tuple(
            index for index, f in enumerate(faults) if f.on_ms is not None and f.on_ms <= time_ms
        )
        number, at = divmod(first, self._size)
        key = (number, known)
        if key not in self._blocks:
            chosen = tuple(faults[index] for index in known)
            self._blocks[key] = np.array(self._block(number * self._size, chosen), dtype=np.float32)
            if len(self._blocks) > self._most:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(key)
        return Cells(*self._blocks[key][:, at : at + self._place.positions].astype(np.float64))

    def _block(self, first: int, faults: tuple[Fault, ...]) -> Cells:
        name = self._place.name
        healthy = self._results.of(name, first, self._size)
        measured = self._results.of(name, first, self._size, faults) if faults else healthy
        numbers = np.arange(first, first + self._size, dtype=np.int64)
        return cells_of(measured, healthy, self._results.nominals(name, DISCHARGE, numbers))
