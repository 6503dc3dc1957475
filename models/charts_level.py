"""The level of a chart: the slow part of a result that is normal, followed from point to point.

A moving average of the points, bounded to what the slow part usually does. The residual of a point
is its distance from the level before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.spc.cusum import CLIP, Bools, Floats, Ints

#: Points so many apart are alike only if something slow is in them.
_LAGS = range(10, 21)
#: A mean correlation at those lags below this is no slow part; nor is one below three standard
#: errors of white noise.
_LEAST_CORRELATION = 0.05
#: A baseline whose variance is below this share of the plant model's has not seen the whole of it.
_WHOLE = 0.8
_GAINS = (0.02, 0.05, 0.1, 0.2, 0.4)
#: For lots: fast enough that a step of two sd from one lot to the next fills no CUSUM.
_GAIN_OF_LOTS = 0.1
#: The level goes no further than so many sd of the slow part.
_REACH_SD = 3.0


@dataclass(frozen=True, slots=True)
class Level:
    """*gain* is the share of a new point, *reach* the bound of the level, in the result's unit.

    *step* is the most that one point counts for, away from the level: an outlier moves it little.
    """

    gain: float
    reach: float
    step: float

    def residuals(self, deviations: Floats) -> Floats:
        """Return *deviations* (points less their mean) less the level before each, from 0 on."""
        count = len(deviations)
        one = np.zeros(1, dtype=np.int64)
        before = levels(
            deviations, one, np.array([count]), np.zeros(1),
            gain=np.full(1, self.gain), reach=np.full(1, self.reach), step=np.full(1, self.step),
        )  # fmt: skip
        return np.asarray(deviations - before[:count])


def levels(
    deviations: Floats,
    start: Ints,
    length: Ints,
    level: Floats,
    *,
    gain: Floats,
    reach: Floats,
    step: Floats,
) -> Floats:
    """Return the level before each of *deviations*; move *level* in place to that after the last.

    Points are flat, chart by chart; all else has one entry per chart. The same numbers come out
    however the points of a chart are cut into calls.
    """
    before = np.empty_like(deviations)
    for k in range(int(length.max(initial=0))):
        has: Bools = length > k
        at, now = start[has] + k, level[has]
        before[at] = now
        moved = now + gain[has] * np.clip(deviations[at] - now, -step[has], step[has])
        level[has] = np.clip(moved, -reach[has], reach[has])
    return before


def slow_part(deviations: Floats, sd: float, usual_sd: float) -> Level | None:
    """Return the level that healthy *deviations* of standard deviation *sd* need, None if none.

    There is a slow part where points ten to twenty apart are still alike, or where all of them
    together vary less than the plant model says (*usual_sd*): then they are of one lot, and the
    next one will be different.
    """
    z = np.clip(deviations / sd, -CLIP, CLIP)
    count = len(z)
    apart = [float(np.mean(z[lag:] * z[:-lag])) for lag in _LAGS]
    least = max(_LEAST_CORRELATION, 3.0 / math.sqrt(len(_LAGS) * count))
    is_slow = float(np.mean(apart)) > least
    unseen = usual_sd**2 - sd**2 if sd**2 < _WHOLE * usual_sd**2 else 0.0
    if not is_slow and unseen == 0.0:
        return None
    gain = _GAIN_OF_LOTS
    if is_slow:
        gain = min(_GAINS, key=lambda g: float(np.mean(_unbounded(z, sd, g) ** 2)))
    residuals = _unbounded(z, sd, gain)
    level = z * sd - residuals
    noise = gain / (2.0 - gain) * float(np.var(residuals))
    slow = max(float(np.var(level)) - noise, 0.0) + unseen
    return Level(gain, _REACH_SD * math.sqrt(slow), CLIP * float(np.std(residuals)))


def _unbounded(z: Floats, sd: float, gain: float) -> Floats:
    return Level(gain, math.inf, math.inf).residuals(z * sd)
