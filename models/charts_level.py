"""The level of a chart: the slow part of a result that is normal, followed from point to point.

A moving average of the points, bounded to what the slow part usually does. The residual of a point
is its distance from the level before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.spc.cusum import CLIP, Bools, Floats, Ints, K

#: How far apart points are compared.
_LAGS = range(1, 21)
#: A baseline whose variance is below this share of the plant model's has not seen the whole of it.
_WHOLE = 0.8
_TAIL = 8.0
_GAINS = (0.02, 0.05, 0.1, 0.2, 0.4)
#: From one lot to the next the slow part may step by so many of its sd: nearly three of a step's.
_STEP_SD = 4.0
#: Two standard errors of the sd of a slow part, times the root of how often it turned.
_DOUBT = 2.0
#: The level goes no further than so many sd of the slow part.
_REACH_SD = 4.0


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
        level, residuals = 0.0, []
        # Number by number: NumPy would take thirty times as long for one chart.
        for deviation in deviations.tolist():
            residual = deviation - level
            residuals.append(residual)
            level += self.gain * min(max(residual, -self.step), self.step)
            level = min(max(level, -self.reach), self.reach)
        return np.array(residuals)


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


def slow_part(deviations: Floats, sd: float, usual_sd: float, room: float) -> Level | None:
    """Return the level that healthy *deviations* of standard deviation *sd* need, None if none.

    The level follows so fast that a step from one lot to the next does not fill *room*, the limit
    of the CUSUM.

    There is a slow part where points further apart are more alike than those of a first-order
    process with their correlation of neighbours, by three standard errors of white noise; or where
    all of them together vary less than the plant model says (*usual_sd*): then they are of one lot,
    and the next one will be different.
    """
    z = np.clip(deviations / sd, -CLIP, CLIP)
    count = len(z)
    apart = correlations(z)
    usual = np.maximum(apart[0], 0.0) ** np.array(_LAGS)
    is_slow = float(np.sum(apart - usual)) > 3.0 * math.sqrt(len(_LAGS) / count)
    # With the tails that *sd* leaves out, as the sd of the plant model has them.
    whole = float(np.var(np.clip(deviations, -_TAIL * sd, _TAIL * sd)))
    unseen = usual_sd**2 - whole if whole < _WHOLE * usual_sd**2 else 0.0
    if not is_slow and unseen == 0.0:
        return None
    gain = 0.0
    if unseen:
        step = _STEP_SD * math.sqrt(unseen) / sd
        gain = next((g for g in _GAINS if _most(step, g) < room), _GAINS[-1])
    if is_slow:
        best = min(_GAINS, key=lambda g: float(np.mean(_unbounded(z, sd, g) ** 2)))
        gain = max(gain, best)
    residuals = _unbounded(z, sd, gain)
    level = z * sd - residuals
    noise = gain / (2.0 - gain) * float(np.var(residuals))
    # A slow part that turned a few times only in these points may go much further in others.
    turns = np.count_nonzero(np.diff(np.sign(level - np.mean(level))))
    seen = max(float(np.var(level)) - noise, 0.0) * (1.0 + _DOUBT / math.sqrt(1.0 + turns)) ** 2
    reach = _REACH_SD * math.sqrt(seen + unseen)
    return Level(gain, reach, CLIP * float(np.std(residuals)))


def _most(step: float, gain: float) -> float:
    """Return the highest sum of a CUSUM after a step of so many sd that a level follows."""
    if step <= K:
        return 0.0
    points = math.log(K / step) / math.log(1.0 - gain)
    return float(step * (1.0 - (1.0 - gain) ** points) / gain - K * points)


def correlations(z: Floats) -> Floats:
    """Return the correlation of scores *z* that are 1 to 20 points apart."""
    return np.array([float(np.mean(z[lag:] * z[:-lag])) for lag in _LAGS]) / float(np.mean(z * z))


def _unbounded(z: Floats, sd: float, gain: float) -> Floats:
    return Level(gain, math.inf, math.inf).residuals(z * sd)
