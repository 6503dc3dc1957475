"""Which cell passes when: exact in whole milliseconds, so that no cell is met twice or not at all.

Cell *n* is wound when the line has run for `floor(n / rate)` since `BEGINNING_MS`, and arrives at
a station *delay* later, whatever has stopped meanwhile: a stop of the line goes through it like
the cells do. Without a calendar the line never stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from simulator.calendar import Calendar
from simulator.noise import Ints

BEGINNING_MS = 1_577_836_800_000  # 2020-01-01 UTC


@dataclass(frozen=True, slots=True)
class Pace:
    """One cell each *ms_num* / *ms_den* milliseconds of the time in which the line runs."""

    ms_num: int
    ms_den: int
    calendar: Calendar | None = None

    @classmethod
    def of(cls, cells_per_second: float, calendar: Calendar | None = None) -> Pace:
        """Return the pace of a line; the rate is taken to the nearest ratio of small numbers."""
        step = 1000 / Fraction(cells_per_second).limit_denominator(10_000)
        return cls(step.numerator, step.denominator, calendar)

    def times_ms(self, numbers: Ints, delay_ms: int = 0) -> Ints:
        """Return when the cells *numbers* pass a station *delay_ms* after winding."""
        running = numbers * self.ms_num // self.ms_den
        if self.calendar is not None:
            running = self.calendar.wall_ms(running)
        return BEGINNING_MS + delay_ms + running

    def time_ms(self, number: int, delay_ms: int = 0) -> int:
        """Return when cell *number* passes."""
        return int(self.times_ms(np.array([number], dtype=np.int64), delay_ms)[0])

    def running_ms(self, times_ms: Ints, delay_ms: int = 0) -> Ints:
        """Return for how long the line has run at *times_ms*, as seen *delay_ms* later.

        Times *ms_den* / *ms_num* it is how many cells have passed there.
        """
        since = times_ms - (BEGINNING_MS + delay_ms)
        return since if self.calendar is None else self.calendar.running_ms(since)

    def firsts_from(self, times_ms: Ints, delay_ms: int = 0) -> Ints:
        """Return for each time the first cell that passes then or later."""
        running = self.running_ms(times_ms, delay_ms)
        return np.maximum(0, -(-running * self.ms_den // self.ms_num))

    def first_from(self, time_ms: int, delay_ms: int = 0) -> int:
        """Return the first cell that passes at *time_ms* or later."""
        return int(self.firsts_from(np.array([time_ms], dtype=np.int64), delay_ms)[0])

    def between(self, from_ms: int, to_ms: int, delay_ms: int = 0) -> Ints:
        """Return the cells that pass in [*from_ms*, *to_ms*)."""
        first, end = self.first_from(from_ms, delay_ms), self.first_from(to_ms, delay_ms)
        return np.arange(first, end, dtype=np.int64)

    def longest_ms(self, cells: int) -> int:
        """Return a time in which *cells* cells are wound at least, whenever it begins."""
        running = -(-cells * self.ms_num // self.ms_den)
        return running if self.calendar is None else self.calendar.longest_ms(running)
