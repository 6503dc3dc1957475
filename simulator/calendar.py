"""Calendar: when a line runs and when it stands, as a map between running time and the wall's.

Three kinds of stop keep cells from being wound: maintenance, four hours a week; the changeover
from one recipe to the next; breakdowns, six in each eight hours of the time between the planned
ones, of random lengths that always add up to the same. So both maps are closed: no time has to be
walked through, and how it is cut does not matter. All times are whole milliseconds since the
beginning of the line (`simulator.pace.BEGINNING_MS`).

Assumed (A): all figures here. With them a line runs 88.5 % of the time that is planned for it, so
that with scrap its OEE is the 88 % that can be derived for the plant of reference from what is
published of it (66 cells a second, 32 GWh a year).
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simulator.noise import Ints, Noise

_HOUR_MS = 3_600_000
_WEEK_MS = 7 * 24 * _HOUR_MS
#: Planned stops are laid down for so long from the beginning of the line.
HORIZON_MS = 80 * 366 * 24 * _HOUR_MS
_MAINTENANCE_MS = 4 * _HOUR_MS
#: On the first day of each week, 12:00 UTC: six in the morning in Kansas; line 2 a day later.
_MAINTENANCE_FROM_MS = 12 * _HOUR_MS
#: In each so long piece of time without planned stops, breakdowns take so long in all.
_PERIOD_MS, _BROKEN_MS = 8 * _HOUR_MS, 55 * 60_000
_BREAKDOWNS = 6
#: Lengths are of an exponential distribution above this part of its mean.
_SHORTEST = 0.25
_KEPT_PERIODS = 512


class StopKind(enum.Enum):
    """Why a line stands."""

    MAINTENANCE = "maintenance"
    CHANGEOVER = "changeover"
    BREAKDOWN = "breakdown"


class LineStop(NamedTuple):
    """A piece of time without production; *number* tells stops of one kind apart."""

    from_ms: int
    to_ms: int
    kind: StopKind
    number: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """Stops in order: where each begins, in the time that they are taken out of, and ends."""

    begin: Ints
    end: Ints
    before: Ints  # all stops' length before each, and at last of all of them

    @classmethod
    def of(cls, begin: Ints, length: Ints) -> Gaps:
        """Return the gaps that begin at *begin*, in order and apart, and last *length*."""
        before = np.concatenate(([0], np.cumsum(length))).astype(np.int64)
        return cls(begin, begin + length, before)

    def outside(self, inner: Ints) -> Ints:
        """Return the time of which *inner* is without the stops; at a stop, its end."""
        index = np.searchsorted(self.begin - self.before[:-1], inner, side="right")
        return inner + self.before[index]

    def inside(self, outer: Ints) -> Ints:
        """Return how much of the time up to *outer* is without stops."""
        index = np.searchsorted(self.begin, outer, side="right")
        inner = outer - self.before[index]
        last = np.maximum(index - 1, 0)
        if len(self.begin):
            # Within a stop the time before it is all there is.
            standing = (index > 0) & (outer < self.end[last])
            inner = np.where(standing, self.begin[last] - self.before[last], inner)
        return inner


class Calendar:
    """When one line runs; *changes_ms* are the beginnings of changeovers of *changeover_ms*.

    *number* is the line's among its plant's, from 1: no two have maintenance on one day.
    """

    def __init__(
        self,
        seed: int,
        line: str,
        number: int,
        changes_ms: Sequence[int] = (),
        changeover_ms: int = 0,
        *,
        breaks: bool = True,
    ) -> None:
        self._noise = Noise(seed, line, "breakdowns", width=2 * _BREAKDOWNS)
        self._breaks = breaks
        first = _MAINTENANCE_FROM_MS + (number - 1) % 7 * 24 * _HOUR_MS
        weeks = np.arange(first, HORIZON_MS, _WEEK_MS) if breaks else np.array([], dtype=np.int64)
        changes = np.array(changes_ms, dtype=np.int64)
        planned = np.concatenate((weeks, changes)).astype(np.int64)
        order = np.argsort(planned, kind="stable")
        lasts = np.repeat([_MAINTENANCE_MS, changeover_ms], [len(weeks), len(changes)])[order]
        # Of two that meet, the later begins where the earlier ends.
        end = np.maximum.accumulate(planned[order] + lasts)
        begin = np.maximum(planned[order], np.concatenate(([0], end))[:-1])
        real = end > begin
        self._planned = Gaps.of(begin[real], (end - begin)[real])
        self._is_change = (order >= len(weeks))[real]
        self._periods: dict[int, Gaps] = {}

    def wall_ms(self, running_ms: Ints) -> Ints:
        """Return when the line has run for *running_ms*, from 0; at a stop, when it ends."""
        if not self._breaks:
            return self._planned.outside(running_ms)
        period, rest = np.divmod(running_ms, _PERIOD_MS - _BROKEN_MS)
        between = np.empty_like(running_ms)
        for number in np.unique(period).tolist():
            mine = period == number
            between[mine] = number * _PERIOD_MS + self._breakdowns(number).outside(rest[mine])
        return self._planned.outside(between)

    def running_ms(self, wall_ms: Ints) -> Ints:
        """Return for how long the line has run until *wall_ms*; 0 before its beginning."""
        between = self._planned.inside(np.maximum(wall_ms, 0))
        if not self._breaks:
            return between
        period, rest = np.divmod(between, _PERIOD_MS)
        running = np.empty_like(between)
        for number in np.unique(period).tolist():
            mine = period == number
            whole = number * (_PERIOD_MS - _BROKEN_MS)
            running[mine] = whole + self._breakdowns(number).inside(rest[mine])
        return running

    def longest_ms(self, running_ms: int) -> int:
        """Return a time in which the line runs for *running_ms* at least, wherever it begins."""
        span = running_ms
        if self._breaks:
            span += (running_ms // (_PERIOD_MS - _BROKEN_MS) + 2) * _BROKEN_MS
        begin = self._planned.begin - self._planned.before[:-1]
        end = np.searchsorted(begin, begin + span, side="right")
        stopped = self._planned.before[end] - self._planned.before[:-1]
        return span + int(stopped.max(initial=0))

    def stops(self, from_ms: int, to_ms: int) -> list[LineStop]:
        """Return the stops that any of [*from_ms*, *to_ms*) is in, whole, in order, apart."""
        planned = self._planned_stops(from_ms, to_ms)
        found = list(planned)
        for stop in self._breakdown_stops(from_ms, to_ms) if self._breaks else ():
            # A breakdown on both sides of a planned stop is two pieces around it.
            at = stop.from_ms
            for between in self._planned_stops(stop.from_ms, stop.to_ms):
                found.append(stop._replace(from_ms=at, to_ms=between.from_ms))
                at = between.to_ms
            found.append(stop._replace(from_ms=at))
        inside = (s for s in found if max(s.from_ms, from_ms) < min(s.to_ms, to_ms))
        return sorted(inside, key=lambda stop: stop.from_ms)

    def _planned_stops(self, from_ms: int, to_ms: int) -> list[LineStop]:
        gaps = self._planned
        first = int(np.searchsorted(gaps.end, from_ms, side="right"))
        end = int(np.searchsorted(gaps.begin, to_ms, side="left"))
        return [
            LineStop(
                int(gaps.begin[at]),
                int(gaps.end[at]),
                StopKind.CHANGEOVER if self._is_change[at] else StopKind.MAINTENANCE,
                at,
            )
            for at in range(first, end)
        ]

    def _breakdown_stops(self, from_ms: int, to_ms: int) -> list[LineStop]:
        edges = self._planned.inside(np.array([from_ms, to_ms])) // _PERIOD_MS
        stops = []
        for number in range(max(0, int(edges[0])), int(edges[1]) + 1):
            gaps = self._breakdowns(number)
            begin = self._planned.outside(number * _PERIOD_MS + gaps.begin)
            end = self._planned.outside(number * _PERIOD_MS + gaps.end - 1) + 1
            stops += [
                LineStop(b, e, StopKind.BREAKDOWN, number * _BREAKDOWNS + at)
                for at, (b, e) in enumerate(zip(begin.tolist(), end.tolist(), strict=True))
            ]
        return stops

    def _breakdowns(self, period: int) -> Gaps:
        """Return the breakdowns of one period, in time since its beginning."""
        if period not in self._periods:
            if len(self._periods) >= _KEPT_PERIODS:
                del self._periods[next(iter(self._periods))]
            luck = self._noise.uniforms(period, 1)[0]
            running = _PERIOD_MS - _BROKEN_MS
            at = np.sort((luck[:_BREAKDOWNS] * running).astype(np.int64))
            weight = _SHORTEST - np.log(luck[_BREAKDOWNS:])
            edges = np.concatenate(([0.0], np.cumsum(weight))) / weight.sum()
            length = np.diff(np.round(edges * _BROKEN_MS).astype(np.int64))
            begin = at + np.concatenate(([0], np.cumsum(length)[:-1])).astype(np.int64)
            self._periods[period] = Gaps.of(begin, length)
        return self._periods[period]
