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
from models.station.centres import Centres
from models.station.classic import (
    PcaDetector,
    T2Detector,
    isolation_forest,
    local_outlier_factor,
    one_class_svm,
)
from models.station.contract import Fit, Floats, Streaming
from models.station.hold import KINDS, LEAST_STARTS, Aftermath, Hold, LearntHold, learn_hold
from models.station.model import AVERAGE_SD, BINS, CLIP, SHARE, Column, StationModel
from models.station.residual import ResidualDetector
from models.station.scale import smoothed
from models.station.span import Span, settled

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
#: The limit is above what held-out time ever reached, by this factor.
_MARGIN = 1.15


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
    *,
    starts: Sequence[Span] = (),
) -> list[Fitted]:
    """Return a model for each recipe with enough rows.

    *arl0* is how many moments of one machine there may be between false alarms. *starts* begin
    with one each, and are what the hold is learnt from; what it covers of *spans* is not normal.
    Raise `FitError` if the history is too short.
    """
    quiet = settled(spans, Hold())
    rows = sum(len(span.time_us) for span in quiet)
    if rows < MIN_ROWS:
        raise FitError(f"{rows} healthy rows; at least {MIN_ROWS} are needed")
    left_out = _left_out(quiet, columns)
    kept = np.array([str(column) not in left_out for column in columns])
    if not kept.any():
        raise FitError("no signal moves")
    columns = tuple(column for column, keep in zip(columns, kept, strict=True) if keep)
    if rows < _ROWS_PER_SIGNAL * len(columns):
        detector = "pca"  # too few for a covariance of all signals
    fit = DETECTORS[detector]
    quiet, starts = ([span.of_columns(kept) for span in part] for part in (quiet, starts))
    hold, stops = _hold(quiet, starts, fit, period_us)
    spans = settled([span.of_columns(kept) for span in spans], hold)
    scores, averages = _held_out(spans, fit)
    centres = Centres.of(spans)
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
        hold=hold,
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
                    **{f"hold_{kind}_s": us / 1e6 for kind, us in zip(KINDS, hold, strict=True)},
                    **{f"stops_{kind}": float(n) for kind, n in zip(KINDS, stops, strict=True)},
                },
                left_out,
            )
        )
    return models


def _hold(quiet: Sequence[Span], starts: Sequence[Span], fit: Fit, period_us: int) -> LearntHold:
    """Return the hold that *starts* need by a detector of *quiet* time, when all has settled."""
    if len(starts) < LEAST_STARTS:
        return LearntHold(Hold(), (0,) * len(KINDS))
    centres = Centres.of(quiet)
    detector = cast("Streaming", fit([centres.deviations(span) for span in quiet]))
    running = [_raw_scores(detector, centres.deviations(span)) for span in quiet]
    pooled = np.concatenate(running)
    usual, spread = float(np.mean(pooled)), float(np.std(pooled)) or 1.0

    def scores(raw: Floats) -> Floats:
        return np.clip((raw - usual) / spread, -CLIP, CLIP)

    return learn_hold(
        [scores(raw) for raw in running],
        [
            Aftermath(
                span.kind,
                span.since_us[detector.order :, 0],
                scores(_raw_scores(detector, centres.deviations(span))),
            )
            for span in starts
        ],
        period_us,
    )


def _raw_scores(detector: Streaming, deviations: Floats) -> Floats:
    """Return the detector's scores of all rows but the first ones, which have no past."""
    errors = detector.errors(deviations)
    return detector.score(errors, np.zeros(errors.shape, dtype=np.bool_))


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
        centres = Centres.of(outside)
        detector = cast("Streaming", fit([centres.deviations(span) for span in outside]))
        raw += [
            _raw_scores(detector, centres.deviations(span))
            for span in inside
            if len(span.time_us) > detector.order
        ]
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
