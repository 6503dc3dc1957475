"""Constants of control charts, computed: what ranges and standard deviations of normals tend to.

The range of *n* standard normal points has mean d2 and sd d3; their standard deviation s has the
mean c4. Sums run over a grid fine enough for ten digits.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from models.spc.numerics import gauss_legendre, normal_cdf

#: The largest subgroup: with more points a range wastes most of what they say.
LARGEST = 100
_FARTHEST_RANGE = 16.0


def d2(n: int) -> float:
    """Return the mean range of *n* standard normal points, n from 2 to 100."""
    return _range_moments(n)[0]


def d3(n: int) -> float:
    """Return the standard deviation of the range of *n* standard normal points."""
    mean, square = _range_moments(n)
    return math.sqrt(square - mean * mean)


def c4(n: int) -> float:
    """Return the mean standard deviation (n - 1 in it) of *n* standard normal points."""
    _check(n)
    return math.sqrt(2.0 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))


@functools.cache
def _range_moments(n: int) -> tuple[float, float]:
    """Return the first two moments of the range, from its density.

    The density at w is n (n - 1) times the integral over x of
    phi(x) phi(x + w) (Phi(x + w) - Phi(x))^(n - 2): all points lie between the lowest, at x, and
    the highest.
    """
    _check(n)
    w, weights = gauss_legendre(120, 0.0, _FARTHEST_RANGE)
    # The trapezoid rule is exact to all digits for a function that fades out at both ends.
    x = np.linspace(-25.0, 10.0, 701)[:, None]
    step = float(x[1, 0] - x[0, 0])
    both = np.exp(-(x**2 + (x + w) ** 2) / 2.0) / (2.0 * math.pi)
    between = normal_cdf(x + w) - normal_cdf(x)
    density = n * (n - 1) * step * np.sum(both * between ** (n - 2), axis=0)
    return float(np.sum(weights * w * density)), float(np.sum(weights * w * w * density))


def _check(n: int) -> None:
    if not 2 <= n <= LARGEST:
        raise ValueError(f"a subgroup has 2 to {LARGEST} points, not {n}")
