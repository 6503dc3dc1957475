"""Shewhart charts: X-bar with R or S, individuals with the moving range.

Phase I estimates centre and sigma from points that are taken for healthy; phase II compares each
new point with the limits. Arrays may carry further axes for signals: one call for thousands.
The limits are *factor* standard errors wide; the factor comes from a budget
(`models.spc.planning`) and is 3 only where nothing is said.

Source: Montgomery, Introduction to Statistical Quality Control, chapter 6.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.spc.constants import c4, d2, d3

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Standard errors between centre and limit where no budget is given.
FACTOR = 3.0


class Limits(NamedTuple):
    """Limits of a chart in the unit of its points; one entry per signal."""

    lower: Floats
    centre: Floats
    upper: Floats

    def outside(self, points: npt.ArrayLike) -> Bools:
        """Say which *points*, of shape (..., signals), lie beyond a limit; a NaN does not."""
        values = np.asarray(points, dtype=np.float64)
        return (values < self.lower) | (values > self.upper)


class Sigma(NamedTuple):
    """The standard deviation of single points within subgroups.

    *degrees* of freedom say how well it is known: it varies like that of a chi distribution.
    """

    value: Floats
    degrees: float
    method: str


class Charts(NamedTuple):
    """A chart of the level and one of the spread, from one phase I."""

    level: Limits
    spread: Limits
    sigma: Sigma


def xbar_r(subgroups: npt.ArrayLike, factor: float = FACTOR) -> Charts:
    """Return X-bar and R charts from *subgroups* of shape (groups, points, ...signals)."""
    x, groups, size = _subgroups(subgroups)
    ranges = np.mean(np.max(x, axis=1) - np.min(x, axis=1), axis=0)
    share = d3(size) / d2(size)
    sigma = Sigma(ranges / d2(size), _degrees(share**2 / groups), "mean range / d2")
    return _charts(x, sigma, Spread(ranges, share), factor)


def xbar_s(subgroups: npt.ArrayLike, factor: float = FACTOR) -> Charts:
    """Return X-bar and S charts from *subgroups* of shape (groups, points, ...signals)."""
    x, groups, size = _subgroups(subgroups)
    deviations = np.mean(np.std(x, axis=1, ddof=1), axis=0)
    share = math.sqrt(1.0 - c4(size) ** 2) / c4(size)
    sigma = Sigma(deviations / c4(size), _degrees(share**2 / groups), "mean s / c4")
    return _charts(x, sigma, Spread(deviations, share), factor)


def pooled_sigma(subgroups: npt.ArrayLike) -> Sigma:
    """Return the sigma from the pooled variance of *subgroups*: the best where all are healthy."""
    x, groups, size = _subgroups(subgroups)
    variance = np.mean(np.var(x, axis=1, ddof=1), axis=0)
    return Sigma(np.sqrt(variance), groups * (size - 1.0), "pooled variance")


def individuals(points: npt.ArrayLike, factor: float = FACTOR) -> Charts:
    """Return charts of single *points*, of shape (points, ...signals), and of their moving range.

    Raise `ValueError` for fewer than two points. The moving range is that of neighbours, so the
    points must be independent: positive correlation makes it, and the limits, too small.
    """
    x = np.asarray(points, dtype=np.float64)
    if len(x) < 2:
        raise ValueError("a moving range needs two points at least")
    ranges = np.mean(np.abs(np.diff(x, axis=0)), axis=0)
    steps = len(x) - 1
    # |difference| of two standard normals has variance 2 - 4/pi; neighbours share a point.
    own = 2.0 - 4.0 / math.pi
    shared = 4.0 / math.pi * (math.sqrt(0.75) + math.pi / 12.0) - 4.0 / math.pi
    variance = (steps * own + 2.0 * (steps - 1) * shared) / steps**2
    sigma = Sigma(ranges / d2(2), _degrees(variance / d2(2) ** 2), "mean moving range / d2")
    centre = np.mean(x, axis=0)
    half = factor * sigma.value
    return Charts(
        Limits(centre - half, centre, centre + half),
        Spread(ranges, d3(2) / d2(2)).limits(factor),
        sigma,
    )


class Spread(NamedTuple):
    """A measure of spread: its mean, and its standard error as a *share* of that."""

    mean: Floats
    share: float

    def limits(self, factor: float) -> Limits:
        """Return its limits, the lower one not below zero."""
        lower = self.mean * max(0.0, 1.0 - factor * self.share)
        return Limits(lower, self.mean, self.mean * (1.0 + factor * self.share))


def _charts(x: Floats, sigma: Sigma, spread: Spread, factor: float) -> Charts:
    centre = np.mean(x, axis=(0, 1))
    half = factor * sigma.value / math.sqrt(x.shape[1])
    return Charts(Limits(centre - half, centre, centre + half), spread.limits(factor), sigma)


def _subgroups(subgroups: npt.ArrayLike) -> tuple[Floats, int, int]:
    x = np.asarray(subgroups, dtype=np.float64)
    if x.ndim < 2 or x.shape[0] < 1 or x.shape[1] < 2:
        raise ValueError(f"subgroups have the shape (groups, 2 or more points), not {x.shape}")
    return x, x.shape[0], x.shape[1]


def _degrees(squared_share: float) -> float:
    """Return the degrees of freedom of an estimate of sigma with this squared relative error.

    Duncan's approximation to what makes a chi variable vary as much; within 0.1 of the tables.
    """
    return 1.0 / (2.0 * math.sqrt(1.0 + 2.0 * squared_share) - 2.0)
