"""The Bernoulli CUSUM: a chart of units that are each good or bad, looked at one by one.

The likelihood ratio of a share *p1* of bad units against *p0* takes the same amount off for each
good unit and adds the same for each bad one. Counted in the smaller of the two the sum is a whole
number: a good unit takes off 1, a bad one adds step - 1, and it never goes below 0 (Reynolds &
Stoumbos, Journal of Quality Technology 1999). So a rare fault needs no samples to be gathered
first, and the run length is exact (`models.spc.runlength_bernoulli`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from models.spc.planning import SpcError
from models.spc.runlength_bernoulli import limit_for

#: An alarm ends where the sum is below this share of the limit; the next one begins at 0.
CLEAR = 0.5


class Design(NamedTuple):
    """A chart for a share of *p1* bad units where *p0* is usual.

    The sum alarms at *limit* and above; divided by *step* it is in bad units.
    """

    p0: float
    p1: float
    step: int
    limit: int

    @classmethod
    def of(cls, p0: float, p1: float, arl0: float) -> Design:
        """Return the chart that alarms falsely once in *arl0* units at most.

        Raise `SpcError` for shares and run lengths that make no chart.
        """
        step = step_of(p0, p1)
        if not 1.0 / p0 <= arl0 <= LONGEST:
            raise SpcError(
                f"one false alarm in {arl0:.4g} units cannot be had; ask for {1.0 / p0:.4g} (one in"
                f" each bad unit) to {LONGEST:.0e}"
            )
        return cls(p0, p1, step, limit_for(step, p0, arl0))


#: The ARL0 that can be asked for; beyond it double precision ends.
LONGEST = 1e12
#: A smaller share would need millions of states.
SMALLEST = 1e-6


def step_of(p0: float, p1: float) -> int:
    """Return how much more a bad unit counts than a good one; raise `SpcError`.

    Rounded down, so that the sum is never drawn upwards while *p0* are bad.
    """
    if not SMALLEST <= p0 < p1 < 1.0:
        raise SpcError(
            f"a share of bad units is from {SMALLEST:g} to below 1, and p0 below p1; p0 is {p0:g},"
            f" p1 is {p1:g}"
        )
    good = -math.log((1.0 - p1) / (1.0 - p0))
    bad = math.log(p1 * (1.0 - p0) / (p0 * (1.0 - p1)))
    return max(2, math.floor(bad / good))


@dataclass(slots=True)
class BernoulliCusum:
    """One chart and where it stands.

    *units* and *bad* count since the sum last left zero at *since_us*; while the alarm is on they
    go on. A sum rises no further than the limit, so that a long fault does not have to be worked
    off.
    """

    design: Design
    total: int = 0
    is_on: bool = False
    since_us: int = 0
    units: int = 0
    bad: int = 0

    def add(self, time_us: int, *, is_bad: bool) -> bool:
        """Take in one unit; return whether its alarm began or ended with it.

        What an ended alarm was about stays until the next unit.
        """
        if not self.is_on and self.total == 0:
            self.units = self.bad = 0
            if not is_bad:
                return False
            self.since_us = time_us
        self.units += 1
        self.bad += is_bad
        if is_bad:
            self.total = min(self.total + self.design.step - 1, self.design.limit)
        else:
            self.total = max(self.total - 1, 0)
        if not self.is_on and self.total >= self.design.limit:
            self.is_on = True
            return True
        if self.is_on and self.total < CLEAR * self.design.limit:
            self.is_on, self.total = False, 0
            return True
        return False
