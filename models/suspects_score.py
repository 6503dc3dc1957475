"""Who deviates: every cell of an anomaly against the baseline of its own machine and position."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from models.suspects_cells import Visits
from models.suspects_levels import Bools, Cells
from models.suspects_rank import CLIP

#: A cell further off than half the shift is nearer to the affected ones; never less than this (sd).
_LEAST = 1.0


class Baseline(NamedTuple):
    """What is normal, in the unit of the result."""

    mean: float
    sd: float


def score(
    visits: Visits,
    baselines: Mapping[tuple[int, int, int], Baseline],
    usual: Baseline,
    *,
    value: float,
    since_us: int,
) -> Cells:
    """Return the cells of *visits* as scores towards *value*, the mean since the onset.

    *baselines* are by machine, position and recipe; *usual* is for a place that has none.
    """
    key = (visits.machine << 32) | (visits.position << 16) | visits.recipe
    places, at = np.unique(key, return_inverse=True)
    known = [
        baselines.get((place >> 32, place >> 16 & 0xFFFF, place & 0xFFFF), usual)
        for place in places.tolist()
    ]
    mean = np.array([one.mean for one in known])[at]
    sd = np.array([one.sd for one in known])[at]
    deviation = visits.value - mean
    sign = 1.0 if value >= usual.mean else -1.0
    towards = sign * deviation / sd
    limit = max(abs(value - usual.mean) / usual.sd / 2.0, _LEAST)
    affected: Bools = (towards > limit) & (visits.time_us >= since_us)
    return Cells(np.clip(towards, -CLIP, CLIP), deviation, affected)
