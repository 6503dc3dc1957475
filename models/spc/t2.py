"""Hotelling's T2: the distance of several signals from their means, in view of their correlation.

Phase I learns mean and covariance; its own limit tells which of the learnt points do not belong,
and differs from that of phase II, which judges new points, because the former took part in the
estimates. *tail* is the chance of a false alarm per point (1 / ARL0).

Source: Tracy, Young & Mason, J. Quality Technology 1992; Montgomery, chapter 11.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.spc.numerics import beta_quantile, chi2_quantile, f_quantile

Floats = npt.NDArray[np.float64]


class T2(NamedTuple):
    """Mean of p signals and the inverse of their covariance, learnt from *groups* of *size*."""

    mean: Floats
    precision: Floats
    groups: int
    size: int

    @classmethod
    def of_points(cls, points: npt.ArrayLike) -> T2:
        """Learn from single *points* of shape (points, signals).

        Raise `ValueError` for fewer than signals + 2 points or a signal that the others determine.
        """
        x = np.asarray(points, dtype=np.float64)
        _enough(len(x) - 1, x.shape[1])
        covariance = np.atleast_2d(np.cov(x, rowvar=False))
        return cls(np.mean(x, axis=0), _inverse(covariance), len(x), 1)

    @classmethod
    def of_subgroups(cls, subgroups: npt.ArrayLike) -> T2:
        """Learn from *subgroups* of shape (groups, points, signals), the covariance within them."""
        x = np.asarray(subgroups, dtype=np.float64)
        groups, size, signals = x.shape
        _enough(groups * (size - 1), signals)
        within = x - np.mean(x, axis=1, keepdims=True)
        covariance = np.einsum("gni,gnj->ij", within, within) / (groups * (size - 1))
        return cls(np.mean(x, axis=(0, 1)), _inverse(covariance), groups, size)

    def statistic(self, points: npt.ArrayLike) -> Floats:
        """Return T2 of *points*, of shape (..., signals): of the means, where it has subgroups."""
        distance = np.asarray(points, dtype=np.float64) - self.mean
        squares: Floats = np.einsum("...i,ij,...j->...", distance, self.precision, distance)
        return self.size * squares

    def phase1_limit(self, tail: float) -> float:
        """Return the limit for the points that it was learnt from."""
        m, n, p = self.groups, self.size, len(self.mean)
        if n == 1:
            return (m - 1) ** 2 / m * beta_quantile(tail, p / 2, (m - p - 1) / 2)
        degrees = m * n - m - p + 1
        return p * (m - 1) * (n - 1) / degrees * f_quantile(tail, p, degrees)

    def phase2_limit(self, tail: float) -> float:
        """Return the limit for new points; its false alarms are *tail* over all such charts."""
        m, n, p = self.groups, self.size, len(self.mean)
        if n == 1:
            return p * (m + 1) * (m - 1) / (m * (m - p)) * f_quantile(tail, p, m - p)
        degrees = m * n - m - p + 1
        return p * (m + 1) * (n - 1) / degrees * f_quantile(tail, p, degrees)


def known_limit(tail: float, signals: int) -> float:
    """Return the limit where mean and covariance are known."""
    return chi2_quantile(tail, signals)


def _enough(degrees: int, signals: int) -> None:
    if degrees <= signals:
        raise ValueError(
            f"{signals} signals need more than {signals} degrees of freedom in phase I, not"
            f" {degrees}: give more points or fewer signals"
        )


def _inverse(covariance: Floats) -> Floats:
    if np.linalg.matrix_rank(covariance, hermitian=True) < len(covariance):
        raise ValueError("a signal is constant, or the others determine it: leave it out")
    return np.asarray(np.linalg.inv(covariance), dtype=np.float64)
