"""How long a machine settles after a start, learnt from the starts of its history.

What a stop leaves behind depends on its length, so there is a number for each of three kinds of
stops. A start is settled when the scores of five minutes are, on average, not above what running
time shows any more; nine starts in ten are settled within the hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.spc.cusum import Ints
from models.station.contract import Bools, Floats

_MINUTE_US = 60_000_000
#: Kinds of stops, and how long one lasts at least; most are short, and must not cost much.
KINDS = ("short", "long", "very_long")
STOP_US = (0, 30 * _MINUTE_US, 120 * _MINUTE_US)
#: No start is waited for longer than this, after a stop of each kind.
MOST_US = (10 * _MINUTE_US, 30 * _MINUTE_US, 30 * _MINUTE_US)
#: What a machine says in its first two minutes of running counts for nothing.
FLOOR_US = 2 * _MINUTE_US
#: The time since a start that nobody knows of.
NEVER = int(np.iinfo(np.int64).max)

#: Fewer starts than this teach nothing.
LEAST_STARTS = 5
_SETTLED_SHARE = 0.9
#: Scores are averaged over this time, or so many moments where that is longer.
_AVERAGED_US, _LEAST_AVERAGED = 5 * _MINUTE_US, 3
_LEAST_AVERAGES = 20
#: An average this many robust sd above the median of running time is above what that shows.
_LOUD, _SD_PER_MAD = 3.0, 1.4826


class Hold(NamedTuple):
    """For how long a start counts for nothing, in microseconds, after a stop of each kind.

    Unless it was learnt: two minutes after a short one, and as long as any after the others.
    """

    short_us: int = FLOOR_US
    long_us: int = MOST_US[1]
    very_long_us: int = MOST_US[2]

    def covers(self, since_us: Ints) -> Bools:
        """Return which moments are in the hold, for *since_us* as in `Run`."""
        return np.asarray((since_us < np.array(self)).any(axis=1))


class Run(NamedTuple):
    """What a machine did at some moments.

    *since_us*, of shape (moments, kinds), is the time since its last start after a stop of each
    kind or a longer one; `NEVER` where none is known.
    """

    runs: Bools
    since_us: Ints


class Aftermath(NamedTuple):
    """Scores after one start, moment by moment until something came in between.

    *kind* is that of the stop before it, an index in `KINDS`.
    """

    kind: int
    since_us: Ints
    scores: Floats


class LearntHold(NamedTuple):
    """A hold, and from how many starts after stops of each kind it was learnt."""

    hold: Hold
    starts: tuple[int, ...]


def never(moments: int) -> Ints:
    """Return the times since starts where none is known."""
    return np.full((moments, len(KINDS)), NEVER)


def watched_us(kind: int) -> int:
    """Return for how long after a stop of this kind scores tell whether a machine has settled."""
    return MOST_US[kind] + _AVERAGED_US


def learn_hold(
    running: Sequence[Floats], starts: Sequence[Aftermath], period_us: int
) -> LearntHold:
    """Return the hold that *starts* need, given scores of *running* time, span by span.

    A start of which is not seen how it ends does not count.
    """
    size = max(round(_AVERAGED_US / period_us), _LEAST_AVERAGED)
    usual = np.concatenate([np.empty(0), *(_averages(scores, size)[::size] for scores in running)])
    if len(usual) < _LEAST_AVERAGES:
        return LearntHold(Hold(), (0,) * len(KINDS))
    median = float(np.median(usual))
    loud = median + _LOUD * _SD_PER_MAD * float(np.median(np.abs(usual - median)))
    settled: list[list[int]] = [[] for _ in KINDS]
    for start in starts:
        after_us = _settled_us(start, size, loud)
        if after_us is not None:
            settled[start.kind].append(after_us)
    learnt = list(Hold())
    for kind in reversed(range(len(KINDS))):
        if len(settled[kind]) >= LEAST_STARTS:
            learnt[kind] = _most(settled[kind], MOST_US[kind])
        elif 0 < kind < len(KINDS) - 1:
            # After a shorter stop it takes no longer.
            learnt[kind] = learnt[kind + 1]
    hold = Hold(*np.maximum.accumulate(learnt).tolist())
    return LearntHold(hold, tuple(map(len, settled)))


def _averages(scores: Floats, size: int) -> Floats:
    """Return the average of each score and those after it, *size* together."""
    if len(scores) < size:
        return np.empty(0)
    return np.convolve(scores, np.full(size, 1.0 / size), "valid")


def _settled_us(start: Aftermath, size: int, loud: float) -> int | None:
    """Return how long after *start* no average is loud any more; None if it is not seen."""
    averages = _averages(start.scores, size)
    if not len(averages):
        return None
    at = np.flatnonzero(averages > loud)
    if not len(at):
        return 0
    if at[-1] + 1 < len(averages):
        return int(start.since_us[at[-1] + 1])
    most_us = MOST_US[start.kind]
    return most_us if start.since_us[at[-1]] >= most_us - FLOOR_US else None


def _most(settled_us: Sequence[int], most_us: int) -> int:
    """Return whole minutes in which nearly all of the starts have settled."""
    quantile = float(np.quantile(settled_us, _SETTLED_SHARE))
    minutes = math.ceil(quantile / _MINUTE_US) * _MINUTE_US
    return min(max(minutes, FLOOR_US), most_us)
