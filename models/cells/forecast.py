"""What will the end of the line say? Predicted from what is known of a cell so far.

A prediction is a straight line through the features plus boosted trees on what the line leaves; the
line goes on where no cell has been, which trees do not. The interval is that of two quantile
regressions, widened so that it held the stated share of the cells after those it was fitted on
(conformalized quantile regression, Romano, Patterson and Candes 2019).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from models.cells.boosted import Trees
from models.cells.cells import NOWHERE, Cells, Floats
from models.cells.measures import measured
from models.cells.metres import (
    Gauge,
    about,
    contradicted,
    entry_of,
    own,
    witness,
    witnesses,
)
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
        """Return the predictions for standard features, (cells, features), NaN where unknown.

        Only the first ones count, as many as *slope* has.
        """
        rows = rows[:, : len(self.slope)]
        line = np.nan_to_num(rows) @ self.slope + self.intercept
        value = line + self.middle.predict(rows)
        low = line + self.lower.predict(rows) - self.widening
        high = line + self.upper.predict(rows) + self.widening
        return Predicted(value, np.minimum(low, value), np.maximum(high, value))


@dataclass(frozen=True, slots=True)
class StageModel:
    """What can be foretold once a cell has been at *station*, from *features* up to there.

    The last ones of them, the metres about a cell, only tell whether there ever was such a cell.
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
    """The forecasts of one recipe, one for each station after which there is one, in order.

    *gauges* are what is usual of the machines before winding that have a witness.
    """

    stages: tuple[StageModel, ...]
    gauges: tuple[Gauge, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """All results of stations that any of the forecasts reads; metres are none."""
        names = dict.fromkeys(name for stage in self.stages for name in stage.features)
        return tuple(name for name in names if entry_of(name) is None)

    def asked(self, standard: Standard, cells: Cells) -> Cells:
        """Return those of *cells* that something is foretold of: their end of line is not known."""
        known = measured(cells, standard.quality)
        asked = np.zeros(len(cells), dtype=bool)
        for stage in self.stages:
            asked |= cells.place(stage.station) != NOWHERE
        for target in {target for stage in self.stages for target in stage.targets}:
            asked &= ~np.isfinite(known[target])
        return cells.of(asked)

    def reasons(self, standard: Standard, cells: Cells) -> dict[str, list[Reason]]:
        """Return why each of *cells* should be held: what it foretells, or that it is unheard of.

        And where a gauge before winding misread its metres. Cells whose end of line is known are
        not asked any more.
        """
        found: dict[str, list[Reason]] = defaultdict(list)
        believed = self._believed(standard, self.asked(standard, cells), found)
        unasked = np.ones(len(believed), dtype=bool)
        for stage in reversed(self.stages):
            asked = unasked & (believed.place(stage.station) != NOWHERE)
            unasked &= ~asked
            if asked.any():
                _ask(stage, standard, believed.of(asked), found)
        return found

    def _believed(self, standard: Standard, cells: Cells, found: dict[str, list[Reason]]) -> Cells:
        """Return *cells* without the readings that their witnesses do not confirm."""
        values = dict(cells.values)
        for gauge in self.gauges:
            entry = standard.quality.metres.get(gauge.name)
            if entry is None or entry.per is None:
                continue
            reading, count = cells.value(about(gauge.name)), cells.value(witnesses(gauge.name))
            heard = cells.value(witness(gauge.name))
            denied, unbelieved = contradicted(gauge, entry.per, reading, heard, count)
            for column in (own(gauge.name), about(gauge.name)):
                values[column] = np.where(unbelieved, np.nan, cells.value(column))
            unit = standard.of_metres(gauge.name).unit
            for row in np.flatnonzero(denied).tolist():
                value = float(reading[row])
                limit = float(np.copysign(gauge.limit, value - gauge.usual))
                found[str(cells.cell[row])].append(
                    Reason(
                        ReasonKind.MEASUREMENT, about(gauge.name), value, gauge.usual,
                        gauge.usual + limit, unit,
                        f"{gauge.name} reads {value:.5g} {unit} about its metres, usual is "
                        f"{gauge.usual:.5g}; but {entry.witness} of {count[row]:.0f} cells of "
                        "them is as ever: the gauge, not the cells",
                    )
                )  # fmt: skip
        return replace(cells, values=values)


def _ask(
    stage: StageModel, standard: Standard, cells: Cells, found: dict[str, list[Reason]]
) -> None:
    rows = stage.rows(cells)
    with np.errstate(invalid="ignore"):
        novel = np.abs(rows) > stage.limit
    for row, column in zip(*np.nonzero(novel), strict=True):
        name = stage.features[column]
        value, away = float(cells.value(name)[row]), float(rows[row, column])
        unit, centre = standard.of_feature(name).unit, float(stage.centre[column])
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
