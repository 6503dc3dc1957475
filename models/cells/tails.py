"""How far out good cells go: limits from the tail that was seen, carried on to the budget.

A size is first written as its depth, -log of the share of cells that exceed it in theory; a measure
that keeps to the theory has exponential depths. What exceeds the 10 % quantile is then described by
a generalised Pareto distribution (peaks over threshold; Pickands 1975) with its shape between that
of the theory (0) and that of Student's t with 4 degrees of freedom (0.5), by probability-weighted
moments (Hosking and Wallis 1987). On the scale of depths also a log-normal measure has an almost
constant shape from the 10 % quantile on, 0.1 to 0.4.

Faulty cells among those learnt from widen a limit little: a forward search from the body outwards
stops where the next cell is further than any good one would be, and a tail that is much heavier
than the 10, 5.5 and 3 % quantiles tell is not believed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from models.cells.cells import Floats

#: The tail begins at this share of the sizes.
_TAIL = 0.10
#: Of fewer sizes in it nothing is learnt.
_MIN_IN_TAIL = 20
_MOST_SHAPE = 0.5
#: What is taken for the shape, and how surely, before anything was seen: from normal to log-normal.
_SHAPE_BEFORE, _ERROR_BEFORE = 0.1, 0.1
#: Good cells, of all that were seen, that are further out than the search goes.
_STRAY = 0.05
#: The quantiles of the body, as shares of the tail: 5.5 and 3 % of all. The second is the square
#: of the first, so that the shape between them has a closed form.
_BODY = (math.sqrt(0.3), 0.3)
#: Standard error of the shape of the body, times the root of the sizes in the tail (delta method,
#: for shape 0), and how many of them the shape of the tail may be above it.
_BODY_ERROR, _BODY_ERRORS = 4.2, 3.0


class Theory(NamedTuple):
    """What sizes would do: *depth* is -log of the share that exceeds them, *size* its inverse."""

    depth: Callable[[Floats], Floats]
    size: Callable[[float], float]


def _depth_of_normal(sizes: Floats) -> Floats:
    depth: Floats = -(math.log(2) + special.log_ndtr(-sizes))
    return depth


#: |x| of a standard normal x.
NORMAL = Theory(_depth_of_normal, lambda depth: float(-special.ndtri_exp(-depth - math.log(2))))


def distance_theory(measures: int) -> Theory:
    """Return what the distances of so many untied normal measures would do.

    The cube root of their square is almost normal (Wilson and Hilferty 1931; 1 % of the square at a
    share of 1e-5), and no float is too small for it.
    """
    sd = math.sqrt(2 / (9 * measures))

    def depth(sizes: Floats) -> Floats:
        cube_root = (sizes**2 / measures) ** (1 / 3)
        found: Floats = -special.log_ndtr(-(cube_root - 1 + sd**2) / sd)
        return found

    def size(depth: float) -> float:
        cube_root = 1 - sd**2 - sd * float(special.ndtri_exp(-depth))
        return math.sqrt(measures * cube_root**3)

    return Theory(depth, size)


def tail_limit(sizes: Floats, share: float, theory: Theory) -> float:
    """Return what at most *share* of good cells exceed, from the *sizes* of some of them.

    NaN sizes do not count. The limit is one standard error on the safe side, so that it is wider
    the fewer sizes there are, and never below what *theory* says.
    """
    depths = theory.depth(sizes[np.isfinite(sizes)])
    begin = float(np.quantile(depths, 1 - _TAIL)) if len(depths) else 0.0
    excess = np.sort(depths[depths > begin] - begin)
    if len(excess) < _MIN_IN_TAIL:
        begin = -math.log(_TAIL)
        tail, beyond = _Pareto(_SHAPE_BEFORE + _ERROR_BEFORE, 1.0), share / _TAIL
    else:
        good = excess[: _good(excess)]
        beyond = share * (len(depths) - len(excess) + len(good)) / len(good)
        tail = _safe(good)
        shape, error = _shape_of_body(excess), _BODY_ERROR / math.sqrt(len(excess))
        if _shape(good) > shape + _BODY_ERRORS * error:
            tail = _of_body(excess, shape + error)
    depth = begin + tail.exceeded_by(beyond)
    return theory.size(max(depth, -math.log(share)))


class _Pareto(NamedTuple):
    """A generalised Pareto distribution of what exceeds a threshold."""

    shape: float
    scale: float

    def exceeded_by(self, share: float) -> float:
        """Return what *share* of the excesses exceed."""
        if abs(self.shape) < 1e-6:
            return -self.scale * math.log(share)
        return float(self.scale * (share**-self.shape - 1) / self.shape)


def _good(excess: Floats) -> int:
    """Return how many of *excess*, in ascending order, are a good cell's."""
    stray = _STRAY / len(excess)
    # The lower quarter of the tail is good cells' even if half of the rest is not.
    tail = _Pareto(0.0, float(np.quantile(excess, 0.25)) / math.log(4 / 3))
    count = 0
    while True:
        further = int(np.searchsorted(excess, tail.exceeded_by(stray), "right"))
        if further <= count:
            return count
        count = further
        shape = max(_shape(excess[:count]), 0.0)
        tail = _Pareto(shape, float(excess[:count].mean()) * (1 - shape))


def _shape(excess: Floats) -> float:
    """Return the shape by probability-weighted moments; *excess* is in ascending order."""
    count = len(excess)
    mean = float(excess.mean())
    weighted = float((excess * (count - np.arange(1, count + 1) + 0.35)).mean()) / count
    return float(np.clip(2 - mean / (mean - 2 * weighted), -_MOST_SHAPE, _MOST_SHAPE))


def _safe(excess: Floats) -> _Pareto:
    """Return the tail with a shape that is a standard error above the likeliest."""
    seen = _shape(excess)
    # The variance that Hosking and Wallis give; it has no bound at a shape of 0.5.
    at = min(max(seen, 0.0), 0.4)
    variance = (1 - at) * (1 - at + 2 * at**2) * (2 - at) ** 2 / ((1 - 2 * at) * (3 - 2 * at))
    variance /= len(excess)
    weight = 1 / (1 + variance / _ERROR_BEFORE**2)
    likeliest = weight * seen + (1 - weight) * _SHAPE_BEFORE
    shape = min(max(likeliest + math.sqrt(variance * weight), 0.0), _MOST_SHAPE)
    return _Pareto(shape, float(excess.mean()) * (1 - shape))


def _shape_of_body(excess: Floats) -> float:
    """Return the shape that two quantiles of the body tell, whatever is further out."""
    near, far = np.quantile(excess, [1 - share for share in _BODY])
    ratio = max(float((far - near) / near), 1e-9)
    return float(np.clip(-math.log(ratio) / math.log(_BODY[0]), -_MOST_SHAPE, _MOST_SHAPE))


def _of_body(excess: Floats, shape: float) -> _Pareto:
    """Return the tail of that *shape* through the nearer quantile of the body."""
    shape = min(max(shape, 0.0), _MOST_SHAPE)
    near = float(np.quantile(excess, 1 - _BODY[0]))
    return _Pareto(shape, near / _Pareto(shape, 1.0).exceeded_by(_BODY[0]))
