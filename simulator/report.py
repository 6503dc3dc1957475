"""What a run tells while it goes: JSON lines for machines, a bar and rates for people."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

import orjson
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from plant.times import format_time_us, from_us
from simulator.faults import Fault
from simulator.run import Phase, Progress

_EACH_S = 1.0


class Receipt(NamedTuple):
    """What the broker says: messages taken, and those of them that nobody subscribed to."""

    acknowledged: int
    unheard: int


#: None where no broker is asked.
Receipts = Callable[[], Receipt] | None


class Reporter(Protocol):
    """Tells the progress of a run; a context manager around it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def __call__(self, progress: Progress) -> None:
        """Tell *progress*, at most once a second."""

    def final(self, progress: Progress) -> None:
        """Tell the totals when all is acknowledged."""


class JsonReporter:
    """One JSON object a second on standard output, and one at the end."""

    def __init__(self, receipts: Receipts = None) -> None:
        self._receipts = receipts
        self._next = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def __call__(self, progress: Progress) -> None:
        """Print *progress*, at most once a second."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _EACH_S
            self._print(progress)

    def final(self, progress: Progress) -> None:
        """Print the totals."""
        self._print(progress)

    def _print(self, progress: Progress) -> None:
        receipt = self._receipts() if self._receipts else None
        line = orjson.dumps(as_document(progress, receipt))
        sys.stdout.write(line.decode() + "\n")
        sys.stdout.flush()


class ScreenReporter:
    """A progress bar for the history, then a line with the rates of live."""

    def __init__(self, receipts: Receipts = None) -> None:
        self._receipts = receipts
        self._console = Console(stderr=True)
        self._bar = Bar(
            TextColumn("history"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[values]:,} values, {task.fields[rate]:,.0f} a second"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._task = self._bar.add_task("history", total=None, values=0, rate=0.0)
        self._live = Live(self._bar, console=self._console, refresh_per_second=4)
        self._next = 0.0
        self._seen = (time.monotonic(), 0, 0)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Show *progress*, at most once a second."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EACH_S
        then, messages, values = self._seen
        self._seen = (now, progress.messages, progress.values)
        seconds = max(now - then, 1e-3)
        values_per_s = (progress.values - values) / seconds
        if progress.phase is Phase.HISTORY:
            self._bar.update(
                self._task,
                total=progress.until_ms - progress.from_ms,
                completed=progress.time_ms - progress.from_ms,
                values=progress.values,
                rate=values_per_s,
            )
            return
        messages_per_s = (progress.messages - messages) / seconds
        parts = [
            f"live {format_time_us(progress.time_ms * 1000)}",
            f"{messages_per_s:,.0f} messages/s",
            f"{values_per_s:,.0f} values/s",
            _faults_on(progress),
        ]
        if self._receipts:
            waiting = progress.messages - self._receipts().acknowledged
            parts.insert(3, f"{waiting:,} not acknowledged yet")
        self._live.update(Text("  ".join(parts)))

    def final(self, progress: Progress) -> None:
        """Print the totals."""
        self._live.stop()
        text = f"{progress.rows:,} rows, {progress.values:,} values"
        if self._receipts:
            receipt = self._receipts()
            text = (
                f"{progress.messages:,} messages, {text}; "
                f"{receipt.acknowledged:,} messages acknowledged"
            )
            if receipt.unheard:
                text += (
                    f", {receipt.unheard:,} of them had no subscriber and are gone: is ingest up?"
                )
        self._console.print(text, highlight=False)


def as_document(progress: Progress, receipt: Receipt | None) -> dict[str, Any]:
    """Return *progress* as the JSON that `jellyroll simulate --json` prints."""
    said = {} if receipt is None else receipt._asdict()
    return {
        "phase": progress.phase.value,
        "time": from_us(progress.time_ms * 1000).isoformat(),
        "until": from_us(progress.until_ms * 1000).isoformat(),
        "messages": progress.messages,
        "rows": progress.rows,
        "values": progress.values,
        **said,
        "tables": dict(sorted(progress.tables.items())),
        "faults": [_fault_document(fault) for fault in progress.faults],
    }


def _fault_document(fault: Fault) -> dict[str, Any]:
    on = None if fault.on_ms is None else from_us(fault.on_ms * 1000).isoformat()
    return {
        "id": fault.id,
        "equipment": fault.equipment,
        "position": fault.position,
        "on": on,
    }


def _faults_on(progress: Progress) -> str:
    return ", ".join(
        f"{f.id} at {f.equipment}" + (f", position {f.position}" if f.position else "")
        for f in progress.faults
        if f.on_ms is not None
        and f.on_ms <= progress.time_ms
        and (f.off_ms is None or progress.time_ms < f.off_ms)
    )
