"""Which cell passes when: exact in whole milliseconds, so that no cell is met twice or not at all.

The line has run without a stop since `BEGINNING_MS`; cell *n* is wound at
`BEGINNING_MS + floor(n / rate)` and arrives at a station *delay* later.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from simulator.noise import Ints

BEGINNING_MS = 1_577_836_800_000  # 2020-01-01 UTC


@dataclass(frozen=True, slots=True)
class Pace:
    """One cell each *ms_num* / *ms_den* milliseconds."""

    ms_num: int
    ms_den: int

    @classmethod
    def of(cls, cells_per_second: float) -> Pace:
        """Return the pace of a line; the rate is taken to the nearest ratio of small numbers."""
        step = 1000 / Fraction(cells_per_second).limit_denominator(10_000)
        return cls(step.numerator, step.denominator)

    def times_ms(self, numbers: Ints, delay_ms: int = 0) -> Ints:
        """Return when the cells *numbers* pass a station *delay_ms* after winding."""
        return BEGINNING_MS + delay_ms + numbers * self.ms_num // self.ms_den

    def time_ms(self, number: int, delay_ms: int = 0) -> int:
        """Return when cell *number* passes."""
        return BEGINNING_MS + delay_ms + number * self.ms_num // self.ms_den

    def first_from(self, time_ms: int, delay_ms: int = 0) -> int:
        """Return the first cell that passes at *time_ms* or later."""
        return max(0, -(-(time_ms - delay_ms - BEGINNING_MS) * self.ms_den // self.ms_num))

    def between(self, from_ms: int, to_ms: int, delay_ms: int = 0) -> Ints:
        """Return the cells that pass in [*from_ms*, *to_ms*)."""
        first, end = self.first_from(from_ms, delay_ms), self.first_from(to_ms, delay_ms)
        return np.arange(first, end, dtype=np.int64)
