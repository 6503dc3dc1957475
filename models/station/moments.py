"""Rows of a machine to moments: one row per period, with the last value of every signal.

The first row of each period makes its moment, at once; what comes later in the period is carried
to the next. So nothing waits, and the moments are the same however rows come in batches. Slower
signals are carried forward; how old each value is goes with it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from models.spc.cusum import Ints
from models.station.contract import Bools, Floats


class Moments(NamedTuple):
    """Times, values of shape (moments, signals), and when each value was measured (0: never).

    *fresh* tells whether a value came since the moment before, which was at *before_us* and
    carried the values *before*.
    """

    time_us: Ints
    before_us: Ints
    values: Floats
    measured_us: Ints
    fresh: Bools
    before: Floats


def parts(time_us: Ints, cell: int, late_cell: int, period_us: int) -> tuple[Ints, list[Ints]]:
    """Return the rows that go on where *cell* ended, and runs of late ones.

    A run of late rows is in order of time; the first goes on after *late_cell* if it can.
    """
    cells = time_us // period_us
    newest = np.maximum.accumulate(np.append(cell, cells))[:-1]
    late = np.flatnonzero(cells < newest)
    cut = np.flatnonzero(np.diff(cells[late], prepend=late_cell) < 0)
    return np.flatnonzero(cells >= newest), [run for run in np.split(late, cut) if len(run)]


def moments(time_us: Ints, values: Floats, lane: Any, period_us: int) -> Moments:
    """Return the moments of rows in order of time, and move *lane* (`memory`) on.

    *values* has NaN where a row says nothing of a signal.
    """
    has = np.isfinite(values)
    rows = len(time_us)
    latest = np.maximum.accumulate(np.where(has, np.arange(rows)[:, None], -1), axis=0)
    at = np.maximum(latest, 0)
    known = latest >= 0
    carried = np.where(known, np.take_along_axis(values, at, axis=0), lane["carried"])
    measured = np.where(known, time_us[at], lane["carried_us"])
    cells = time_us // period_us
    newest = np.maximum.accumulate(np.append(lane["cell"], cells))[:-1]
    first = np.flatnonzero(cells > newest)
    out_values, out_measured = carried[first], measured[first]
    before = np.concatenate([lane["seen"][None], out_values[:-1]]) if len(first) else out_values
    before_us = np.append(lane["time_us"], time_us[first])[:-1]
    lane["carried"], lane["carried_us"] = carried[-1], measured[-1]
    if len(first):
        lane["cell"], lane["time_us"] = cells[first[-1]], time_us[first[-1]]
        lane["seen"] = out_values[-1]
    return Moments(
        time_us[first],
        before_us,
        out_values,
        out_measured,
        out_measured > before_us[:, None],
        before,
    )


def run_lengths(moments: Moments, run: Ints) -> Ints:
    """Return for each moment how often the newest value of each signal was the one before it.

    *run* is that number before the first moment. A moment without a new value leaves it.
    """
    if not len(moments.time_us):
        return np.zeros_like(moments.measured_us)
    same = moments.fresh & (moments.values == moments.before)
    changed = moments.fresh & ~same
    total = np.cumsum(same, axis=0)
    base = np.maximum.accumulate(np.where(changed, total, -1), axis=0)
    return np.asarray(np.where(base >= 0, total - base, run + total))
