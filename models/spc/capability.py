"""Process capability: how well the spread fits between the specification limits.

Cp and Cpk use sigma *within* subgroups, what the process could do if its level never moved; Pp
and Ppk the *overall* standard deviation, what it did. Intervals: Cp and Pp exactly from the
chi-square distribution of the variance (Kane, J. Quality Technology 1986; for ranges with the
degrees of freedom that match their variance); Cpk and Ppk by Bissell's normal approximation
(Applied Statistics 1990). Both take points for independent and normal.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.spc.numerics import chi2_quantile, normal_quantile
from models.spc.shewhart import Sigma


class Index(NamedTuple):
    """A capability index with its confidence interval; NaN where one specification is missing."""

    value: float
    low: float
    high: float


class Capability(NamedTuple):
    """Indices of one characteristic; *method* says where the sigma of Cp and Cpk comes from."""

    cp: Index
    cpk: Index
    pp: Index
    ppk: Index
    method: str


class Specification(NamedTuple):
    """Limits that the customer sets; None where there is none on that side."""

    lower: float | None
    upper: float | None


def capability(
    points: npt.ArrayLike, within: Sigma, specification: Specification, confidence: float = 0.95
) -> Capability:
    """Return the indices of all *points* (any shape, one characteristic) with sigma *within*."""
    x = np.asarray(points, dtype=np.float64).ravel()
    mean, overall = float(np.mean(x)), float(np.std(x, ddof=1))
    sigma = float(within.value)
    cp, cpk = indices(mean, sigma, specification, (len(x), within.degrees), confidence)
    pp, ppk = indices(mean, overall, specification, (len(x), len(x) - 1.0), confidence)
    return Capability(cp, cpk, pp, ppk, within.method)


def indices(
    mean: float,
    sigma: float,
    specification: Specification,
    known_by: tuple[int, float],
    confidence: float = 0.95,
) -> tuple[Index, Index]:
    """Return Cp and Cpk of a process with *mean* and *sigma*.

    *known_by* is the number of points behind the mean, and the degrees of freedom of sigma.
    Raise `ValueError` for specification limits that are missing or in the wrong order.
    """
    lower, upper = specification
    if lower is None and upper is None:
        raise ValueError("capability needs a specification limit, lower or upper")
    if lower is not None and upper is not None and lower >= upper:
        raise ValueError(
            f"the lower specification limit {lower:g} is not below the upper {upper:g}"
        )
    if not sigma > 0.0:
        raise ValueError("all points are equal: there is no spread to compare")
    points, degrees = known_by
    both = math.nan if lower is None or upper is None else (upper - lower) / (6.0 * sigma)
    sides = [(mean - lower) if lower is not None else math.inf]
    sides.append((upper - mean) if upper is not None else math.inf)
    nearest = min(sides) / (3.0 * sigma)
    tail = (1.0 - confidence) / 2.0
    cp = Index(
        both,
        both * math.sqrt(chi2_quantile(1.0 - tail, degrees) / degrees),
        both * math.sqrt(chi2_quantile(tail, degrees) / degrees),
    )
    error = math.sqrt(1.0 / (9.0 * points) + nearest**2 / (2.0 * degrees))
    half = normal_quantile(1.0 - tail) * error
    return cp, Index(nearest, nearest - half, nearest + half)
