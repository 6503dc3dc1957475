"""The default detector: what a row does that its predecessors do not explain.

A ridge regression predicts each row from the one or two before it. The errors of predictions of
spans that it has not seen give a covariance S; D2 = e' S^-1 e of a new row's error e, its
logarithm smoothed by an EWMA, is the statistic. Smoothing gathers small lasting faults, the
logarithm keeps one wild row from shouting for long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import Ridge

from models.station.contract import Bools, Floats, Spans, split
from models.station.scale import LEAST, Distance, Scale, smoothed

ALPHA = 100.0
ORDERS = (1, 2)
#: Share of the newest row in the smoothed statistic.
SHARE = 0.1


class Prediction(NamedTuple):
    """Weights of the rows before, the newest first: shape (order * signals, signals)."""

    order: int
    weights: Floats
    constant: Floats

    @classmethod
    def fit(cls, spans: Spans, order: int) -> Prediction:
        """Fit to scaled *spans*, by ridge regression."""
        pairs = [(_past(span, order)[order:], span[order:]) for span in spans if len(span) > order]
        past, present = (np.concatenate(part) for part in zip(*pairs, strict=True))
        ridge = Ridge(alpha=ALPHA).fit(past, present)
        weights = np.asarray(ridge.coef_).reshape(present.shape[1], -1).T
        return cls(order, weights, np.atleast_1d(ridge.intercept_))

    def errors(self, rows: Floats) -> Floats:
        """Return rows less their prediction; the first ones are predicted from the first row."""
        return np.asarray(rows - _past(rows, self.order) @ self.weights - self.constant)


@dataclass(frozen=True)
class ResidualDetector:
    """The distance of one-step errors, smoothed; *start* is its usual log D2."""

    scale: Scale
    prediction: Prediction
    distance: Distance
    start: float

    @classmethod
    def fit(cls, spans: Spans) -> ResidualDetector:
        """Fit to healthy *spans*; the order is that which predicts unseen spans better."""
        scale = Scale.of(np.concatenate(spans))
        scaled = [scale.scaled(span) for span in spans]
        unseen = {order: _unseen_errors(scaled, order) for order in ORDERS}
        order = min(ORDERS, key=lambda order: float(np.mean(unseen[order] ** 2)))
        errors = unseen[order]
        distance = Distance.of(errors)
        usual = float(np.mean(np.log(distance.squared(errors) + LEAST)))
        return cls(scale, Prediction.fit(scaled, order), distance, usual)

    def statistic(self, rows: Floats) -> Floats:
        """Return the smoothed logarithm of D2."""
        return smoothed(
            np.log(self.distance.squared(self._errors(rows)) + LEAST), SHARE, self.start
        )

    def contributions(self, rows: Floats) -> Floats:
        """Return reconstruction-based contributions to D2."""
        return self.distance.reconstruction(self._errors(rows))

    @property
    def order(self) -> int:
        """Rows that a prediction hangs on."""
        return self.prediction.order

    @property
    def is_distance(self) -> bool:
        """It is."""
        return True

    def errors(self, rows: Floats) -> Floats:
        """Return one-step errors of all rows but the first *order*."""
        return self._errors(rows)[self.order :]

    def score(self, errors: Floats, absent: Bools) -> Floats:
        """Return log D2."""
        return self.distance.log_squared(errors, absent)

    def shares(self, errors: Floats) -> Floats:
        """Return reconstruction-based contributions to D2."""
        return self.distance.reconstruction(errors)

    def corrections(self, errors: Floats) -> Floats:
        """Return what must go from each signal alone to fit the others."""
        return self.distance.correction(errors)

    def units(self) -> Floats:
        """Return the sd of each signal."""
        return self.scale.sd

    def _errors(self, rows: Floats) -> Floats:
        return self.prediction.errors(self.scale.scaled(rows))


def _unseen_errors(spans: Spans, order: int) -> Floats:
    return np.concatenate(
        [
            prediction.errors(span)[order:]
            for outside, inside in split(spans, 5)
            for prediction in [Prediction.fit(outside, order)]
            for span in inside
        ]
    )


def _past(rows: Floats, order: int) -> Floats:
    """Return for each row the *order* rows before it side by side, the newest first."""
    padded = np.concatenate([np.repeat(rows[:1], order, axis=0), rows])
    return np.concatenate(
        [padded[order - lag : len(padded) - lag] for lag in range(1, order + 1)], axis=1
    )
