"""Fit the models of one group of machines: one per recipe, from aligned healthy history.

Each machine has its own centre per recipe; what varies about it is learnt from all machines and
recipes together, which sees far more than a model of each alone. What held-out time gives is the
scale of the scores and, with the budget of false alarms, the limit of their average.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import numpy as np

from models.spc.cusum import Ints
from models.spc.runlength_ewma import ewma_limit
from models.station.classic import (
    PcaDetector,
    T2Detector,
    isolation_forest,
    local_outlier_factor,
    one_class_svm,
)
from models.station.contract import Bools, Fit, Floats, Streaming
from models.station.model import AVERAGE_SD, BINS, CLIP, SHARE, Column, StationModel
from models.station.residual import ResidualDetector
from models.station.scale import smoothed

#: Detectors by their name in the plant file.
DETECTORS: Mapping[str, Fit] = {
    "residual": ResidualDetector.fit,
    "t2": T2Detector.fit,
    "pca": PcaDetector.fit,
    "iforest": isolation_forest,
    "lof": local_outlier_factor,
    "ocsvm": one_class_svm,
}
#: Fewer rows than this teach nothing; fewer than five per signal no covariance.
MIN_ROWS, _ROWS_PER_SIGNAL = 300, 5
#: Fewer rows than this of one machine leave it at its group's centre.
_MIN_OF_MACHINE = 100
_FOLDS = 5
#: A signal with a new value in fewer rows than this share is a step function, not a signal.
_LEAST_FRESH = 0.05
_MOST_MISSING = 0.5
#: That a value repeats so often by chance that it is left out, or called stuck, has these chances.
_DOUBT, _STUCK = 1e-3, 1e-9
_LEAST_STUCK = 10
#: A signal that repeats itself more often than this says nothing by it.
_MOST_REPEATS = 0.7
_PATIENCE_PERIODS, _PATIENCE_GAPS = 5, 3
#: Upper tails of the averages, with their place in a normal distribution; those with too few points
#: (as neighbours are alike, a tenth of them are independent) say nothing.
_TAILS = ((0.05, 1.645), (0.01, 2.326), (0.002, 2.878), (0.0005, 3.291))
_LEAST_IN_TAIL = 50
#: The limit is above what held-out time ever reached, by this factor.
_MARGIN = 1.15


class Span(NamedTuple):
    """Healthy moments of one machine without a gap: *values* (NaN where never seen) and *fresh*."""

    machine: str
    recipe: str
    time_us: Ints
    values: Floats
    fresh: Bools

    def where(self, chosen: Bools) -> Span:
        """Return the moments that are *chosen*."""
        return self._replace(
            time_us=self.time_us[chosen], values=self.values[chosen], fresh=self.fresh[chosen]
        )


class FitError(ValueError):
    """No model can be had; the text says why."""


@dataclass(frozen=True)
class Fitted:
    """A model with its figures; *left_out* says of each signal that it does not watch why."""

    model: StationModel
    recipe: str
    rows: int
    from_us: int
    to_us: int
    expected: Floats
    metrics: Mapping[str, float]
    left_out: Mapping[str, str]


def fit_group(
    spans: Sequence[Span],
    columns: Sequence[Column],
    detector: str,
    period_us: int,
    arl0: float,
) -> list[Fitted]:
    """Return a model for each recipe with enough rows.

    *arl0* is how many moments of one machine there may be between false alarms. Raise `FitError`
    if the history is too short.
    """
    rows = sum(len(span.time_us) for span in spans)
    if rows < MIN_ROWS:
        raise FitError(f"{rows} healthy rows; at least {MIN_ROWS} are needed")
    left_out = _left_out(spans, columns)
    kept = np.array([str(column) not in left_out for column in columns])
    if not kept.any():
        raise FitError("no signal moves")
    spans = [
        span._replace(values=span.values[:, kept], fresh=span.fresh[:, kept]) for span in spans
    ]
    columns = tuple(column for column, keep in zip(columns, kept, strict=True) if keep)
    if rows < _ROWS_PER_SIGNAL * len(columns):
        detector = "pca"  # too few for a covariance of all signals
    fit = DETECTORS[detector]
    scores, averages = _held_out(spans, fit)
    centres = _Centres.of(spans)
    deviations = [centres.deviations(span) for span in spans]
    limit = max(ewma_limit(arl0, SHARE) * float(np.std(averages)), _MARGIN * float(averages.max()))
    fitted = cast("Streaming", fit(deviations))
    model = StationModel(
        detector_name=detector,
        columns=columns,
        period_us=period_us,
        machines=(),
        centres=np.empty((0, len(columns))),
        centre=np.zeros(len(columns)),
        detector=fitted,
        usual=scores.usual,
        spread=scores.spread,
        limit=limit,
        patience_us=_patience(spans, period_us),
        edges=_edges(deviations),
        **_repeats(spans),
    )
    models = []
    for recipe in sorted({span.recipe for span in spans}):
        own = [i for i, span in enumerate(spans) if span.recipe == recipe]
        count = sum(len(spans[i].time_us) for i in own)
        if count < MIN_ROWS:
            continue
        machines, by_machine, centre = centres.of_recipe(recipe)
        of_recipe = replace(model, machines=machines, centres=by_machine, centre=centre)
        bins = of_recipe.bins(np.concatenate([deviations[i] for i in own]))
        models.append(
            Fitted(
                of_recipe,
                recipe,
                count,
                min(int(spans[i].time_us[0]) for i in own),
                max(int(spans[i].time_us[-1]) for i in own),
                bins / np.maximum(bins.sum(axis=1, keepdims=True), 1),
                {
                    "held_out_rows": float(len(averages)),
                    "held_out_alarms": float((averages > limit).sum()),
                    "average_sd": float(np.std(averages)),
                    "average_max": float(averages.max()),
                    "average_sd_if_independent": AVERAGE_SD,
                    "limit": limit,
                    "arl0": arl0,
                },
                left_out,
            )
        )
    return models


def _limit(averages: Floats, arl0: float) -> float:
    """Return the limit of an average whose held-out values are *averages*.

    That of normal scores for *arl0*, times the spread of the averages (dependent scores make it
    wider), times how much longer their upper tail is than a normal one; and above all they did.
    """
    sd = float(np.std(averages)) or AVERAGE_SD
    longer = [
        float(np.quantile(averages, 1.0 - tail)) / (sd * at)
        for tail, at in _TAILS
        if tail * len(averages) >= _LEAST_IN_TAIL
    ]
    return max(
        ewma_limit(arl0, SHARE) * sd * max(1.0, *longer, 0.0), _MARGIN * float(averages.max())
    )


class _Centres(NamedTuple):
    """The mean of each machine with each recipe, and of each recipe over its machines."""

    by_machine: Mapping[tuple[str, str], Floats]
    by_recipe: Mapping[str, Floats]

    @classmethod
    def of(cls, spans: Sequence[Span]) -> _Centres:
        by_machine, by_recipe = {}, {}
        for recipe in {span.recipe for span in spans}:
            own = [span for span in spans if span.recipe == recipe]
            by_recipe[recipe] = _mean([span.values for span in own])
            for machine in {span.machine for span in own}:
                rows = [span.values for span in own if span.machine == machine]
                if sum(map(len, rows)) >= _MIN_OF_MACHINE:
                    mean = _mean(rows)
                    mean = np.where(np.isfinite(mean), mean, by_recipe[recipe])
                    by_machine[machine, recipe] = mean
        return cls(by_machine, by_recipe)

    def deviations(self, span: Span) -> Floats:
        """Return *span* less its centre, 0 where a value is missing."""
        centre = self.by_machine.get((span.machine, span.recipe))
        if centre is None:
            centre = self.by_recipe.get(span.recipe)
        if centre is None:
            centre = _mean([span.values])
        return np.nan_to_num(span.values - centre)

    def of_recipe(self, recipe: str) -> tuple[tuple[str, ...], Floats, Floats]:
        """Return machines, their centres, and the centre of other machines."""
        machines = sorted(machine for machine, its in self.by_machine if its == recipe)
        centre = np.nan_to_num(self.by_recipe[recipe])
        rows = [self.by_machine[machine, recipe] for machine in machines]
        return tuple(machines), np.array(rows).reshape(-1, len(centre)), centre


class _Scores(NamedTuple):
    usual: float
    spread: float


def _held_out(spans: Sequence[Span], fit: Fit) -> tuple[_Scores, Floats]:
    """Return the scale of scores of time that the detector has not seen, and their averages."""
    times = np.sort(np.concatenate([span.time_us for span in spans]))
    bounds = [times[len(times) * fold // _FOLDS] for fold in range(_FOLDS)]
    bounds.append(times[-1] + 1)
    raw: list[Floats] = []
    for low, high in itertools.pairwise(bounds):
        outside = [
            piece
            for span in spans
            for piece in (span.where(span.time_us < low), span.where(span.time_us >= high))
            if len(piece.time_us)
        ]
        inside = [span.where((span.time_us >= low) & (span.time_us < high)) for span in spans]
        centres = _Centres.of(outside)
        detector = cast("Streaming", fit([centres.deviations(span) for span in outside]))
        for span in inside:
            if len(span.time_us) <= detector.order:
                continue
            errors = detector.errors(centres.deviations(span))
            raw.append(detector.score(errors, np.zeros(errors.shape, dtype=np.bool_)))
    pooled = np.concatenate(raw)
    scale = _Scores(float(np.mean(pooled)), float(np.std(pooled)) or 1.0)
    averages = [
        smoothed(np.clip((piece - scale.usual) / scale.spread, -CLIP, CLIP), SHARE, 0.0)
        for piece in raw
    ]
    return scale, np.concatenate(averages)


def _left_out(spans: Sequence[Span], columns: Sequence[Column]) -> dict[str, str]:
    reasons = {}
    values = np.concatenate([span.values for span in spans])
    fresh = np.concatenate([span.fresh for span in spans])
    steps = np.concatenate([np.diff(span.values, axis=0) for span in spans])
    for at, column in enumerate(columns):
        known = values[np.isfinite(values[:, at]), at]
        moves = steps[np.isfinite(steps[:, at]) & (steps[:, at] != 0.0), at]
        if len(known) < _MOST_MISSING * len(values):
            reasons[str(column)] = f"missing in {1 - len(known) / len(values):.0%} of the rows"
        elif np.ptp(known) == 0.0 or not len(moves):
            reasons[str(column)] = "constant"
        elif fresh[:, at].mean() < _LEAST_FRESH:
            reasons[str(column)] = f"a new value in only {fresh[:, at].mean():.1%} of the rows"
        elif max((moves > 0).mean(), (moves < 0).mean()) > 0.95:
            reasons[str(column)] = "a counter"
    return reasons


def _repeats(spans: Sequence[Span]) -> dict[str, Ints]:
    """Return after how many repeats of a value a signal is in doubt, and when it is stuck."""
    signals = spans[0].values.shape[1]
    again, all_of_them, longest = (np.zeros(signals) for _ in range(3))
    for span in spans:
        for column in range(signals):
            values = span.values[span.fresh[:, column], column]
            same = values[1:] == values[:-1]
            again[column] += same.sum()
            all_of_them[column] += len(same)
            ends = np.flatnonzero(~np.append(same, False))
            runs = np.diff(ends, prepend=-1) - 1
            longest[column] = max(longest[column], runs.max(initial=0))
    share = (again + 1.0) / (all_of_them + 2.0)
    chance = np.log(np.minimum(share, _MOST_REPEATS))
    doubtful = np.maximum(np.ceil(math.log(_DOUBT) / chance), longest + 1).astype(np.int64)
    stuck = np.maximum(np.ceil(math.log(_STUCK) / chance), 2 * longest).astype(np.int64)
    never = share > _MOST_REPEATS
    return {
        "doubtful": np.where(never, 0, doubtful),
        "stuck": np.where(never, 0, np.maximum(stuck, _LEAST_STUCK)),
    }


def _patience(spans: Sequence[Span], period_us: int) -> Ints:
    """Return how old a value of each signal may be, in microseconds."""
    longest = np.zeros(spans[0].values.shape[1])
    for span in spans:
        for column in range(len(longest)):
            times = span.time_us[span.fresh[:, column]]
            longest[column] = max(longest[column], np.diff(times).max(initial=0))
    return np.maximum(_PATIENCE_GAPS * longest, _PATIENCE_PERIODS * period_us).astype(np.int64)


def _edges(deviations: Sequence[Floats]) -> Floats:
    levels = np.arange(1, BINS) / BINS
    return np.ascontiguousarray(np.quantile(np.concatenate(deviations), levels, axis=0).T)


def _mean(rows: Sequence[Floats]) -> Floats:
    values = np.concatenate(rows)
    there = np.isfinite(values)
    total = np.where(there, values, 0.0).sum(axis=0)
    return np.asarray(np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan))
