"""What every detector offers, so that a plant can compare them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: Healthy rows, of shape (rows, signals) each: spans of time without a gap inside.
Spans = Sequence[Floats]


class Detector(Protocol):
    """Fitted to healthy rows; knows their scale itself."""

    def statistic(self, rows: Floats) -> Floats:
        """Return one number per row of a series: higher is more anomalous, the scale is its own.

        A row's number depends on that row and on those before it, never on later ones.
        """

    def contributions(self, rows: Floats) -> Floats:
        """Return how much each signal has to do with it, of shape (rows, signals), none below 0."""


class Streaming(Detector, Protocol):
    """A detector that a service can ask row by row; what it remembers is rows, nothing else."""

    @property
    def order(self) -> int:
        """How many rows before a row its errors hang on."""

    @property
    def is_distance(self) -> bool:
        """Whether `score` is the logarithm of a squared distance, one degree per signal."""

    def errors(self, rows: Floats) -> Floats:
        """Return how far rows, but for the first *order*, are from what is expected, in sd."""

    def score(self, errors: Floats, absent: Bools) -> Floats:
        """Return one number per row of *errors*, higher is worse; *absent* ones do not count."""

    def shares(self, errors: Floats) -> Floats:
        """Return how much each signal has to do with the score, none below 0."""

    def corrections(self, errors: Floats) -> Floats:
        """Return what would have to go from each signal alone to fit the others, in sd."""

    def units(self) -> Floats:
        """Return what one sd is in each signal's unit."""


#: Fits a detector to healthy spans; the same spans give the same detector.
Fit = Callable[[Spans], Detector]


def split(spans: Spans, folds: int) -> Iterator[tuple[list[Floats], list[Floats]]]:
    """Yield for each of *folds* equal pieces of time the spans outside it, and those inside."""
    total = sum(len(span) for span in spans)
    for fold in range(folds):
        low, high = total * fold // folds, total * (fold + 1) // folds
        outside, inside, begin = [], [], 0
        for span in spans:
            a, b = (min(max(edge - begin, 0), len(span)) for edge in (low, high))
            outside += [span[:a], span[b:]]
            inside.append(span[a:b])
            begin += len(span)
        yield [s for s in outside if len(s)], [s for s in inside if len(s)]


def held_out_threshold(fit: Fit, spans: Spans, false_alarm_rate: float, folds: int = 5) -> float:
    """Return the statistic that the share *false_alarm_rate* of healthy rows exceeds.

    Each fifth of the time is judged by a detector that has not seen it, so the threshold knows
    how a detector fares on new data, from healthy data alone.
    """
    statistics = [
        detector.statistic(span)
        for outside, inside in split(spans, folds)
        for detector in [fit(outside)]
        for span in inside
    ]
    return float(np.quantile(np.concatenate(statistics), 1.0 - false_alarm_rate))
