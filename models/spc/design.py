"""Limits from an alarm budget.

The budget of a line (`production.false_alarms_per_day`) is shared by all points of its charts:
ARL0 = points per day / false alarms per day. The limit h is then solved from the run length, for
charts whose mean and sd are not known but estimated.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from models.spc.cusum import CLIP, K
from models.spc.runlength import one_sided_arl, two_sided_arl

SECONDS_PER_DAY = 86_400.0
_NODES_MEAN, _NODES_SD = 9, 5
_TOLERANCE = 1e-4


def arl0_from_budget(points_per_day: float, false_alarms_per_day: float) -> float:
    """Return the in-control ARL, in points, that spends a budget of alarms on so many points."""
    return points_per_day / false_alarms_per_day


@functools.cache
def limit(arl0: float, k: float = K, clip: float = CLIP) -> float:
    """Return h of a two-sided CUSUM with known mean and sd whose in-control ARL is *arl0*."""
    return _solve(lambda h: 1.0 / two_sided_arl(h, k, clip=clip), 1.0 / arl0)


@functools.cache
def limit_for_estimated(
    arl0: float, mean_error: float, sd_error: float, k: float = K, clip: float = CLIP
) -> float:
    """Return h for charts whose mean and sd are estimates, so wide that the budget still holds.

    *mean_error* and *sd_error* are the standard errors of the mean (in sd) and of the sd (as a
    share of it). Over many such charts the mean of 1/ARL is 1/*arl0*: some have more false alarms
    than planned, most have fewer, all together what was planned.
    """
    return _solve(lambda h: false_alarm_rate(h, mean_error, sd_error, k, clip), 1.0 / arl0)


def false_alarm_rate(
    h: float, mean_error: float, sd_error: float, k: float = K, clip: float = CLIP
) -> float:
    """Return the false alarms per point of both sides, averaged over errors of the estimates.

    Both errors are taken as normal, that of the sd in its logarithm.
    """
    shifts, shift_weights = np.polynomial.hermite_e.hermegauss(_NODES_MEAN)
    spreads, spread_weights = np.polynomial.hermite_e.hermegauss(_NODES_SD)
    weights = np.outer(shift_weights, spread_weights)
    rates = [
        [
            1.0 / one_sided_arl(h, k, shift=shift * spread, spread=spread, clip=clip)
            for spread in np.exp(sd_error * spreads)
        ]
        for shift in mean_error * shifts
    ]
    return float(2.0 * np.sum(weights * rates) / np.sum(weights))


def _solve(rate: Callable[[float], float], target: float) -> float:
    """Return h with rate(h) = *target*; log(rate) is all but a straight line in h (secant)."""
    if not 0.0 < target < 0.5:
        raise ValueError(f"an ARL of {1.0 / target:g} points has no limit; it must be above 2")
    goal = math.log(target)
    h_old, h = 2.0, 5.0
    y_old, y = (math.log(rate(x)) - goal for x in (h_old, h))
    while abs(y) > _TOLERANCE:
        h_new = max(0.1, h - y * (h - h_old) / (y - y_old))
        h_old, y_old = h, y
        h, y = h_new, math.log(rate(h_new)) - goal
    return h
