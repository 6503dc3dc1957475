"""A station's model: a fitted detector, and what a service must know to ask it about a machine."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special  # type: ignore[import-untyped]

from models.station.contract import Bools, Floats, Streaming
from models.station.hold import Hold

#: Share of the newest score in the average that is judged.
SHARE = 0.1
#: The sd of the average of independent scores.
AVERAGE_SD = math.sqrt(SHARE / (2.0 - SHARE))
#: A score counts no more than this: one wild row does not raise the average over its limit.
CLIP = 4.0
#: Bins of each signal by which drift of the input is seen.
BINS = 10


class Column(NamedTuple):
    """A signal, or its element at *position* (from 1; 0 for a signal that is one number)."""

    signal: str
    position: int

    def __str__(self) -> str:
        return f"{self.signal}[{self.position}]" if self.position else self.signal


@dataclass(frozen=True)
class StationModel:
    """What is usual for the machines of one group, line and recipe; arrays go with *columns*.

    *centres* has a row for each of *machines*, *centre* is for others. *usual* and *spread* are
    mean and sd of the detector's score on rows it has not seen, *limit* is for the average of
    scores in those units. A signal that stays at one value for *doubtful* moments is left out of
    the score, after *stuck* ones it is called stuck (0: never); one without a value for
    *patience_us* is lost. *edges* are the nine bounds of the bins of deviations from the centre.
    *hold* is how long a start is waited for.
    """

    detector_name: str
    columns: tuple[Column, ...]
    period_us: int
    machines: tuple[str, ...]
    centres: Floats
    centre: Floats
    detector: Streaming
    usual: float
    spread: float
    limit: float
    doubtful: npt.NDArray[np.int64]
    stuck: npt.NDArray[np.int64]
    patience_us: npt.NDArray[np.int64]
    edges: Floats
    hold: Hold

    def centre_of(self, machine: str) -> Floats:
        """Return the usual values of *machine*."""
        if machine in self.machines:
            return np.asarray(self.centres[self.machines.index(machine)])
        return self.centre

    def scores(self, deviations: Floats, absent: Bools) -> Floats:
        """Return the scores, clipped, of all rows of *deviations* but the first *order*.

        *absent* goes with the rows that are scored. Healthy scores have mean 0 and sd 1.
        """
        errors = self.detector.errors(deviations)
        raw = self.detector.score(errors, absent)
        usual, spread = np.full(len(raw), self.usual), np.full(len(raw), self.spread)
        if self.detector.is_distance and absent.any():
            # log chi2 of fewer degrees is smaller and spreads more.
            all_of_them = len(self.columns) / 2.0
            left = np.maximum(len(self.columns) - absent.sum(axis=1), 1) / 2.0
            usual += special.psi(left) - special.psi(all_of_them)
            spread *= np.sqrt(special.polygamma(1, left) / special.polygamma(1, all_of_them))
        return np.asarray(np.clip((raw - usual) / spread, -CLIP, CLIP))

    def bins(self, deviations: Floats) -> npt.NDArray[np.int64]:
        """Return how many finite values of each signal are in each bin, of shape (signals, 10)."""
        counts = np.zeros((len(self.columns), BINS), dtype=np.int64)
        for at in range(len(self.columns)):
            values = deviations[np.isfinite(deviations[:, at]), at]
            counts[at] = np.bincount(np.searchsorted(self.edges[at], values), minlength=BINS)
        return counts
