"""EWMA charts that learn first and then watch, many at once, with limits from the ARL0.

Each signal collects its baseline (phase I); until that is complete its chart is *learning* and
never alarms. Then mean and sd are frozen and each new point is judged (phase II), with a limit
that allows for the errors of the two. Autocorrelated signals are judged by their residuals.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.spc.ewma import LAM, Ewma
from models.spc.planning import Chart, Plan, limit
from models.spc.residuals import ArResiduals

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Phase I leaves out points beyond this many robust sd of the median (`models.baseline`).
_CUT = 4.0
_MAD_TO_SD = 1.482602218505602
#: Standard deviation of a standard normal cut at +-4.
_CUT_SD = 0.9994645


class Seen(NamedTuple):
    """What the charts say of some points, all of shape (points, signals).

    *statistic* is NaN where the chart was *learning* or the point was missing.
    """

    statistic: Floats
    alarm: Bools
    learning: Bools


class Phase2:
    """Charts of *signals* signals with an in-control ARL of *arl0* points each.

    *baseline_points* (300 at least, else `SpcError`) make a baseline; *order* above 0 charts the
    residuals of an autoregressive model of that order.
    """

    def __init__(
        self,
        signals: int,
        *,
        arl0: float,
        baseline_points: int = 1000,
        lam: float = LAM,
        order: int = 0,
    ) -> None:
        self.limit = limit(Plan(chart=Chart.EWMA, lam=lam), arl0, baseline_points)
        self.learning = np.ones(signals, dtype=np.bool_)
        self.mean, self.sd = np.full(signals, np.nan), np.full(signals, np.nan)
        self._baseline = np.full((baseline_points, signals), np.nan)
        self._points = np.zeros(signals, dtype=np.int64)
        self._ewma = Ewma.zero(signals, lam)
        self._order = order
        none = np.zeros((order, signals))
        self._residuals = ArResiduals(np.zeros(signals), none, none.copy())

    def update(self, points: Floats) -> Seen:
        """Take *points* of shape (points, signals) in, a NaN for a missing one."""
        statistic = np.full(points.shape, np.nan)
        learning = np.zeros(points.shape, dtype=np.bool_)
        row = 0
        while row < len(points):
            # No baseline is complete before the end of this piece.
            left = len(self._baseline) - self._points[self.learning]
            piece = slice(row, row + int(left.min()) if len(left) else len(points))
            learning[piece] = self.learning
            statistic[piece] = self._watch(points[piece])
            self._learn(points[piece])
            row = piece.stop
        alarm = np.abs(np.nan_to_num(statistic)) > self.limit
        return Seen(statistic, alarm, learning)

    def _watch(self, points: Floats) -> Floats:
        watched = np.where(self.learning, np.nan, points)
        if self._order:
            watched = self._residuals.update(watched)
        scores = (watched - self.mean) / self.sd
        statistic = self._ewma.update(scores)
        statistic[np.isnan(scores)] = np.nan
        return statistic

    def _learn(self, points: Floats) -> None:
        for x in points if self.learning.any() else ():
            takes = np.flatnonzero(self.learning & ~np.isnan(x))
            self._baseline[self._points[takes], takes] = x[takes]
            self._points[takes] += 1
        done = np.flatnonzero(self.learning & (self._points == len(self._baseline)))
        if len(done):
            self._freeze(done)

    def _freeze(self, done: npt.NDArray[np.intp]) -> None:
        x = self._baseline[:, done]
        if self._order:
            fitted = ArResiduals.fit(x, self._order)
            self._residuals.mean[done] = fitted.mean
            self._residuals.phi[:, done] = fitted.phi
            self._residuals.recent[:, done] = fitted.recent
            before = ArResiduals(fitted.mean, fitted.phi, np.zeros_like(fitted.recent))
            x = before.update(x)[self._order :]
        self.mean[done], self.sd[done] = _robust(x)
        self.learning[done] = False


def _robust(x: Floats) -> tuple[Floats, Floats]:
    """Return mean and sd of each column, without points beyond 4 robust sd of the median."""
    centre = np.median(x, axis=0)
    distance = np.abs(x - centre)
    reach = _CUT * _MAD_TO_SD * np.median(distance, axis=0)
    kept = np.where((distance <= reach) | (reach == 0.0), x, np.nan)
    mean, sd = np.nanmean(kept, axis=0), np.nanstd(kept, axis=0, ddof=1)
    sd = np.where(reach > 0.0, sd / _CUT_SD, sd)
    # A constant signal has no scale of its own; any later change of it is then beyond the limit.
    return mean, np.where(sd > 0.0, sd, np.maximum(1e-9 * np.abs(mean), np.finfo(float).tiny))
