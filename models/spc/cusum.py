"""Tabular two-sided CUSUM charts, many at once, exact in any grouping of the points.

A score z is the distance of a point from its chart's mean, in standard deviations. Each side adds
up what exceeds the allowance k: S = max(0, S + z - k) above, S = max(0, S - z - k) below; a sum at
or above its limit h is an alarm.

*A single outlier is no drift*: z is clipped at +-4 before it is added, so that an alarm at the
limits of a plant (h about 16) needs five points at least, however far out one of them is. That
costs a little: of normal points 6 in 100,000 are clipped; at h = 5 (k = 0.5) the in-control ARL
goes from 465.4 to 466.2, the ARL of a shift by 1 sd from 10.38 to 10.38, by 3 sd from 2.57 to
2.61, and a shift that would signal at once needs (h / 3.5) points (`models.spc.runlength`).

*It comes back*: a sum rises no further than what one point can add to h, so a long fault does not
have to be worked off. The alarm ends after `OFF_POINTS` points in a row with the sum below
`CLEAR` of h.

*Exact*: scores are whole millionths of a standard deviation and sums are int64. Addition of
integers does not depend on how points are grouped, so one large batch, many small ones, or a
restart in between end in the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

#: Units of a score: millionths of a standard deviation.
UNIT = 1_000_000
#: Allowance, in standard deviations: tuned to a shift of twice this size.
K = 0.5
#: Scores are added only up to this size, in standard deviations.
CLIP = 4.0
#: An alarm may end where the sum is below this share of h ...
CLEAR = 0.5
#: ... for this many points in a row.
OFF_POINTS = 20

_K = int(K * UNIT)
#: The mean since the onset uses scores up to a million sd: sums of 10**6 points still fit.
_FARTHEST = 1e6


@dataclass(frozen=True, slots=True)
class Cusum:
    """State of C charts: arrays of shape (2, C), the upper side first, updated in place.

    *total* is the sum in `UNIT`; *below* counts points in a row under the clear limit.
    *samples*, *score_sum* (unclipped scores) and *onset_us* speak of the points since the sum
    last left zero; they are held while the alarm is *on*.
    """

    total: Ints
    on: Bools
    below: Ints
    samples: Ints
    score_sum: Ints
    onset_us: Ints

    @classmethod
    def zero(cls, charts: int) -> Cusum:
        """Return *charts* charts that have seen nothing."""
        return cls(
            *(
                np.zeros((2, charts), dtype=np.bool_ if field.name == "on" else np.int64)
                for field in fields(cls)
            )
        )

    def head_start(self, h: Ints, share: float = 0.5) -> None:
        """Begin at *share* of *h* (FIR): a chart that starts out of control signals sooner.

        *share* is from 0 up to below 1. It costs false alarms early on (`runlength`).
        """
        self.total[:] = (h * share).astype(np.int64)


class Points(NamedTuple):
    """Points of several charts, flat: chart by chart, within a chart in order.

    *chart* (row of the state) and *start* (index of its first point) have one entry per chart;
    no chart comes twice. *score* in `UNIT`, not clipped (`scores`); *time_us* per point.
    """

    chart: Ints
    start: Ints
    score: Ints
    time_us: Ints


class Edge(NamedTuple):
    """An alarm that began or ended at one point; *at* is its index in `Points`.

    *statistic* is the sum in sd; *samples*, *score_sum* (in `UNIT`) and *onset_us* as in `Cusum`,
    this point included.
    """

    chart: int
    at: int
    is_on: bool
    is_high: bool
    statistic: float
    samples: int
    score_sum: int
    onset_us: int


def scores(value: Floats, mean: Floats | float, sd: Floats | float) -> Ints:
    """Return the scores of finite *value* in `UNIT`, limited to a million sd."""
    z = np.clip((value - mean) / sd, -_FARTHEST, _FARTHEST)
    return np.rint(z * UNIT).astype(np.int64)


def limit_units(h: Floats | float) -> Ints:
    """Return limits of *h* standard deviations in `UNIT`."""
    units: Ints = np.rint(np.asarray(h) * UNIT).astype(np.int64)
    return units


def update(state: Cusum, h: Ints, points: Points, *, clip: float = CLIP) -> list[Edge]:
    """Add *points* to *state* in place; return alarms that began or ended, in order of points.

    *h* is the limit of each chart of the state, in `UNIT`. With an infinite *clip* the sums are
    those of textbooks: no score is cut, and a long fault has to be worked off.
    """
    if not len(points.score):
        return []
    run = _Run(points)
    most = int(min(clip, _FARTHEST) * UNIT)
    step = np.clip(points.score, -most, most)
    edges = [
        edge
        for side, sign in enumerate((1, -1))
        for edge in _update_side(
            state, side, h=h, points=points, run=run, step=sign * step, leap=most - _K
        )
    ]
    return sorted(edges, key=lambda edge: edge.at)


class _Run:
    """Where each point stands in its chart's run of points."""

    def __init__(self, points: Points) -> None:
        size = len(points.score)
        self.length = np.diff(points.start, append=size)
        self.index = np.arange(size)
        self.of = np.repeat(np.arange(len(points.chart)), self.length)
        self.start = points.start[self.of]
        self.first = points.start
        self.last = points.start + self.length - 1

    def latest(self, happened: Bools) -> Ints:
        """Return the index of the latest point so far where *happened*, -1 if none in the run."""
        latest: Ints = np.maximum.accumulate(np.where(happened, self.index, -1))
        latest[latest < self.start] = -1
        return latest

    def before(self, values: Ints, carried: Ints) -> Ints:
        """Return *values* one point later, each run beginning with its entry of *carried*."""
        shifted = np.empty_like(values)
        shifted[1:] = values[:-1]
        shifted[self.first] = carried
        return shifted


def _update_side(
    state: Cusum, side: int, *, h: Ints, points: Points, run: _Run, step: Ints, leap: int
) -> list[Edge]:
    chart, start = points.chart, points.start
    limit = h[chart][run.of]
    total = _sums(step - _K, limit + leap, state.total[side, chart][run.of], run)

    under = total < (limit * CLEAR).astype(np.int64)
    not_under = run.latest(~under)
    carried_below = state.below[side, chart][run.of]
    below = np.where(
        not_under >= 0, run.index - not_under, run.index - run.start + 1 + carried_below
    )
    # The alarm is a latch: of what sets and what releases it, the latest counts.
    sets = total >= limit
    latest_set, latest_release = run.latest(sets), run.latest(below >= OFF_POINTS)
    carried_on = state.on[side, chart][run.of]
    on = np.where(
        np.maximum(latest_set, latest_release) < 0, carried_on, latest_set > latest_release
    )
    was_on = run.before(on, state.on[side, chart])
    edge = on != was_on

    # Points count from the latest restart (the sum at zero, or the end of an alarm) on.
    restart = run.latest(((total == 0) & ~on) | (edge & ~on))
    summed = np.cumsum(points.score)
    summed_before_run = summed[start] - points.score[start]

    def since(index: Ints, latest_restart: Ints) -> tuple[Ints, Ints, Ints]:
        """Return samples, sum of scores and time of the first point since the restart."""
        own = run.of[index]
        begun = latest_restart >= 0
        carried = state.samples[side, chart][own]
        samples = np.where(begun, index - latest_restart, index - start[own] + 1 + carried)
        base = np.where(
            begun,
            summed[latest_restart],
            summed_before_run[own] - state.score_sum[side, chart][own],
        )
        first = np.where(begun, np.minimum(latest_restart + 1, index), start[own])
        kept = ~begun & (carried > 0)
        onset = np.where(kept, state.onset_us[side, chart][own], points.time_us[first])
        return samples, summed[index] - base, onset

    at = np.flatnonzero(edge)
    previous = run.before(restart, np.full(len(chart), -1))[at]
    edges = [
        Edge(
            chart=int(chart[run.of[i]]),
            at=int(i),
            is_on=bool(on[i]),
            is_high=side == 0,
            statistic=float(total[i]) / UNIT,
            samples=int(samples),
            score_sum=int(score_sum),
            onset_us=int(onset),
        )
        for i, samples, score_sum, onset in zip(at, *since(at, previous), strict=True)
    ]
    last = run.last
    samples, score_sum, onset = since(last, restart[last])
    state.total[side, chart] = total[last]
    state.on[side, chart] = on[last]
    state.below[side, chart] = below[last]
    state.samples[side, chart] = samples
    state.score_sum[side, chart] = score_sum
    state.onset_us[side, chart] = np.where(samples > 0, onset, 0)
    return edges


def _sums(step: Ints, ceiling: Ints, initial: Ints, run: _Run) -> Ints:
    """Return S = min(max(S + step, 0), ceiling) after each point.

    Such a step is a function x -> min(max(x + add, low), high), and two of them in a row are one
    of the same form; so all prefixes of a run are composed by doubling: log2(longest run) passes.
    """
    add, low, high = step.copy(), np.zeros_like(step), ceiling.copy()
    within = run.index - run.start
    reach = 1
    while reach < int(run.length.max()):
        at = np.flatnonzero(within >= reach)
        earlier = at - reach
        add_now, low_now, high_now = add[at], low[at], high[at]
        new_low = np.minimum(np.maximum(low[earlier] + add_now, low_now), high_now)
        new_high = np.minimum(np.maximum(high[earlier] + add_now, low_now), high_now)
        add[at] += add[earlier]
        low[at], high[at] = new_low, new_high
        reach *= 2
    total: Ints = np.minimum(np.maximum(initial + add, low), high)
    return total
