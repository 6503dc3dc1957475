"""Timeline: what one machine does when, as PackML states (ISA-TR88.00.02) with reasons.

A machine executes unless there is a reason not to:

* the line stands: `Stopped` for maintenance and changeovers (`Completing` before and `Starting`
  after), `Held` or `Aborted` where it broke down, `Suspended` further down, where no cells come; a
  station sees a stop as much later as cells need to it. Machines before winding stand for
  maintenance and change their recipe as long before winding as their material is made; what stops
  the winders does not stop them, a day of electrode lies between;
* a chore: a new roll, reel or knife, a tool that is dressed or set (`Held`, tied to the cells and
  reels where there are any);
* a short stop of its own, one in four hours on average or so (`Held`).

Cells stop only when the line does. A chore or a short stop is over before the buffers beside the
machine are empty or full: its cells pass at the moment at which they would have passed anyway.
Rooms and tray places never stand.

Assumed (A): all lengths, frequencies and reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.calendar import LineStop, StopKind
from simulator.noise import Ints, Noise
from simulator.pace import BEGINNING_MS, Pace

EXECUTE = "Execute"
#: A machine further from the winders than this is not emptied for maintenance.
FAR_MS = 3_600_000

_HOUR_MS = 3_600_000
_BLOCK_MS = 2 * _HOUR_MS
_STARTING_MS, _COMPLETING_MS = 180_000, 60_000
_BREAKDOWNS: tuple[tuple[str, str], ...] = (
    ("Held", "conveyor behind the winders jammed"),
    ("Held", "compressed air too low"),
    ("Aborted", "safety door open"),
    ("Held", "no answer from the MES"),
    ("Aborted", "emergency stop"),
    ("Held", "electrode buffer empty"),
    ("Held", "X-ray gate faulty"),
)
#: In each slot of this length a machine may stop once by itself, with this probability.
_SLOT_MS, _SLOT_SHARE = 4 * _HOUR_MS, 0.8
_SHORT_MS, _SHORT_SPREAD_MS = 20_000, 130_000
_SHORT_REASONS: dict[str, tuple[str, ...]] = {
    "mixing": ("powder feeder blocked", "pump faulty"),
    "coating": ("filter changed", "edge of the web lost", "die lip wiped"),
    "calendering": ("roll wiped", "web tension lost"),
    "slitting": ("dust extraction blocked", "edge of the web lost"),
    "winding": ("separator torn", "tape missing", "roll not taken off", "edge sensor dirty"),
    "welding": ("can not seated", "tab missed", "weld camera dirty"),
    "filling": ("nozzle checked", "can stuck", "scale zeroed"),
    "sealing": ("cap feeder empty", "cap askew", "code reader dirty"),
    "end_of_line": ("probe cleaned", "tray not read"),
}
_ANY_REASONS = ("sensor dirty", "part stuck")


class Span(NamedTuple):
    """A piece of time in which a machine does not execute."""

    from_ms: int
    to_ms: int
    state: str
    reason: str


class Role(NamedTuple):
    """Where a machine stands in its line: how it takes the line's stops.

    *delay_ms* is the way from winding to it, *ahead_ms* how long before winding it works.
    """

    station: str
    delay_ms: int
    ahead_ms: int = 0
    never_stands: bool = False

    @property
    def later_ms(self) -> int:
        """How much later than the winders it works on the same cells; less than 0 before them."""
        return self.delay_ms - self.ahead_ms


#: Yields what a machine is held for by itself in [from, to): when, until when, why.
Chore = Callable[[int, int], Iterable[Span]]


def every(period_ms: int, length_ms: int, phase: float, reason: str) -> Chore:
    """Return a chore of *length_ms* that ends each *period_ms*, at *phase* of it from 1970."""
    start = int(phase * period_ms)

    def spans(from_ms: int, to_ms: int) -> Iterable[Span]:
        for turn in range((from_ms - start) // period_ms, (to_ms - start) // period_ms + 2):
            end = start + turn * period_ms
            yield Span(end - length_ms, end, "Held", reason)

    return spans


def before(times: Callable[[int, int], Sequence[int]], length_ms: int, reason: str) -> Chore:
    """Return a chore of *length_ms* before each of the moments that *times* finds."""

    def spans(from_ms: int, to_ms: int) -> Iterable[Span]:
        for end in times(from_ms, to_ms + length_ms):
            yield Span(end - length_ms, end, "Held", reason)

    return spans


@dataclass
class Timeline:
    """The spans of one machine, *name*, in which it does not execute.

    *recipe_at* names the recipe that the line makes at a moment.
    """

    pace: Pace
    role: Role
    name: str
    seed: int
    recipe_at: Callable[[int], str]
    chores: tuple[Chore, ...] = ()
    #: Whether it also stops by itself.
    stops: bool = True
    _blocks: dict[int, list[Span]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._luck = Noise(self.seed, self.name, "short stops", width=4)

    def spans(self, from_ms: int, to_ms: int) -> list[Span]:
        """Return the spans that any of [*from_ms*, *to_ms*) is in, whole, in order, apart."""
        if self.role.never_stands or (self.pace.calendar is None and not self.stops):
            return []
        found: list[Span] = []
        for number in range(from_ms // _BLOCK_MS, (to_ms - 1) // _BLOCK_MS + 1):
            for span in self._block(number):
                if span.to_ms > from_ms and span.from_ms < to_ms and span not in found[-9:]:
                    found.append(span)
        return found

    def stands(self, times_ms: Ints) -> npt.NDArray[np.bool_]:
        """Return at which of *times_ms*, which are in order, the machine does not execute."""
        stands = np.zeros(len(times_ms), dtype=bool)
        if len(times_ms):
            for span in self.spans(int(times_ms[0]), int(times_ms[-1]) + 1):
                first, end = np.searchsorted(times_ms, [span.from_ms, span.to_ms])
                stands[first:end] = True
        return stands

    def _block(self, number: int) -> list[Span]:
        if number not in self._blocks:
            if len(self._blocks) >= 8:
                del self._blocks[next(iter(self._blocks))]
            from_ms, to_ms = number * _BLOCK_MS, (number + 1) * _BLOCK_MS
            spans = self._of(from_ms, to_ms)
            self._blocks[number] = [s for s in spans if s.to_ms > from_ms and s.from_ms < to_ms]
        return self._blocks[number]

    def _of(self, from_ms: int, to_ms: int) -> list[Span]:
        # A chore that a stop of the line meets is done in it; a short stop gives way to both. Each
        # looks at all that the others might be, so that it does not depend on the block.
        line = _apart(self._line(from_ms - 12 * _HOUR_MS, to_ms + 12 * _HOUR_MS))
        if not self.stops:
            return line
        near = from_ms - _HOUR_MS, to_ms + _HOUR_MS
        chores = [span for chore in self.chores for span in chore(*near)]
        short = [s for s in self._short(*near) if not _meets(s, line) and not _meets(s, chores)]
        chores = [span for span in chores if not _meets(span, line)]
        return _apart([*line, *chores, *short])

    def _line(self, from_ms: int, to_ms: int) -> list[Span]:
        role, spans = self.role, []
        for stop in self._line_stops(from_ms, to_ms, role.delay_ms):
            if not role.ahead_ms or stop.kind is StopKind.MAINTENANCE:
                spans += self._stopped(stop, role.delay_ms)
        for stop in self._line_stops(from_ms, to_ms, -role.ahead_ms) if role.ahead_ms else ():
            if stop.kind is StopKind.CHANGEOVER:
                spans += self._stopped(stop, -role.ahead_ms)
        return spans

    def _line_stops(self, from_ms: int, to_ms: int, later_ms: int) -> list[LineStop]:
        calendar, since_ms = self.pace.calendar, BEGINNING_MS + later_ms
        return calendar.stops(from_ms - since_ms, to_ms - since_ms) if calendar else []

    def _stopped(self, stop: LineStop, later_ms: int) -> list[Span]:
        since_ms = BEGINNING_MS + later_ms
        begin, end = stop.from_ms + since_ms, stop.to_ms + since_ms
        state, why = _BREAKDOWNS[stop.number % len(_BREAKDOWNS)]
        if stop.kind is StopKind.CHANGEOVER:
            why = f"changeover to {self.recipe_at(BEGINNING_MS + stop.to_ms)}"
        elif stop.kind is StopKind.MAINTENANCE:
            why = "planned maintenance"
        if later_ms >= FAR_MS or (stop.kind is StopKind.BREAKDOWN and later_ms > 0):
            return [Span(begin, end, "Suspended", f"no cells: {why}")]
        if stop.kind is StopKind.BREAKDOWN:
            return [Span(begin, end, state, why)]
        started = max(begin, end - _STARTING_MS)
        if stop.kind is StopKind.MAINTENANCE:
            stopped = [Span(begin, started, "Stopped", why)]
        else:
            emptied = min(started, begin + _COMPLETING_MS)
            stopped = [
                Span(begin, emptied, "Completing", why),
                Span(emptied, started, "Stopped", why),
            ]
        return [*stopped, Span(started, end, "Starting", why)]

    def _short(self, from_ms: int, to_ms: int) -> list[Span]:
        first, end = from_ms // _SLOT_MS, to_ms // _SLOT_MS + 1
        reasons = _SHORT_REASONS.get(self.role.station, _ANY_REASONS)
        spans = []
        for slot, luck in enumerate(self._luck.uniforms(first, end - first).tolist(), start=first):
            happens, where, how_long, why = luck
            if happens < _SLOT_SHARE:
                length = round(_SHORT_MS + how_long**2 * _SHORT_SPREAD_MS)
                begin = slot * _SLOT_MS + round(where * (_SLOT_MS - length))
                reason = reasons[int(why * len(reasons))]
                spans.append(Span(begin, begin + length, "Held", reason))
        return spans


def _meets(span: Span, others: Sequence[Span]) -> bool:
    return any(span.from_ms < other.to_ms and other.from_ms < span.to_ms for other in others)


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Return *spans* in order; what begins within another begins when that ends, or is gone."""
    apart: list[Span] = []
    for span in sorted(spans):
        from_ms = max(span.from_ms, apart[-1].to_ms) if apart else span.from_ms
        if from_ms < span.to_ms:
            apart.append(span._replace(from_ms=from_ms))
    return apart
