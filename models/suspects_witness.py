"""Witnesses: is it the process that drifts, or the gauge that says so? Pure.

A gauge that drifts is alone with it. What is measured a second time elsewhere, by another
instrument, moves as well if the first one tells the truth, and stays if it does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np

from models.suspects_levels import Floats
from plant.model import Plant

#: A witness is trusted to move by what it should, give or take this part of it (sd).
_SLACK = 0.25
#: One witness says no more than this for or against, in log-likelihood; so much is believed.
_MOST, _ENOUGH = 8.0, 3.0
#: Values that follow each other are taken together in so many blocks, to see how means wander.
_BLOCKS = 12
_ROBUST = 1.4826
#: The error of a median, in that of a mean.
_OF_MEDIAN = 1.2533


class Verdict(Enum):
    """What witnesses say together."""

    PROCESS = "process"
    GAUGE = "gauge"
    UNKNOWN = "unknown"


class Relation(NamedTuple):
    """The mean of *of*, signals or results of *station*, is seen again as *by* of *by_station*.

    The witness moves by *per* for one of what it witnesses; *is_of_cells* if both are results, or
    if it is a result of the cells that have the metres which *of* is of.
    """

    station: str
    of: tuple[str, ...]
    by_station: str
    by: str
    per: float
    is_of_cells: bool


class Testimony(NamedTuple):
    """How far a witness should have moved (*expected*) and has (*seen*), with its standard error.

    All in *unit*; *cells* are how many of them say so, 0 where it is a signal.
    """

    by: str
    expected: float
    seen: float
    error: float
    unit: str
    cells: int = 0

    @property
    def against(self) -> float:
        """Log-likelihood that the gauge is wrong over that it is right, bounded."""
        variance = self.error**2 + (_SLACK * self.expected) ** 2
        if variance == 0.0:
            return 0.0
        against = self.expected * (self.expected - 2.0 * self.seen) / (2.0 * variance)
        return min(max(against, -_MOST), _MOST)


def verdict(testimonies: Sequence[Testimony]) -> Verdict:
    """Return what *testimonies* say; cells, for whose sake it is measured, before signals."""
    for are_cells in (True, False):
        against = sum(one.against for one in testimonies if bool(one.cells) is are_cells)
        if abs(against) >= _ENOUGH:
            return Verdict.GAUGE if against > 0.0 else Verdict.PROCESS
    return Verdict.UNKNOWN


def relations(plant: Plant, station: str, group: str) -> Iterator[Relation]:
    """Yield what the plant file says of witnesses of what machines of *group* measure."""
    quality = plant.cell_quality
    if quality is None:
        return
    for one in quality.witnesses:
        (own, of), (other, by) = (name.split(".") for name in (one.of, one.by))
        if own == station and one.group in {None, group}:
            is_result = of in plant.stations[own].results
            yield Relation(own, (of,), other, by, one.per, is_result)
    for metres in quality.metres.values():
        if metres.station == station and metres.group == group and metres.witness and metres.per:
            other, by = metres.witness.split(".")
            yield Relation(station, metres.columns, other, by, metres.per, is_of_cells=True)


def contrast(since: Floats, before: Floats) -> tuple[float, float]:
    """Return how much higher the median *since* is than that *before*, and its standard error.

    Values are in order of time, NaN where there is none; how means of neighbours wander counts.
    """
    since, before = since[np.isfinite(since)], before[np.isfinite(before)]
    if not len(since) or not len(before):
        return 0.0, np.inf
    middle = float(np.median(before))
    sd = _ROBUST * float(np.median(np.abs(before - middle)))
    noise = (_OF_MEDIAN * sd) ** 2 * (1.0 / len(since) + 1.0 / len(before))
    per_block = len(before) // _BLOCKS
    wander = 0.0
    if per_block >= 2:
        blocks = before[: per_block * _BLOCKS].reshape(_BLOCKS, per_block)
        medians = np.median(blocks, axis=1)
        own = (_OF_MEDIAN * sd) ** 2 / per_block
        wander = max(float(np.var(medians, ddof=1)) - own, 0.0)
        wander *= 1.0 / _BLOCKS + 1.0 / max(len(since) / per_block, 1.0)
    return float(np.median(since)) - middle, float(np.sqrt(noise + wander))
