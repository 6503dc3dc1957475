"""What faults do to cells: which are hit, and how much each of their results moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plant.model import Plant
from simulator.faults import Fault
from simulator.faults_kind import Effect, Size
from simulator.faults_reach import Reaches, Touch
from simulator.noise import Floats, Noise
from simulator.pace import Pace
from simulator.place import Place


@dataclass(frozen=True, slots=True)
class Hit:
    """One fault on a range of cells.

    *luck* are three even numbers a cell, the same for the same cell and fault: how it suffers
    where cells differ, whether it is in the tail of a share, whether it is hit at all.
    """

    fault: Fault
    touch: Touch
    luck: Floats

    def amount(self, effect: Effect, value: Floats, nominal: Floats) -> Floats:
        """Return what *effect* adds to *value* of each cell; exactly 0 where it is not hit."""
        strength = self.touch.severity
        if effect.share is not None:
            in_tail = self.luck[:, 1] < effect.share * np.abs(strength)
            strength = np.where(in_tail, self.fault.size, 0.0)
        if effect.add is not None:
            size = self._drawn(effect.add, log=effect.log) * np.ones(len(value))
        elif effect.scale is not None:
            size = self._drawn(effect.scale, log=effect.log) * value
        elif effect.to is not None:
            size = effect.to - nominal * np.ones(len(value))
        else:
            size = ((effect.spread or 1.0) - 1) * (value - nominal)
        return strength * size

    def _drawn(self, size: Size, *, log: bool) -> Floats | float:
        if not isinstance(size, tuple):
            return size
        least, most = size
        luck = self.luck[:, 0]
        return least * (most / least) ** luck if log else least + (most - least) * luck


class Hits:
    """Finds the cells of one line that faults hit."""

    def __init__(
        self, plant: Plant, line: str, seed: int, pace: Pace, places: Mapping[str, Place]
    ) -> None:
        self._seed = (seed, line, "fault")
        self.reaches = Reaches(plant, line, pace, places)

    def of(self, faults: Sequence[Fault], first: int, count: int) -> tuple[Hit, ...]:
        """Return the faults that hit any of the cells *first* to *first* + *count*."""
        found = (self._hit(fault, first, count) for fault in faults)
        return tuple(hit for hit in found if hit is not None)

    def _hit(self, fault: Fault, first: int, count: int) -> Hit | None:
        touch = self.reaches.of(fault, np.arange(first, first + count, dtype=np.int64))
        if not touch.severity.any():
            return None
        luck = Noise(*self._seed, fault.id, width=3).uniforms(first, count)
        share = fault.kind.share
        if share is not None:
            least, most = share if isinstance(share, tuple) else (share, share)
            part = least * (most / least) ** np.clip(touch.severity / fault.size, 0.0, 1.0)
            struck = (touch.severity > 0) & (luck[:, 2] < part * fault.size)
            # Who is hit is hit fully: the severity only makes it more of them.
            touch = Touch(np.where(struck, fault.size, 0.0), touch.times_ms)
        return Hit(fault, touch, luck) if touch.severity.any() else None
