"""Stretches of history in which a machine ran."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from models.spc.cusum import Ints
from models.station.contract import Bools, Floats
from models.station.hold import Hold

#: Moments; a shorter stretch teaches nothing.
SHORTEST = 10


class Span(NamedTuple):
    """Moments of one machine without a gap: *values* (NaN where never seen) and *fresh*.

    *since_us* is the time since its last starts, as in `models.station.hold.Run`.
    """

    machine: str
    recipe: str
    time_us: Ints
    values: Floats
    fresh: Bools
    since_us: Ints

    @property
    def kind(self) -> int:
        """The kind of the stop before its last start, an index in `KINDS`."""
        return int((self.since_us[0] == self.since_us[0, 0]).sum()) - 1

    def where(self, chosen: Bools | slice) -> Span:
        """Return the moments that are *chosen*."""
        return self._replace(
            time_us=self.time_us[chosen],
            values=self.values[chosen],
            fresh=self.fresh[chosen],
            since_us=self.since_us[chosen],
        )

    def of_columns(self, kept: Bools) -> Span:
        """Return the columns that are *kept*."""
        return self._replace(values=self.values[:, kept], fresh=self.fresh[:, kept])


def stretches(chosen: Bools, breaks: Bools) -> Iterator[slice]:
    """Yield where moments are *chosen* one after the other, and long enough to teach something.

    *breaks* tells of each moment but the first whether it does not go on from the one before.
    """
    if not len(chosen):
        return
    cuts = np.flatnonzero(breaks | (chosen[1:] != chosen[:-1])) + 1
    for low, high in itertools.pairwise([0, *cuts.tolist(), len(chosen)]):
        if chosen[low] and high - low >= SHORTEST:
            yield slice(low, high)


def settled(spans: Sequence[Span], hold: Hold) -> list[Span]:
    """Return *spans* without what *hold* covers."""
    return [
        span.where(part)
        for span in spans
        for part in stretches(
            ~hold.covers(span.since_us), np.zeros(len(span.time_us) - 1, dtype=np.bool_)
        )
    ]
