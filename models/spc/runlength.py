"""Exact run lengths of the tabular CUSUM.

The run length is the number of points up to and including the one that signals; its mean is the
ARL. The sum is a Markov chain on [0, h): it is cut into states (Brook & Evans, Biometrika 1972)
and the ARL is the solution of a linear system. The error of a grid is a series in the square of its
width, so three grids and Richardson's extrapolation give four to nine digits (h = 16 to 4).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: States of the grids. Below a hundred, because OpenBLAS solves such small systems on one thread:
#: on a busy machine its threads wait for each other and take fifty times as long.
_GRIDS = (48, 68, 98)
#: Points; a longer run makes the linear system too ill-conditioned to say.
_LONGEST = 1e13


def one_sided_arl(
    h: float,
    k: float,
    *,
    shift: float = 0.0,
    spread: float = 1.0,
    clip: float = math.inf,
    head_start: float = 0.0,
) -> float:
    """Return the ARL of S = max(0, S + min(max(z, -clip), clip) - k), signal at S >= h.

    z is normal with mean *shift* and standard deviation *spread*, independent from point to
    point; S begins at *head_start*, from 0 up to below *h*. Beyond
    1e13 points the answer is infinity: double precision ends there.
    """
    score = _Score(shift, spread, clip)
    grids = [_brook_evans(h, k, score, head_start, states) for states in _GRIDS]
    if not all(0.0 < arl < _LONGEST for arl, _ in grids):
        return math.inf
    return sum(
        arl * math.prod(v * v / (v * v - width * width) for _, v in grids if v != width)
        for arl, width in grids
    )


def two_sided_arl(
    h: float,
    k: float,
    *,
    shift: float = 0.0,
    spread: float = 1.0,
    clip: float = math.inf,
    head_start: float = 0.0,
) -> float:
    """Return the ARL of an upper and a lower CUSUM together; both begin at *head_start*.

    Exact: when one side signals the other is at zero, as both have the same *h* and *k*
    (Lucas & Crosier, Technometrics 1982).
    """

    def side(direction: float, start: float) -> float:
        return one_sided_arl(
            h, k, shift=direction * shift, spread=spread, clip=clip, head_start=start
        )

    near, far = sorted((1.0, -1.0), key=lambda direction: -direction * shift)
    quick, slow = side(near, 0.0), side(far, 0.0)
    if head_start == 0.0:
        return 1.0 / (1.0 / quick + 1.0 / slow)
    ahead = side(near, head_start)
    if math.isinf(slow):
        return ahead
    return (ahead * slow + quick * side(far, head_start) - quick * slow) / (quick + slow)


class _Score(NamedTuple):
    """A normal score, clipped."""

    shift: float
    spread: float
    clip: float

    def cdf(self, z: Floats, width: float) -> Floats:
        """Return P(score <= z).

        The two lumps of probability at the clips are spread over one *width*, which shares a
        lump between the two states beside it: so the error stays of second order.
        """
        below = _normal_cdf((z - self.shift) / self.spread)
        if math.isinf(self.clip):
            return below
        ends = np.array([-self.clip, self.clip])
        lump_low, up_to_high = _normal_cdf((ends - self.shift) / self.spread)
        inside = np.clip(below, lump_low, up_to_high) - lump_low
        at_low = lump_low * np.clip((z + self.clip) / width + 0.5, 0.0, 1.0)
        at_high = (1.0 - up_to_high) * np.clip((z - self.clip) / width + 0.5, 0.0, 1.0)
        return np.asarray(inside + at_low + at_high)


def _brook_evans(
    h: float, k: float, score: _Score, head_start: float, states: int
) -> tuple[float, float]:
    """Return the ARL on a grid of *states*, and the grid's width."""
    width = 2.0 * h / (2 * states - 1)
    # Where a point can take the sum: the probability of landing at most half a width above a
    # state depends on the distance alone, so 2n values fill the n x n matrix.
    steps = np.asarray(np.arange(-states, states) * width + width / 2.0, dtype=np.float64)
    reach = score.cdf(steps + k, width)
    distance = np.arange(states)[None, :] - np.arange(states)[:, None] + states
    chain = reach[distance] - reach[distance - 1]
    chain[:, 0] = reach[states - np.arange(states)]
    try:
        means = np.linalg.solve(np.eye(states) - chain, np.ones(states))
    except np.linalg.LinAlgError:
        return math.inf, width
    if head_start == 0.0:
        return float(means[0]), width
    edges = steps[states:] - head_start
    first = score.cdf(edges + k, width)
    first[1:] -= first[:-1].copy()
    return float(1.0 + first @ means), width


def _normal_cdf(z: Floats) -> Floats:
    return np.array([0.5 * math.erfc(-x / math.sqrt(2.0)) for x in z.tolist()])
