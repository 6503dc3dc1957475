"""Exact run lengths of the Bernoulli CUSUM.

The sum is a Markov chain on 0 to limit - 1: from s it goes to s - 1 (from 0 to 0), or with the
probability of a bad unit to s + step - 1. It falls by one at a time, so whoever is at s has to pass
s - 1 or the limit: each state is a fall to the next one with its mean time and its chance to alarm
on the way, and a bad unit is followed by step - 1 such falls. Neither depends on how far down 0 is,
so one pass from the limit down gives the run lengths of all limits. Nothing is subtracted: all
digits are good at any share of bad units.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple


def bernoulli_arl(limit: int, step: int, p: float) -> float:
    """Return the mean number of units up to and with the one that alarms, from 0 on.

    A good unit takes 1 off the sum, a bad one, of which there is a share *p* (above 0, below 1),
    adds *step* - 1 (1 at least); at *limit* (1 at least) and above is the alarm.
    """
    return next(islice(_arls(step, p), limit - 1, None))


def limit_for(step: int, p: float, arl: float) -> int:
    """Return the smallest limit with a run length of *arl* or more while *p* are bad."""
    return next(limit for limit, found in enumerate(_arls(step, p), 1) if found >= arl)


class _Fall(NamedTuple):
    """From one state to a lower one: mean *units* until it is there or the alarm is.

    *arrives* and *alarms* are the probabilities of either.
    """

    units: float
    arrives: float
    alarms: float

    def then(self, other: _Fall) -> _Fall:
        """Return this fall followed by *other*."""
        return _Fall(
            self.units + self.arrives * other.units,
            self.arrives * other.arrives,
            self.alarms + self.arrives * other.alarms,
        )


_STAYS = _Fall(0.0, 1.0, 0.0)
_ALARMS = _Fall(0.0, 0.0, 1.0)


class _Latest:
    """The latest falls, *most* of them, one after the other: a queue of two stacks."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._older: list[_Fall] = []  # each with all behind it
        self._newer: list[_Fall] = []
        self._all_newer = _STAYS

    def add(self, fall: _Fall) -> None:
        self._newer.append(fall)
        self._all_newer = self._all_newer.then(fall)
        if len(self._older) + len(self._newer) <= self._most:
            return
        if not self._older:
            after = _STAYS
            for one in reversed(self._newer):
                after = one.then(after)
                self._older.append(after)
            self._newer, self._all_newer = [], _STAYS
        self._older.pop()

    def all(self) -> _Fall:
        """Return all of them as one; an alarm as long as there are too few."""
        if len(self._older) + len(self._newer) < self._most:
            return _ALARMS
        return (self._older[-1] if self._older else _STAYS).then(self._all_newer)


def _arls(step: int, p: float) -> Iterator[float]:
    """Yield the run lengths of the limits 1, 2, 3 ..."""
    latest = _Latest(step - 1)
    while True:
        back = latest.all()  # after a bad unit
        yield (1.0 + p * back.units) / (p * back.alarms)
        leaves = 1.0 - p + p * back.alarms
        latest.add(
            _Fall((1.0 + p * back.units) / leaves, (1.0 - p) / leaves, p * back.alarms / leaves)
        )
