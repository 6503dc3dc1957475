"""A run: history at full speed until it has caught up with the clock, then live."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from simulator.clock import Clock
from simulator.faults import Fault
from simulator.line import Line
from simulator.message import Message, Window

#: History is made in windows of this length, so that a message has some hundred rows.
_HISTORY_WINDOW_MS = 6 * 3_600_000
#: History has caught up when no more than this is missing; live begins exactly where it ended.
_CAUGHT_UP_MS = 1_500
_TICK_S = 1.0
_TICK_MS = 1_000


class Phase(enum.StrEnum):
    """Where a run is."""

    HISTORY = "history"
    LIVE = "live"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do. *duration_ms* is simulated time after the beginning of live; None for ever.

    A *speed* above 1 needs a duration: live then begins so long ago that simulated time reaches
    the clock at its end and never runs ahead of it.
    """

    history_ms: int
    thinned_ms: int
    speed: float = 1.0
    until_live: bool = False
    duration_ms: int | None = None
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        if self.speed > 1 and self.duration_ms is None and not self.until_live:
            raise PlanError(
                f"--speed {self.speed:g} needs --duration: simulated time would run into the "
                "future, which ingest does not take in"
            )

    @property
    def behind_ms(self) -> int:
        """How far behind the clock live begins."""
        if self.speed <= 1 or self.duration_ms is None:
            return 0
        return round(self.duration_ms * (1 - 1 / self.speed))


class PlanError(ValueError):
    """The options of a run do not go together."""


@dataclass
class Progress:
    """Where a run is and what it has published; times in milliseconds since the epoch."""

    phase: Phase = Phase.HISTORY
    from_ms: int = 0
    time_ms: int = 0
    until_ms: int = 0
    messages: int = 0
    rows: int = 0
    values: int = 0
    tables: Counter[str] = field(default_factory=Counter)
    faults: tuple[Fault, ...] = ()

    def count(self, message: Message) -> None:
        """Add what *message* holds."""
        self.messages += 1
        self.rows += message.rows
        self.values += message.values
        self.tables[str(message.table)] += message.rows


class Run:
    """Publishes what *lines* make as *plan* says, by *send*, which returns False to stop.

    *report* is called after each message and each tick with the progress so far; it decides
    itself how often it says something.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        plan: Plan,
        clock: Clock,
        send: Callable[[Message], bool],
        report: Callable[[Progress], None],
    ) -> None:
        self._lines = lines
        self._plan = plan
        self._clock = clock
        self._send = send
        self._report = report
        self._is_first = True
        self.progress = Progress(faults=plan.faults)

    def go(self) -> Progress:
        """Run to the end of the plan, or until *send* says so, and return what was done."""
        if self._history() and not self._plan.until_live:
            self._live()
        self.progress.phase = Phase.DONE
        return self.progress

    def _history(self) -> bool:
        progress = self.progress
        progress.until_ms = self._clock.now_ms() - self._plan.behind_ms
        progress.from_ms = progress.time_ms = progress.until_ms - self._plan.history_ms
        progress.faults = tuple(
            # One that comes before live needs its moment now; history ends a little later.
            fault.started(progress.until_ms) if fault.after_ms < 0 else fault
            for fault in self._plan.faults
        )
        # Without a history live begins at once.
        while self._plan.history_ms and progress.until_ms - progress.time_ms > _CAUGHT_UP_MS:
            to_ms = min(progress.time_ms + _HISTORY_WINDOW_MS, progress.until_ms)
            if not self._publish(to_ms, self._plan.thinned_ms):
                return False
            # The clock went on meanwhile.
            progress.until_ms = self._clock.now_ms() - self._plan.behind_ms
        progress.until_ms = progress.time_ms
        return True

    def _live(self) -> None:
        progress, plan = self.progress, self._plan
        progress.phase = Phase.LIVE
        live_from_ms, began_ms = progress.time_ms, self._clock.now_ms()
        progress.faults = tuple(
            fault if fault.on_ms is not None else fault.started(live_from_ms)
            for fault in progress.faults
        )
        end_ms = None if plan.duration_ms is None else live_from_ms + plan.duration_ms
        while end_ms is None or progress.time_ms < end_ms:
            self._clock.wait(_TICK_S)
            passed_ms = round((self._clock.now_ms() - began_ms) * plan.speed)
            to_ms = live_from_ms + passed_ms
            if not self._publish(to_ms if end_ms is None else min(to_ms, end_ms), None):
                return

    def _publish(self, to_ms: int, thinned_ms: int | None) -> bool:
        """Publish everything up to *to_ms*; return False as soon as the run is to stop."""
        progress = self.progress
        window = Window(progress.time_ms, to_ms, thinned_ms, self._is_first, progress.faults)
        for message in self._messages(window):
            if not self._send(message):
                return False
            progress.count(message)
            self._report(progress)
        self._is_first = False
        progress.time_ms = max(progress.time_ms, to_ms)
        self._report(progress)
        return True

    def _messages(self, window: Window) -> Iterator[Message]:
        for line in self._lines:
            yield from line.messages(window)
