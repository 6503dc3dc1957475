"""Baseline: mean and sd of a healthy process, learnt from the first points of a chart (phase I).

Points beyond 4 robust standard deviations (1.4826 times the median absolute deviation) of the
median are left out, then mean and sd are those of the rest, the sd made whole for the tails that
even normal data lose so. Of normal points 6 in 100,000 go, so the estimates are all but as good
as the best ones: measured efficiency 0.99 or more for both. Up to a quarter of gross outliers
moves neither far.

Points of one position are often alike from one to the next (a temperature, a lot). A CUSUM of
such points wanders further than its sd says; their *dependence* is the factor
sqrt((1 + r) / (1 - r)) of a first-order process with the correlation r of neighbours. It is never
taken as less than 1, and it widens k and h.

Slower ties than that come from the material: cells of one roll share what their metres share.
Where the points have such a slow part, the chart follows it with a *level* (`models.charts_level`)
and judges what a point does beyond it, as charts of one-step residuals do. Unlike those, the level
goes no further than the slow part usually does, four of its standard deviations: what is beyond
stays in the residual for as long as it lasts.

Many results are skew or have long tails (a leak rate, an insulation), and a CUSUM with a high
limit lives from the tails: exponential data would give a thousand times the false alarms of
normal data. False alarms fall with exp(-t h), where t is the positive root of
mean(exp(t (z - K))) = 1 (Cramer and Lundberg); it is 1 for normal data. Where the baseline's own
scores give less on a side, h is raised to h / t.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.charts_level import Level, correlations, slow_part
from models.spc.cusum import CLIP, K
from models.spc.design import limit_for_estimated

#: Fewer points than this make no baseline: the errors of the estimates would rule the chart.
MIN_POINTS = 300
#: Points beyond this many robust sd are left out.
_CUT = 4.0
_MAD_TO_SD = 1.482602218505602
#: Standard deviation of a standard normal cut at +-4.
_CUT_SD = 0.9994645
_MAX_CORRELATION = 0.99
#: Tails that would ask for more than five times the limit are no matter for this chart.
_MIN_DECAY = 0.2
#: Standard errors of the sd are rounded up to this many steps per factor e, so that charts share
#: limits; a step changes h by less than 1 %.
_STEPS = 12


class Baseline(NamedTuple):
    """Mean and sd of *n* points in their unit, the limits of their CUSUM in sd, and their level.

    *sd* is that of the residuals where there is a level; *gain* 0: there is none.
    """

    n: int
    mean: float
    sd: float
    k: float
    h: float
    gain: float = 0.0
    reach: float = 0.0


def learn(values: npt.NDArray[np.float64], usual_sd: float, arl0: float) -> Baseline:
    """Return the baseline of finite *values* in their order, its limits for *arl0*.

    *usual_sd* is the sd that the plant model states: it is used where all values are equal, and
    what these points have less than that is taken for differences from lot to lot.
    """
    mean, sd = _moments(values)
    if sd <= 1e-9 * abs(mean):
        return Baseline(len(values), mean, usual_sd, K, _limit(len(values), 0.0, arl0))
    level = slow_part(values - mean, sd, usual_sd, _limit(len(values), 0.0, arl0))
    residuals = level.residuals(values - mean) if level else values - mean
    return _baseline(residuals, mean, _moments(residuals)[1] if level else sd, arl0, level)


def _moments(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return mean and sd of *values* without outliers."""
    centre = float(np.median(values))
    robust_sd = _MAD_TO_SD * float(np.median(np.abs(values - centre)))
    if robust_sd == 0.0:
        return float(np.mean(values)), float(np.std(values, ddof=1))
    kept = values[np.abs(values - centre) <= _CUT * robust_sd]
    return float(np.mean(kept)), float(np.std(kept, ddof=1)) / _CUT_SD


def _baseline(
    residuals: npt.NDArray[np.float64],
    mean: float,
    sd: float,
    arl0: float,
    level: Level | None,
) -> Baseline:
    """Return the baseline of points whose *residuals* have the standard deviation *sd*."""
    z = np.clip(residuals / sd, -CLIP, CLIP)
    correlation = min(max(float(np.mean(z[1:] * z[:-1]) / np.mean(z * z)), 0.0), _MAX_CORRELATION)
    dependence = math.sqrt((1.0 + correlation) / (1.0 - correlation))
    if level:
        # What the level leaves is alike over more than one point.
        whole = 1.0 + 2.0 * float(np.sum(correlations(z)))
        dependence = max(dependence, math.sqrt(max(whole, 1.0)))
    h = _limit(len(z), correlation, arl0) / min(_decay(z), _decay(-z))
    gain, reach = (level.gain, level.reach / sd) if level else (0.0, 0.0)
    return Baseline(len(z), mean, sd, K * dependence, h * dependence, gain, reach)


def _limit(n: int, correlation: float, arl0: float) -> float:
    """Return h for scores (value - mean) / (sd * dependence), all three learnt from *n* points."""
    sd_error = math.sqrt((0.5 + 1.0 / (1.0 - correlation**2)) / n)
    rounded = math.exp(math.ceil(math.log(sd_error) * _STEPS) / _STEPS)
    return limit_for_estimated(arl0, 1.0 / math.sqrt(n), rounded)


def _decay(z: npt.NDArray[np.float64]) -> float:
    """Return how fast false alarms of the upper side fall with h, against normal data: at most 1.

    Newton's method from 1 down: the function is convex, so each step stays above the root.
    """
    decay, step = 1.0, 1.0
    while step > 1e-6 and decay > _MIN_DECAY:
        grown = np.exp(decay * (z - K))
        excess, slope = float(np.mean(grown)) - 1.0, float(np.mean(grown * (z - K)))
        if excess <= 0.0 or slope <= 0.0:
            break
        step = excess / slope
        decay -= step
    return max(decay, _MIN_DECAY)
