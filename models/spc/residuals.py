"""What an autocorrelated signal does that its own past does not explain.

A chart of a signal whose neighbours are alike cries wolf: at a correlation of 0.5 an EWMA with an
ARL0 of 370 alarms every 54 points. The residuals of an autoregressive model, fitted to phase I,
are independent where the model holds, so charts of them keep their ARL0.

Limits of this: a lasting shift is part of the past as soon as it lasts, so only 1 - sum(phi) of it
remains in the residuals, against their smaller sd: at phi = 0.9 a shift of 1 sd of the signal is
one of 0.23 sd of the residuals, after a first residual of 2.3 sd. A model that does not fit
(cycles, steps, lots) leaves correlation behind; look at `correlation` of the residuals.

Source: Alwan & Roberts, J. Business & Economic Statistics 1988.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class ArResiduals:
    """Autoregressive models of some signals; `update` moves their memory of the last points.

    *phi* has the shape (order, signals), the newest point's weight first.
    """

    mean: Floats
    phi: Floats
    #: The last points less their mean, the newest first; shape (order, signals).
    recent: Floats

    @classmethod
    def fit(cls, points: Floats, order: int = 1) -> ArResiduals:
        """Fit to *points* of shape (points, signals), without NaN, by Yule and Walker.

        The memory begins with the last of *points*: what comes next follows them. Raise
        `ValueError` for less than ten points per unknown.
        """
        if order < 1 or len(points) < 10 * (order + 1):
            raise ValueError(
                f"a model of order {order} needs an order of at least 1 and"
                f" {10 * (order + 1)} points, not {len(points)}"
            )
        mean = np.mean(points, axis=0)
        x = points - mean
        covariance = np.stack(
            [np.sum(x[lag:] * x[: len(x) - lag], axis=0) for lag in range(order + 1)]
        )
        covariance[0] = np.where(covariance[0] > 0.0, covariance[0], 1.0)
        lags = np.abs(np.arange(order)[:, None] - np.arange(order)[None, :])
        # A breath of white noise, so that a signal which its past explains exactly can be solved.
        ridge = 1e-9 * covariance[0][:, None, None] * np.eye(order)
        system = np.moveaxis(covariance[lags], 2, 0) + ridge
        phi = np.linalg.solve(system, covariance[1:].T[:, :, None])[:, :, 0].T
        return cls(mean, phi, x[: -order - 1 : -1].copy())

    def update(self, points: Floats) -> Floats:
        """Take *points* of shape (points, signals) in; return their residuals.

        The residual of a missing point (NaN) is NaN, and its prediction takes its place in the
        memory.
        """
        residuals = np.empty_like(points)
        for row, x in enumerate(points - self.mean):
            expected = np.sum(self.phi * self.recent, axis=0)
            residuals[row] = x - expected
            self.recent = np.roll(self.recent, 1, axis=0)
            self.recent[0] = np.where(np.isnan(x), expected, x)
        return residuals


def correlation(points: Floats, lag: int = 1) -> Floats:
    """Return the correlation of points that are *lag* apart, per signal."""
    x = points - np.mean(points, axis=0)
    square = np.sum(x * x, axis=0)
    product = np.sum(x[lag:] * x[:-lag], axis=0)
    return np.asarray(product / np.where(square > 0.0, square, 1.0))
