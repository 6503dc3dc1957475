"""Forecasts fitted and checked in order of time: the past foretells the future."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.cells.boosted import Trees
from models.cells.cells import Cells, Floats
from models.cells.forecast import Forecaster, StageModel, TargetModel
from models.cells.measures import measured
from models.cells.metres import Gauge, about, entry_of, own, witness
from models.cells.peers import spread
from models.cells.standard import CellsError, Standard
from models.cells.tails import NORMAL, tail_limit

#: Fewer cells with a known end of line are too few to fit and to check on.
MIN_CELLS = 2000
#: Trees are fitted on at most so many cells, evenly over the time.
_MOST_FITTED = 20_000
#: The part of the time to fit on; the rest widens the intervals.
_FITTED = 0.75
#: Rolling origin: the first part of the time that is fitted on, and how many steps to the end.
_FIRST, _FOLDS = 0.4, 3
#: A result is a feature where more than this part of the cells has it.
_SEEN = 0.5
#: Targets further than this from the median are faults: nothing is learnt from them.
_FAR_SD = 8.0
#: What is usual of a reading that all cells of a batch share is learnt from so many batches.
_MIN_BATCHES = 20
#: A forecast foretells something if its error is less than this part of that of the median.
_BETTER = 0.97
_TREES = {"max_iter": 40, "max_leaf_nodes": 15, "min_samples_leaf": 50, "random_state": 0}


class Check(NamedTuple):
    """How a forecast of *target* after *station* did on cells later than all it was fitted on.

    *coverage* is the part of cells within the interval, *width* its mean width, *error* the mean
    absolute error and *error_of_median* that of always saying the median.
    """

    station: str
    target: str
    fold: int
    cells: int
    coverage: float
    width: float
    error: float
    error_of_median: float


def fit(standard: Standard, cells: Cells) -> Forecaster:
    """Return forecasts of the targets of *standard*; *cells* are all of one recipe.

    Raise `CellsError` of fewer than `MIN_CELLS` that have come to the end of the line.
    """
    ordered = _finished(standard, cells)
    cut = round(_FITTED * len(ordered))
    return _fit(standard, ordered.of(np.arange(cut)), ordered.of(np.arange(cut, len(ordered))))


def check(standard: Standard, cells: Cells) -> Iterator[Check]:
    """Yield how forecasts do with a rolling origin.

    Each fold is fitted on the past, widened on what came next, tried on what came after that.
    """
    ordered = _finished(standard, cells)
    step = (1 - _FIRST) / (_FOLDS + 1)
    for fold in range(_FOLDS):
        cuts = [round((_FIRST + (fold + k) * step) * len(ordered)) for k in range(3)]
        past, next_, after = (
            ordered.of(np.arange(*ends)) for ends in ((0, cuts[0]), cuts[:2], cuts[1:])
        )
        forecaster = _fit(standard, past, next_)
        truth = measured(after, standard.quality)
        for stage in forecaster.stages:
            rows = stage.rows(after)
            for target, model in stage.targets.items():
                known = np.isfinite(truth[target])
                actual, predicted = truth[target][known], model.predict(rows[known])
                inside = (actual >= predicted.low) & (actual <= predicted.high)
                usual = np.nanmedian(measured(past, standard.quality)[target])
                yield Check(
                    stage.station, target, fold + 1, len(actual),
                    float(inside.mean()),
                    float((predicted.high - predicted.low).mean()),
                    float(np.abs(actual - predicted.value).mean()),
                    float(np.abs(actual - usual).mean()),
                )  # fmt: skip


def _finished(standard: Standard, cells: Cells) -> Cells:
    """Return the cells whose targets are all known, in order of time."""
    forecast = standard.quality.forecast
    if forecast is None:
        raise CellsError("the plant file has no [cell_quality.forecast]; add its targets")
    values = measured(cells, standard.quality)
    known = np.all([np.isfinite(values[target]) for target in forecast.targets], axis=0)
    if known.sum() < MIN_CELLS:
        raise CellsError(
            f"{int(known.sum())} cells have come to the end of the line, {MIN_CELLS} are needed; "
            "choose a longer time"
        )
    left_us = cells.times_us[standard.quality.tray]
    order = np.argsort(left_us, kind="stable")
    return cells.of(order[known[order]])


def _fit(standard: Standard, past: Cells, after: Cells) -> Forecaster:
    forecast = standard.quality.forecast
    assert forecast is not None
    upstream = standard.upstream
    stages = []
    for station, count in ((upstream[-1], len(upstream)), (standard.quality.tray, None)):
        names = [*upstream[:count], *([] if count else [station])]
        features = [f"{s}.{r}" for s in names for r in standard.stations[s].results]
        features += [own(name) for name in standard.quality.metres]
        # These have few values of their own, so that a fit would take chance for a slope.
        levels = [about(name) for name in standard.quality.metres]
        seen, level = (
            tuple(name for name in names if np.isfinite(past.value(name)).mean() > _SEEN)
            for names in (features, levels)
        )
        if seen:
            stages.append(_stage(standard, station, (seen, level), past, after))
    return Forecaster(tuple(stages), tuple(_gauges(standard, stages, past)))


def _gauges(standard: Standard, stages: Sequence[StageModel], past: Cells) -> Iterator[Gauge]:
    """Yield what is usual of each gauge that has a witness."""
    for name, entry in standard.quality.metres.items():
        if not (entry.witness and stages and about(name) in stages[0].features):
            continue
        at = stages[0].features.index(about(name))
        yield Gauge(
            name,
            usual=float(stages[0].centre[at]),
            limit=float(stages[0].limit[at] * stages[0].scale[at]),
            witness=float(np.nanmedian(past.value(witness(name)))),
            spread=spread(past.value(entry.witness)),
            wander=spread(past.value(witness(name))),
        )


def _stage(
    standard: Standard,
    station: str,
    named: tuple[tuple[str, ...], tuple[str, ...]],
    past: Cells,
    after: Cells,
) -> StageModel:
    """Return the forecasts after *station*; *named* are features to fit on, and levels."""
    fitted, features = len(named[0]), (*named[0], *named[1])
    forecast = standard.quality.forecast
    assert forecast is not None
    raw = np.column_stack([past.value(name) for name in features])
    centre = np.nanmedian(raw, axis=0)
    scale = np.array([spread(column) for column in raw.T])
    scale[~(scale > 0)] = np.inf
    tests = len(forecast.targets) + len(features)
    share = standard.quality.held_ppm * 1e-6 / tests
    standing = (raw - centre) / scale
    limit = np.array([tail_limit(np.abs(column), share, NORMAL) for column in standing.T])
    for at, name in enumerate(features):
        if entry_of(name) and len(np.unique(raw[np.isfinite(raw[:, at]), at])) < _MIN_BATCHES:
            scale[at], limit[at] = _by_the_plant_file(standard, name, float(centre[at]))
            standing[:, at] = (raw[:, at] - centre[at]) / scale[at]
    blank = StageModel(station, features, centre, scale, limit, {})
    later = blank.rows(after)
    truth, truth_after = (measured(c, standard.quality) for c in (past, after))
    targets = {
        name: _target(
            standing[:, :fitted],
            truth[name],
            later[:, :fitted],
            truth_after[name],
            coverage=forecast.coverage,
            share=share,
        )
        for name in forecast.targets
    }
    return StageModel(station, features, centre, scale, limit, targets)


def _by_the_plant_file(standard: Standard, name: str, centre: float) -> tuple[float, float]:
    """Return sd and limit about *centre* of a reading of which too few batches are known."""
    signal = standard.of_feature(name)
    edges = [abs(edge - centre) for edge in (signal.low, signal.high) if edge is not None]
    return signal.sd, max(edges, default=np.inf) / signal.sd


def _target(
    rows: Floats,
    truth: Floats,
    later: Floats,
    truth_later: Floats,
    *,
    coverage: float,
    share: float,
) -> TargetModel:
    middle = np.nanmedian(truth)
    good = np.flatnonzero(np.abs(truth - middle) <= _FAR_SD * spread(truth))
    good = good[:: max(1, len(good) // _MOST_FITTED)]
    line = Ridge(alpha=1.0).fit(np.nan_to_num(rows[good]), truth[good])
    left = truth[good] - line.predict(np.nan_to_num(rows[good]))
    tails = ((1 - coverage) / 2, (1 + coverage) / 2)
    lower, upper = (
        _trees(rows[good], left, {"loss": "quantile", "quantile": tail}) for tail in tails
    )
    model = TargetModel(
        slope=np.asarray(line.coef_, dtype=np.float64),
        intercept=float(line.intercept_),
        middle=_trees(rows[good], left, {"loss": "squared_error"}),
        lower=lower,
        upper=upper,
        widening=0.0,
        usual=float(middle),
        spread=1.0,
        limit=np.inf,
    )
    predicted = model.predict(later)
    outside = np.maximum(predicted.low - truth_later, truth_later - predicted.high)
    count = len(outside)
    rank = min(1.0, np.ceil((count + 1) * coverage) / count)
    usual = float(np.median(predicted.value))
    wide = spread(predicted.value) or 1.0
    sizes = np.abs(predicted.value - usual) / wide
    error, error_of_median = (
        float(np.nanmean(np.abs(truth_later - said))) for said in (predicted.value, middle)
    )
    foretells = error < _BETTER * error_of_median
    return TargetModel(
        model.slope, model.intercept, model.middle, lower, upper,
        widening=float(np.quantile(outside, rank, method="higher")),
        usual=usual,
        spread=wide,
        limit=tail_limit(sizes, share, NORMAL) if foretells else np.inf,
    )  # fmt: skip


def _trees(rows: Floats, left: Floats, loss: dict[str, object]) -> Trees:
    # Small fits: threads would only wait for each other, thirty times as long on a busy machine.
    with threadpool_limits(1):
        fitted = HistGradientBoostingRegressor(**loss, **_TREES).fit(rows, left)
    trees = Trees.of(fitted)
    sample = rows[:200]
    if not np.allclose(trees.predict(sample), fitted.predict(sample), rtol=1e-9, atol=1e-12):
        raise CellsError(
            "the trees of this version of scikit-learn are not kept as Jellyroll reads them; "
            "install the version that docs/dependencies.md names"
        )
    return trees
