"""MEWMA charts, many at once: T2 of the moving average of several signals.

w = (1 - lam) w + lam x, and the statistic w' C^-1 w (2 - lam) / lam signals beyond H. As with the
EWMA, the limit is that of an average that has forgotten its start.

Source: Lowry, Woodall, Champ & Rigdon, Technometrics 1992; limits from `models.spc.planning`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.spc.ewma import check_lam

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Mewma:
    """The averages of some charts with the same *mean* and *precision* (C^-1) of p signals.

    *average*, of shape (charts, p), is moved by `update`.
    """

    mean: Floats
    precision: Floats
    average: Floats
    lam: float

    @classmethod
    def zero(cls, charts: int, mean: Floats, precision: Floats, lam: float = 0.1) -> Mewma:
        """Return charts that have seen nothing; raise `ValueError` unless 0 < lam <= 1."""
        return cls(mean, precision, np.zeros((charts, len(mean))), check_lam(lam))

    def update(self, points: Floats) -> Floats:
        """Take *points* of shape (points, charts, p) in; return the statistic after each.

        A point with a NaN in it is missing: the average stays where it is.
        """
        statistic = np.empty(points.shape[:2])
        average = self.average
        for row, x in enumerate(points - self.mean):
            present = ~np.isnan(x).any(axis=1, keepdims=True)
            average = np.where(present, average + self.lam * (x - average), average)
            statistic[row] = np.sum(average @ self.precision * average, axis=1)
        self.average = average
        statistic *= (2.0 - self.lam) / self.lam
        return statistic
