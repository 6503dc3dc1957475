"""What the machines of the web show: signals that follow the metres which cells later inherit."""

from __future__ import annotations

from typing import Self

from plant.model import Equipment, Plant
from simulator.noise import Floats, Ints
from simulator.pace import Pace


class WebSignals:
    """The healthy signals of one machine of mixing, coating, calendering, slitting or drying."""

    @classmethod
    def of(cls, plant: Plant, machine: Equipment, seed: int, pace: Pace) -> Self | None:
        """Return the signals of *machine* that follow the web; None where it has none."""
        return None

    def values(self, name: str, times_ms: Ints) -> Floats | None:
        """Return signal *name* as the healthy machine reads it, before rounding.

        Shape (rows,), or (rows, positions) where the plant file has it per position; the noise of
        the gauge is in it, with the mean and sd of the plant file over a long time. A value hangs
        on its moment alone, however often the machine samples. None: no signal of the web.
        """
        return None
