"""What will the end of the line say? Predicted from what is known of a cell so far.

A prediction is a straight line through the features plus boosted trees on what the line leaves; the
line goes on where no cell has been, which trees do not. The interval is that of two quantile
regressions, widened so that it held the stated share of the cells after those it was fitted on
(conformalized quantile regression, Romano, Patterson and Candes 2019).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.cells.boosted import Trees
from models.cells.cells import NOWHERE, Cells, Floats
from models.cells.measures import measured
from models.cells.standard import Standard
from models.cells.verdict import Reason, ReasonKind


class Predicted(NamedTuple):
    """For each cell the likeliest value, and the interval from *low* to *high*."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class TargetModel:
    """The prediction of one measure.

    *slope* and *intercept* are of the straight line through standard features, *middle*, *lower*
    and *upper* the trees on what it leaves, *widening* what the interval needs on each side.
    *usual* and *spread* are those of the predictions of good cells, which keep within *limit*
    spreads of it.
    """

    slope: Floats
    intercept: float
    middle: Trees
    lower: Trees
    upper: Trees
    widening: float
    usual: float
    spread: float
    limit: float

    def predict(self, rows: Floats) -> Predicted:
        """Return the predictions for standard features, (cells, features), NaN where unknown."""
        line = np.nan_to_num(rows) @ self.slope + self.intercept
        value = line + self.middle.predict(rows)
        low = line + self.lower.predict(rows) - self.widening
        high = line + self.upper.predict(rows) + self.widening
        return Predicted(value, np.minimum(low, value), np.maximum(high, value))


@dataclass(frozen=True, slots=True)
class StageModel:
    """What can be foretold once a cell has been at *station*, from *features* up to there.

    *centre* and *scale* make the features standard, *limit* is how far good cells are from 0.
    """

    station: str
    features: tuple[str, ...]
    centre: Floats
    scale: Floats
    limit: Floats
    targets: Mapping[str, TargetModel]

    def rows(self, cells: Cells) -> Floats:
        """Return the standard features of *cells*, (cells, features)."""
        raw = np.column_stack([cells.value(name) for name in self.features])
        return (raw - self.centre) / self.scale


@dataclass(frozen=True, slots=True)
class Forecaster:
    """The forecasts of one recipe, one for each station after which there is one, in order."""

    stages: tuple[StageModel, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """All results that any of the forecasts reads."""
        return tuple(dict.fromkeys(name for stage in self.stages for name in stage.features))

    def reasons(self, standard: Standard, cells: Cells) -> dict[str, list[Reason]]:
        """Return why each of *cells* should be held: what it foretells, or that it is unheard of.

        Cells whose end of line is known are not asked any more.
        """
        found: dict[str, list[Reason]] = defaultdict(list)
        known = measured(cells, standard.quality)
        unasked = np.ones(len(cells), dtype=bool)
        for stage in reversed(self.stages):
            asked = unasked & (cells.place(stage.station) != NOWHERE)
            unasked &= ~asked
            for target in stage.targets:
                asked &= ~np.isfinite(known[target])
            if asked.any():
                _ask(stage, standard, cells.of(asked), found)
        return found


def _ask(
    stage: StageModel, standard: Standard, cells: Cells, found: dict[str, list[Reason]]
) -> None:
    rows = stage.rows(cells)
    with np.errstate(invalid="ignore"):
        novel = np.abs(rows) > stage.limit
    for row, column in zip(*np.nonzero(novel), strict=True):
        name = stage.features[column]
        value, away = float(cells.value(name)[row]), float(rows[row, column])
        unit, centre = standard.signal(name).unit, float(stage.centre[column])
        limit = centre + float(np.copysign(stage.limit[column] * stage.scale[column], away))
        found[str(cells.cell[row])].append(
            Reason(
                ReasonKind.FORECAST, name, value, centre, limit, unit,
                f"{name} {value:.6g} {unit} is {abs(away):.1f} sd from the usual {centre:.6g}: no "
                "good cell was like it",
            )
        )  # fmt: skip
    for target, model in stage.targets.items():
        signal, predicted = standard.of_measure(target), model.predict(rows)
        low = -np.inf if signal.low is None else signal.low
        high = np.inf if signal.high is None else signal.high
        beyond = (predicted.low < low) | (predicted.high > high)
        apart = (predicted.value - model.usual) / model.spread
        for row in np.flatnonzero(beyond | (np.abs(apart) > model.limit)).tolist():
            edge = float(np.copysign(model.limit * model.spread, apart[row]))
            value = float(predicted.value[row])
            found[str(cells.cell[row])].append(
                Reason(
                    ReasonKind.FORECAST, target, value, model.usual, model.usual + edge,
                    signal.unit,
                    f"{target} will be {value:.5g} {signal.unit} ({predicted.low[row]:.5g} to "
                    f"{predicted.high[row]:.5g}), foretold after {stage.station}; usual is "
                    f"{model.usual:.5g}",
                )
            )  # fmt: skip
