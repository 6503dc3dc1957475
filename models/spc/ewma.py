"""EWMA charts, many at once: the moving average of scores, in units of its own spread.

A score z is the distance of a point from its chart's mean in standard deviations. The average
takes the share *lam* of each new score, w = (1 - lam) w + lam z, and once it has forgotten its
start has the standard deviation sqrt(lam / (2 - lam)). The statistic is w over that; it signals
beyond the limit L. The limits are fixed from the first point on, as in the published tables.

Source: Lucas & Saccucci, Technometrics 1990; limits from `models.spc.planning`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Share of the newest score: tuned to shifts of half to one sd.
LAM = 0.1


@dataclass(slots=True)
class Ewma:
    """The averages of some charts; *average* has one entry per signal and is moved by `update`."""

    average: Floats
    lam: float = LAM

    @classmethod
    def zero(cls, signals: int, lam: float = LAM) -> Ewma:
        """Return charts that have seen nothing; raise `ValueError` unless 0 < lam <= 1."""
        return cls(np.zeros(signals), check_lam(lam))

    def update(self, scores: Floats) -> Floats:
        """Take *scores* of shape (points, signals) in; return the statistic after each.

        A NaN is a missing point: the average stays where it is.
        """
        unit = spread(self.lam)
        statistic = np.empty_like(scores)
        missing = np.isnan(scores)
        holds = bool(missing.any())
        average = self.average
        for row, z in enumerate(scores):
            moved = average + self.lam * (z - average)
            average = np.where(missing[row], average, moved) if holds else moved
            statistic[row] = average
        self.average = average.copy()
        statistic /= unit
        return statistic


def spread(lam: float) -> float:
    """Return the asymptotic standard deviation of the average of standard normal scores."""
    return math.sqrt(lam / (2.0 - lam))


def check_lam(lam: float) -> float:
    """Return *lam*; raise `ValueError` unless 0 < lam <= 1."""
    if not 0.0 < lam <= 1.0:
        raise ValueError(
            f"lam is the share of the newest point, above 0 and at most 1, not {lam:g}"
        )
    return lam
