"""What is usual among peers: spreads, ties between measures, and limits from the budget.

The budget is the share of good cells that may be held. It is parted evenly over the measures and
their combination (so that the whole keeps it however they hang together), and that of a measure
over its two sides. Each side has the limit that its own tail tells (`models.cells.tails`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.covariance import MinCovDet

from models.cells.cells import Floats, Ints, Mask
from models.cells.peers import MIN_PEERS, centred, group_medians, spread
from models.cells.tails import NORMAL, distance_theory, tail_limit

#: Fewer cells than this are no reference; nothing is compared with peers until then.
MIN_CELLS = 300
#: The covariance is fitted on at most so many cells: it takes tenths of a second then.
_MOST_FITTED = 3000
#: So many loads about a load show its level.
LEVEL_LOADS = 48

#: Standard error of a median of n normal values, times the root of n.
MEDIAN_ERROR = 1.2533


@dataclass(frozen=True, slots=True)
class Reference:
    """The usual spread of one recipe's cells about their peers.

    *scale* is the robust sd within trays of each of *measures*, *low* and *high* the limits of z;
    *tray_scale* the sd of a tray's median about those of its neighbours, *tray_limit* the limit of
    its size. *precision* is the inverse covariance of z, *distance_limit* the limit of the
    Mahalanobis distance in it.
    """

    measures: tuple[str, ...]
    cells: int
    scale: Floats
    low: Floats
    high: Floats
    tray_scale: Floats
    tray_limit: float
    centre: Floats
    precision: Floats
    distance_limit: float

    def z(self, residuals: Mapping[str, Floats]) -> Floats:
        """Return the residuals of peers in robust sd, (cells, measures)."""
        return np.column_stack([residuals[m] for m in self.measures]) / self.scale

    def distance(self, z: Floats) -> Floats:
        """Return the Mahalanobis distance of each row; NaN where a measure is missing."""
        away = z - self.centre
        distance: Floats = np.sqrt(np.einsum("ij,jk,ik->i", away, self.precision, away))
        return distance


def learn(
    measures: Mapping[str, Floats],
    load: Ints,
    recipe: Ints,
    floors: Mapping[str, float],
    held_ppm: float,
    *,
    tied: bool,
) -> Reference | None:
    """Return what is usual among these cells of one recipe; None of fewer than `MIN_CELLS`.

    *floors* are the least spreads that are believed (the resolution of an instrument). Only if
    *tied* it is learnt how the measures hang together, which takes a second.
    """
    names = tuple(measures)
    residuals = {name: centred(values, load, recipe)[0] for name, values in measures.items()}
    known = [int(np.isfinite(r).sum()) for r in residuals.values()]
    if not names or max(known) < MIN_CELLS:
        return None
    share = held_ppm * 1e-6 / (len(names) + 1)
    scale = np.array([_scale(residuals[name], floors[name]) for name in names])
    z = np.column_stack([residuals[name] for name in names]) / scale
    # The peers' median is 0: half of the cells are on a side, and half of the share is theirs.
    high, low = (
        side * np.array([tail_limit(side * c[side * c > 0], share, NORMAL) for c in z.T])
        for side in (1, -1)
    )
    tray_scale = [
        max(_tray_scale(measures[name], load), MEDIAN_ERROR * s / np.sqrt(_usual_load(load)))
        for name, s in zip(names, scale, strict=True)
    ]
    centre, precision = _tied(z) if tied else (np.zeros(len(names)), np.eye(len(names)))
    complete = z[np.isfinite(z).all(axis=1)] - centre
    distance = np.sqrt(np.einsum("ij,jk,ik->i", complete, precision, complete))
    return Reference(
        measures=names,
        cells=max(known),
        scale=scale,
        low=low,
        high=high,
        tray_scale=np.array(tray_scale),
        tray_limit=NORMAL.size(-np.log(share)),
        centre=centre,
        precision=precision,
        distance_limit=tail_limit(distance, share, distance_theory(len(names))),
    )


def running_level(medians: Floats, odd: Mask | None = None) -> Floats:
    """Return for each load, in order of time, the median of those about it, without itself.

    *odd* loads are nobody's level, unless there is no other near.
    """
    level = np.full(len(medians), np.nan)
    half = LEVEL_LOADS // 2
    known = np.isfinite(medians)
    for at in range(len(medians)):
        near = np.arange(max(0, at - half), min(len(medians), at + half + 1))
        near = near[(near != at) & known[near]]
        usual = near if odd is None else near[~odd[near]]
        if len(near):
            level[at] = np.median(medians[usual if len(usual) else near])
    return level


def load_medians(values: Floats, load: Ints) -> Floats:
    """Return the median of each load, NaN where it has too few values."""
    medians, counts = group_medians(values, load)
    return np.where(counts >= MIN_PEERS, medians, np.nan)


def _scale(residuals: Floats, floor: float) -> float:
    seen = spread(residuals)
    return max(seen, floor) if np.isfinite(seen) else np.inf


def _tray_scale(values: Floats, load: Ints) -> float:
    medians = load_medians(values, load)
    away = spread(medians - running_level(medians))
    return away if np.isfinite(away) else 0.0


def _usual_load(load: Ints) -> float:
    counts = np.bincount(load[load >= 0])
    return float(np.median(counts[counts > 0])) if counts.any() else MIN_PEERS


def _tied(z: Floats) -> tuple[Floats, Floats]:
    """Return the robust centre and the inverse covariance of *z*; as if untied where unknown."""
    complete = z[np.isfinite(z).all(axis=1)]
    if len(complete) < MIN_CELLS:
        return np.zeros(z.shape[1]), np.eye(z.shape[1])
    step = max(1, len(complete) // _MOST_FITTED)
    with warnings.catch_warnings():
        # A determinant that rises from step to step is noise of a well-behaved fit.
        warnings.simplefilter("ignore", RuntimeWarning)
        fitted = MinCovDet(random_state=0).fit(complete[::step])
    return np.asarray(fitted.location_), np.asarray(fitted.precision_)
